"""Insert library: the chains that a user may choose as live inserts, and a chain as an insert's processor.

Listing them reads their files and loads no plugin: the control process does it, which imports no plugin host.
"""

from __future__ import annotations

import logging
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.core.audio import Audio
from bridge.errors import EngineError
from chains.document.chain import Chain
from chains.document.chain_lookup import list_chains, load_chain
from chains.process.crash_record import find_unblocked_plugins
from chains.process.loading import LoadingJournal

if TYPE_CHECKING:
    from chains.hosts.live_graph import LiveGraph

log = logging.getLogger(__name__)


class LiveChain:
    """A chain as the processor of an insert (`bridge.core.insert.InsertProcessor`)."""

    def __init__(self, name: str, path: Path | Traversable, chain: Chain) -> None:
        self._name, self._folder, self._chain = name, Path(str(path)).parent, chain
        self._graph: LiveGraph | None = None
        self._bad_frames = 0

    @property
    def latency_frames(self) -> int:
        """The latency of the whole chain, as of the last block."""
        return 0 if self._graph is None else self._graph.latency_frames

    def prepare(self, rate: int, block_frames: int) -> None:
        """Load the chain, and prepare it for blocks of ``block_frames`` at ``rate`` Hz.

        Before a plugin is touched the loading journal names it. Where the process ends with it, the next one counts a
        crash of that plugin, and after two the block list refuses it.

        Raises:
            ConfigError: The chain cannot run live; the message says why for each member.
            PluginError: A plugin is blocked, cannot be loaded, or refuses its state or a parameter.
            EngineError: The plugin hosts are not installed.
        """
        plugins = find_unblocked_plugins(self._chain)
        try:
            from chains.hosts.live_graph import LiveGraph
        except ImportError as error:
            raise EngineError(f"{self._name}: {error}", "install Sideman with the extra chains") from error
        journal = LoadingJournal()

        def report_step(_step: str, label: str) -> None:
            if label in plugins:
                journal.begin(plugins[label])

        try:
            self._graph = LiveGraph(self._chain, self._folder, rate, block_frames, report_step)
        finally:
            journal.end()

    def process(self, block: Audio, out: Audio) -> None:
        """Process a block, shape (2, block_frames), into ``out`` of the same shape, late by ``latency_frames``.

        Raises:
            EngineError: It is not prepared, or a plugin gave out samples that are not finite.
            ConfigError: The latency has grown too long to run live.
        """
        if self._graph is None:
            raise EngineError(f"{self._name}: is not prepared", "call prepare first")
        self._graph.process(block, out)
        if (bad := self._graph.bad_frames) != self._bad_frames:
            count, self._bad_frames = bad - self._bad_frames, bad
            raise EngineError(f"{self._name}: {count} frames are not finite", "`sideman chain check` finds the plugin")

    def reset(self) -> None:
        """Continue from silence."""
        if self._graph is not None:
            self._graph.reset()


class ChainLibrary:
    """The chains that ship with Sideman and the user's (`bridge.core.insert.InsertLibrary`)."""

    def list_names(self) -> tuple[str, ...]:
        """Names of the chains, sorted; those with an error in their file are left out, and a warning says why.

        Raises:
            ConfigError: The user's folder cannot be read.
        """
        names = []
        for entry in list_chains():
            if entry.chain is None:
                log.warning("%s: %s; this chain cannot be chosen", entry.name, entry.problem)
            else:
                names.append(entry.name)
        return tuple(names)

    def load(self, name: str) -> LiveChain:
        """Read a chain; `LiveChain.prepare` loads its plugins, for which it needs the rate.

        Raises:
            ConfigError: There is none of this name, or its file has an error.
        """
        return LiveChain(name, *load_chain(name))
