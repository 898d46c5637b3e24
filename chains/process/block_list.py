"""Block list: the user's plugins that ended their host process twice; they are refused until they are unblocked.

A plugin is known by its path, date and size, so that a new version starts afresh.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import tomlkit

from bridge.config import SCHEMA, Table, read_toml, state_dir, user_dir, write_atomic
from bridge.errors import ConfigError, did_you_mean
from chains.document.chain import Member
from chains.process.loading import LoadingEntry, LoadingJournal
from chains.process.plugin_file import PluginFile, find_plugin_file
from chains.process.verdict import HostVerdict, PluginError

if os.name == "posix":
    import fcntl

log = logging.getLogger(__name__)

FILE = "blocked_plugins.toml"
CRASHES = 2
"""Ends of its process after which a plugin is refused: one may be an accident."""
COUNTED = frozenset(
    {HostVerdict.CRASHED, HostVerdict.ABORTED, HostVerdict.EXITED, HostVerdict.HUNG_BUSY, HostVerdict.HUNG_STILL}
)
"""Verdicts that count."""
MOST_ROWS = 500
"""Plugins that are kept; the oldest go first."""
_HEAD = f"Plugins that ended their host process. {CRASHES} crashes of one block it: sideman chain unblock NAME"


class CrashRow(Table, frozen=True):
    """What is known of one plugin's crashes. ``last_s``: when the last one was, seconds since 1970."""

    name: str
    path: str
    changed_s: float
    bytes: int
    crashes: int
    verdict: str
    step: str = ""
    last_s: float = 0.0

    @property
    def is_blocked(self) -> bool:
        """Whether the plugin is refused."""
        return self.crashes >= CRASHES

    def is_of(self, plugin: PluginFile) -> bool:
        """Whether this is about ``plugin``, in this version."""
        return (self.path, self.changed_s, self.bytes) == (plugin.path, plugin.changed_s, plugin.bytes)


class BlockListTable(Table, frozen=True, rename={"rows": "plugin"}):
    """Keys of the file."""

    schema: int
    rows: tuple[CrashRow, ...] = ()


class BlockList:
    """The block list in ``path``; by default the user's."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or user_dir() / FILE

    def read(self) -> tuple[CrashRow, ...]:
        """All plugins that crashed, blocked or not.

        Raises:
            ConfigError: The file has an error.
        """
        return read_toml(self.path, BlockListTable).rows if self.path.exists() else ()

    def check(self, plugin: PluginFile) -> None:
        """Refuse a blocked plugin.

        Raises:
            PluginError: It is blocked; the hint says how to unblock it.
            ConfigError: The file has an error.
        """
        row = next((row for row in self.read() if row.is_of(plugin) and row.is_blocked), None)
        if row is not None:
            what = f"{plugin.name}: blocked after {row.crashes} failures, the last one: {row.verdict}"
            hint = f"update the plugin, or try it again with: sideman chain unblock {quote_name(plugin.name)}"
            raise PluginError(what, hint, HostVerdict.BLOCKED, plugin.name, "load")

    def is_blocked(self, member: Member) -> bool:
        """Whether the plugin of a member is refused; nothing is loaded.

        Raises:
            ConfigError: The file has an error.
        """
        rows = [row for row in self.read() if row.is_blocked] if member.plugin else []
        plugin = find_plugin_file(member) if rows else None
        return plugin is not None and any(row.is_of(plugin) for row in rows)

    def count(self, plugin: PluginFile, verdict: HostVerdict, step: str, now_s: float | None = None) -> bool:
        """Count a failure of ``plugin``, if ``verdict`` counts; whether the plugin is blocked now.

        Rows of other versions at the same path are removed.

        Raises:
            ConfigError: The file has an error, or cannot be written.
        """
        if verdict not in COUNTED:
            return False
        now_s = time.time() if now_s is None else now_s
        with self._lock():
            rows = self.read()
            before = next((row.crashes for row in rows if row.is_of(plugin)), 0)
            row = CrashRow(
                plugin.name, plugin.path, plugin.changed_s, plugin.bytes, before + 1, verdict.value, step, now_s
            )
            self._write([*(other for other in rows if other.path != plugin.path), row])
        return row.is_blocked

    def unblock(self, name: str) -> int:
        """Forget the crashes of the plugins called ``name``, in any case, or at this path; how many there were.

        Raises:
            ConfigError: There is none, or the file has an error or cannot be written.
        """
        with self._lock():
            rows = self.read()
            kept = [row for row in rows if name != row.path and name.casefold() != row.name.casefold()]
            if len(kept) == len(rows):
                names = sorted({row.name for row in rows})
                hint = did_you_mean(name, names) if names else "no plugin has failed, and none is blocked"
                raise ConfigError(f"{name}: no such plugin has failed", hint)
            self._write(kept)
        return len(rows) - len(kept)

    def _write(self, rows: Sequence[CrashRow]) -> None:
        document = tomlkit.document()
        document.add(tomlkit.comment(_HEAD))
        document.add("schema", tomlkit.item(SCHEMA))
        tables = tomlkit.aot()
        for row in sorted(rows, key=lambda row: row.last_s)[-MOST_ROWS:]:
            table = tomlkit.table()
            table.update(msgspec.structs.asdict(row))
            tables.append(table)
        document.add("plugin", tables)
        write_atomic(self.path, document.as_string())

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        """Keep other processes from writing at the same time; the end of a process unlocks it."""
        if os.name != "posix":
            yield
            return
        path = state_dir() / f"{FILE}.lock"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ConfigError(f"{path}: cannot be made ({error.strerror})", "check its permissions") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def count_left_over(journal: LoadingJournal | None = None, blocked: BlockList | None = None) -> list[str]:
    """Count the plugins that were being loaded when Sideman ended with their process; a sentence about each, also
    logged.

    Raises:
        ConfigError: The block list has an error, or cannot be written.
    """
    sentences = []
    for entry in (journal or LoadingJournal()).take_left_over():
        is_blocked = (blocked or BlockList()).count(entry.plugin, HostVerdict.CRASHED, "load", entry.since_s)
        sentences.append(describe_left_over(entry, is_blocked))
        log.warning("%s", sentences[-1])
    return sentences


def describe_left_over(entry: LoadingEntry, is_blocked: bool) -> str:
    """What happened to a plugin in an entry that was left over."""
    name = entry.plugin.name
    what = f"{name}: its process ended while this plugin was loaded; counted as a crash"
    return f"{what}; it is blocked now: sideman chain unblock {quote_name(name)}" if is_blocked else what


def quote_name(name: str) -> str:
    """A plugin's name as a shell takes it."""
    return name if name.isalnum() else f'"{name}"'
