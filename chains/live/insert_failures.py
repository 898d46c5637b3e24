"""Insert failures: which plugin a live insert failed with, why, and what that adds to the block list."""

from __future__ import annotations

from bridge.core.insert import InsertFailure
from bridge.errors import ConfigError
from chains.document.chain_lookup import load_chain
from chains.document.member_paths import walk_active_members
from chains.process.crash_record import count_failure
from chains.process.exit_verdict import HostEnd, make_end_error, make_hang_error
from chains.process.limits import Limits
from chains.process.loading import LoadingJournal
from chains.process.messages import Step
from chains.process.verdict import HostVerdict, PluginError


def compute_load_limit(name: str) -> float:
    """Seconds without progress after which a plugin of the chain ``name`` hangs: the most that one of them may take.

    Raises:
        ConfigError: The chain cannot be read.
    """
    _, chain = load_chain(name)
    return max([Limits().load_s, *(member.load_limit_s for _, member in walk_active_members(chain))])


def explain_failure(name: str, failure: InsertFailure) -> str:
    """The plugin of the chain ``name`` that failed, and why. One that was being loaded is counted for the block list.

    Raises:
        ConfigError: The journal cannot be changed.
    """
    journal = LoadingJournal()
    entry = journal.find(failure.pid)
    if entry is None:
        return str(_make_error(name, failure, Step("play" if failure.was_playing else "prepare")))
    error = _make_error(name, failure, Step("load", entry.plugin.name))
    count_failure(entry.plugin, error)
    journal.end(failure.pid)
    return str(error)


def _make_error(name: str, failure: InsertFailure, step: Step) -> PluginError:
    members = [] if step.plugin else _list_labels(name) or [f"chain {name}"]
    if len(members) == 1:
        step = Step(step.step, members[0])
    if failure.hang:
        verdict = HostVerdict.HUNG_BUSY if failure.hang == "busy" else HostVerdict.HUNG_STILL
        return make_hang_error(verdict, failure.limit_s, step, members)
    return make_end_error(HostEnd(failure.returncode, failure.stderr), step, members)


def _list_labels(name: str) -> list[str]:
    """The plugins of a chain; without any its effects. None where the file cannot be read any more."""
    try:
        _, chain = load_chain(name)
    except ConfigError:
        return []
    members = [member for _, member in walk_active_members(chain) if not member.branches]
    return [member.label for member in [one for one in members if one.plugin] or members]
