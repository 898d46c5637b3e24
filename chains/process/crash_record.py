"""Crash record: which plugins of a chain are blocked, and what its failures add to the block list."""

from __future__ import annotations

import logging

from bridge.errors import ConfigError
from chains.document.chain import Chain
from chains.document.member_paths import walk_active_members
from chains.process.block_list import BlockList, count_left_over, quote_name
from chains.process.loading import LoadingJournal
from chains.process.plugin_file import PluginFile, find_plugin_file
from chains.process.verdict import PluginError

log = logging.getLogger(__name__)


def find_unblocked_plugins(chain: Chain, blocked: BlockList | None = None) -> dict[str, PluginFile]:
    """The files of a chain's plugins by label, before any is loaded; those that are bypassed or missing are left out.

    What an earlier process of Sideman was loading when it died is counted first.

    Raises:
        PluginError: One of them is blocked.
        ConfigError: The block list has an error.
    """
    blocked = blocked or BlockList()
    count_left_over(blocked=blocked)
    found = {}
    for _, member in walk_active_members(chain):
        if (plugin := find_plugin_file(member)) is not None:
            blocked.check(plugin)
            found[member.label] = plugin
    return found


def count_failure(plugin: PluginFile, error: PluginError, blocked: BlockList | None = None) -> None:
    """Count a failure of ``plugin``; the error's hint then says whether it is blocked now."""
    try:
        is_blocked = (blocked or BlockList()).count(plugin, error.verdict, error.step)
    except ConfigError as failure:  # the plugin's failure matters more
        log.warning("the failure of %s is not counted: %s", plugin.name, failure)
        return
    if is_blocked:
        error.hint += f"; it is blocked now, to try it again: sideman chain unblock {quote_name(plugin.name)}"
        error.args = (error.message, error.hint)


class CrashRecord:
    """The plugins of one chain, by label."""

    def __init__(self, blocked: BlockList | None = None, journal: LoadingJournal | None = None) -> None:
        self._blocked, self._journal = blocked or BlockList(), journal or LoadingJournal()
        self._files: dict[str, PluginFile] = {}

    def open_chain(self, chain: Chain) -> None:
        """Look at the plugins of ``chain``, before it is loaded.

        Raises:
            PluginError: One of them is blocked.
            ConfigError: The block list has an error.
        """
        self._files = {}
        self._files = find_unblocked_plugins(chain, self._blocked)

    def count(self, error: PluginError) -> None:
        """Count a failure; the error's hint then says whether the plugin is blocked now."""
        if (plugin := self._files.get(error.plugin)) is not None:
            count_failure(plugin, error, self._blocked)

    def close_child(self, pid: int) -> None:
        """Remove the loading entry of a child that has ended, and was counted or ended on purpose."""
        self._journal.note_end(pid)
