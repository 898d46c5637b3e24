"""Insert library: the chains that a user may choose as live inserts, and a chain as an insert's processor.

Listing them reads their files and loads no plugin: the control process does it, which imports no plugin host.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Hashable
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.config import user_dir
from bridge.core.audio import Audio
from bridge.core.file_choice import FileChoice
from bridge.core.insert import InsertFailure
from bridge.errors import BridgeError, ConfigError, EngineError
from bridge.file_stamps import stamp_files
from chains.document.chain import Chain
from chains.document.chain_lookup import FOLDER, ChainEntry, list_chains, load_chain
from chains.document.host_choice import HOSTS, list_live_obstacles
from chains.live.insert_failures import compute_load_limit, explain_failure
from chains.process.block_list import BlockList, quote_name
from chains.process.crash_record import find_unblocked_plugins
from chains.process.limits import compute_memory_limit, limit_memory
from chains.process.loading import LoadingJournal

if TYPE_CHECKING:
    from chains.hosts.live_graph import LiveGraph

log = logging.getLogger(__name__)

_EXTRA = "install Sideman with the extra chains"
_NOT_LIVE = "use it in a render (sideman render), or choose a chain with a yes in the column live of sideman chain list"


class LiveChain:
    """A chain as the processor of an insert (`bridge.core.insert.InsertProcessor`)."""

    def __init__(self, name: str, path: Path | Traversable, chain: Chain, memory_bytes: int = 0) -> None:
        """``memory_bytes``: the address space of the process from `prepare` on; 0: no limit."""
        self._memory_bytes = memory_bytes
        self._name, self._folder, self._chain = name, Path(str(path)).parent, chain
        self._graph: LiveGraph | None = None
        self._bad_frames: dict[str, int] = {}

    @property
    def latency_frames(self) -> int:
        """The latency of the whole chain, as of the last block."""
        return 0 if self._graph is None else self._graph.latency_frames

    def prepare(self, rate: int, block_frames: int, report_progress: Callable[[], object]) -> None:
        """Load the chain, and prepare it for blocks of ``block_frames`` at ``rate`` Hz; what the host has to say of its
        plugins is logged. ``report_progress``: called before each step of each member.

        Before a plugin is touched the loading journal names it, so that the process that started this one knows what it
        died of.

        Raises:
            ConfigError: The chain cannot run live; the message says why for each member.
            PluginError: A plugin is blocked, cannot be loaded, or refuses its state or a parameter.
            EngineError: The plugin hosts are not installed, or it needs more memory than a plugin may have.
        """
        limit_memory(self._memory_bytes)
        plugins = find_unblocked_plugins(self._chain)
        try:
            from chains.hosts.live_graph import LiveGraph
        except ImportError as error:
            raise EngineError(f"{self._name}: {error}", _EXTRA) from error
        journal = LoadingJournal()

        def report_step(_step: str, label: str) -> None:
            report_progress()
            if label in plugins:
                journal.note_begin(plugins[label], os.getppid())
            else:
                journal.note_end()  # an effect is not the plugin before it

        try:
            self._graph = LiveGraph(self._chain, self._folder, rate, block_frames, report_step)
        except MemoryError as error:
            raise self._make_memory_error() from error
        finally:
            journal.note_end()
        for one in self._graph.facts():
            for warning in one.warnings:
                log.warning("%s: %s: %s", self._name, one.label, warning)

    def process(self, block: Audio, out: Audio) -> None:
        """Process a block, shape (2, block_frames), into ``out`` of the same shape, late by ``latency_frames``.

        Raises:
            EngineError: It is not prepared, needs more memory than a plugin may have, or a plugin gave out samples that
                are not finite.
            ConfigError: The latency has grown too long to run live.
        """
        if self._graph is None:
            raise EngineError(f"{self._name}: is not prepared", "call prepare first")
        try:
            self._graph.process(block, out)
        except MemoryError as error:
            raise self._make_memory_error() from error
        if (bad := self._graph.bad_frames) != self._bad_frames:
            before, self._bad_frames = self._bad_frames, bad
            label = next(one for one in bad if bad[one] != before.get(one, 0))
            count = bad[label] - before.get(label, 0)
            raise EngineError(
                f"{label}: {count:,} frames of its output are NaN or infinite",
                f"reset it to its defaults; sideman chain check {self._name} says when it happens",
            )

    def _make_memory_error(self) -> EngineError:
        share = f"the {self._memory_bytes / 1e9:.1f} GB that an insert may have" if self._memory_bytes else "there is"
        hint = "load fewer samples in its plugins, or choose a smaller chain"
        return EngineError(f"{self._name}: it needs more memory than {share}", hint)

    def reset(self) -> None:
        """Continue from silence."""
        if self._graph is not None:
            self._graph.reset()


def make_choice(entry: ChainEntry) -> FileChoice:
    """A chain of the list as a choice, with what keeps it from running live."""
    if entry.chain is None:
        return FileChoice(entry.name, str(entry.path), entry.problem, "correct the file")
    obstacle = "; ".join(list_live_obstacles(entry.chain))
    return FileChoice(entry.name, str(entry.path), obstacle=obstacle, doc=entry.chain.doc)


class ChainLibrary:
    """The chains that ship with Sideman and the user's (`bridge.core.insert.InsertLibrary`).

    Those that cannot run live are among them: a render takes its chains from the same list, and a choice that is there
    with a reason says more than one that is missing.
    """

    def list_choices(self) -> tuple[FileChoice, ...]:
        """The chains by name; one with an error in its file has the problem.

        Raises:
            ConfigError: The user's folder cannot be read.
        """
        return tuple(make_choice(entry) for entry in list_chains())

    def stamp_files(self) -> Hashable:
        """The state of the user's chains and the state files beside them."""
        return stamp_files(user_dir(FOLDER))

    def list_lacks(self) -> tuple[BridgeError, ...]:
        """Plugin hosts that are not installed, then plugins on the block list.

        Raises:
            ConfigError: The block list has an error.
        """
        hosts = [EngineError(f"{name} is not installed", _EXTRA) for name in HOSTS if find_spec(name) is None]
        blocked = [row.name for row in BlockList().read() if row.is_blocked]
        fixes = [f"update it, or try it again: sideman chain unblock {quote_name(name)}" for name in blocked]
        rows = [EngineError(f"the plugin {name} is blocked", fix) for name, fix in zip(blocked, fixes, strict=True)]
        return (*hosts, *rows)

    def load(self, name: str) -> LiveChain:
        """Read a chain; `LiveChain.prepare` loads its plugins, for which it needs the rate.

        Raises:
            ConfigError: There is none of this name, its file has an error, or it cannot run live: the message says why
                for each member.
        """
        path, chain = load_chain(name)
        if reasons := list_live_obstacles(chain):
            raise ConfigError(f"the chain {name} cannot run live: {'; '.join(reasons)}", _NOT_LIVE)
        return LiveChain(name, path, chain, compute_memory_limit())

    def compute_load_limit(self, name: str) -> float:
        """Seconds without progress after which a plugin of the chain hangs.

        Raises:
            ConfigError: The chain cannot be read.
        """
        return compute_load_limit(name)

    def find_loading(self, pid: int) -> str:
        """The plugin that a process is loading now; empty where none."""
        entry = LoadingJournal().find(pid)
        return entry.plugin.name if entry else ""

    def explain_failure(self, name: str, failure: InsertFailure) -> str:
        """The plugin that failed, and why; one that was being loaded is counted for the block list.

        Raises:
            ConfigError: That cannot be kept.
        """
        return explain_failure(name, failure)

    def forget_process(self, pid: int) -> None:
        """Count nothing against the plugin that a process was loading.

        Raises:
            ConfigError: That cannot be kept.
        """
        LoadingJournal().end(pid)
