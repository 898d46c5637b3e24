"""Live graph: a chain block by block, all its branches and buses aligned, its latency known at every block.

It gives what an offline render gives, later by the latency: bit for bit, but for convolution, which rounds by block.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from bridge.core.audio import CHANNELS, Audio
from bridge.errors import ConfigError
from chains.document.chain import Chain
from chains.document.host_choice import list_live_obstacles
from chains.hosts.chain_graph import ChainGraph
from chains.hosts.chain_loading import ChainLoading
from chains.hosts.delay_line import DelayLine
from chains.hosts.live_nodes import LivePath
from chains.hosts.member import MIN_BLOCK_FRAMES, StreamingMember
from chains.process.messages import MemberFacts

MAX_LATENCY_FRAMES = 8192
"""Latency of a chain that still runs live: 0.17 s at 48 kHz, by which all other stems are delayed too."""
_RENDER = "use it in a render (sideman chain render), or leave it out here"


class LiveGraph:
    """A loaded chain that runs live. All calls come from the main thread of one process: plugins demand that."""

    def __init__(
        self,
        chain: Chain,
        folder: Path,
        rate: int,
        block_frames: int,
        report_step: Callable[[str, str], None] = lambda _step, _plugin: None,
    ) -> None:
        """Load a chain. ``folder``: of its file. ``report_step``: called with step and plugin before each is touched.

        Raises:
            ConfigError: It cannot run live; the message says why for each member.
            PluginError: A plugin cannot be loaded, or refuses its state or a parameter.
        """
        check_live(chain)
        self._report_step = report_step
        self._loading = ChainLoading(rate, block_frames, folder, report_step, is_live=True)
        try:
            self._graph: ChainGraph = self._loading.load(chain)
            self.prepare(rate, block_frames)
        except BaseException:
            self._loading.close()
            raise

    def prepare(self, rate: int, block_frames: int) -> None:
        """Prepare for blocks of ``block_frames`` at ``rate`` Hz, from silence.

        Raises:
            ConfigError: The block is too short, or the latency too long; the hint says what to do.
            PluginError: A member does not run at this rate.
        """
        if block_frames < MIN_BLOCK_FRAMES:
            message = f"blocks of {block_frames} frames are too short for plugins"
            raise ConfigError(message, f"give {MIN_BLOCK_FRAMES} frames or more")
        for member in self._graph.members:
            assert isinstance(member, StreamingMember)
            self._report_step("prepare", member.label)
            member.prepare(rate)
        self._block_frames = block_frames
        self._main = LivePath(self._graph.main, block_frames, self._make_line)
        self._buses = [
            (bus.name, LivePath(bus.path, block_frames, self._make_line), np.float32(bus.gain))
            for bus in self._graph.buses
        ]
        self._main_line = self._make_line()
        self._bus_lines = [self._make_line() for _ in self._buses]
        self._inputs = {name: np.zeros((CHANNELS, block_frames), np.float32) for name, _, _ in self._buses}
        self._sends = [*self._main.sends, *(send for _, path, _ in self._buses for send in path.sends)]
        self._latencies: tuple[int, ...] | None = None
        self._align()
        self.reset()

    def _make_line(self) -> DelayLine:
        return DelayLine(MAX_LATENCY_FRAMES, self._block_frames)

    @property
    def latency_frames(self) -> int:
        """The latency of the whole, as of the last block."""
        return self._latency_frames

    @property
    def bad_frames(self) -> dict[str, int]:
        """Frames with NaN or infinity that members gave out, by label, since the preparation; they became silence."""
        paths = (self._main, *(path for _, path, _ in self._buses))
        return {label: frames for path in paths for label, frames in path.bad_frames.items()}

    def facts(self) -> tuple[MemberFacts, ...]:
        """What was loaded."""
        return tuple(member.facts() for member in self._loading.loaded)

    def process(self, block: Audio, out: Audio) -> None:
        """Process a block, shape (2, block_frames), into ``out`` of the same shape, late by ``latency_frames``.

        Raises:
            ConfigError: The latency has grown too long to run live.
        """
        for one in self._inputs.values():
            one[:] = 0.0
        total = self._main_line.process(self._main.process(block, self._inputs))
        out[:] = total
        for (name, path, gain), line in zip(self._buses, self._bus_lines, strict=True):
            out += line.process(path.process(self._inputs[name], self._inputs)) * gain
        self._align()

    def _align(self) -> None:
        """Poll the latencies, which change without notice, and set every delay line."""
        latencies = tuple(member.latency_frames for member in self._graph.members)
        if latencies == self._latencies:
            return
        self._latencies = latencies
        if (latency := self._graph.latency_frames) > MAX_LATENCY_FRAMES:
            message = f"its latency of {latency} frames is too long to run live"
            raise ConfigError(message, f"{_RENDER}; {MAX_LATENCY_FRAMES} frames are the most")
        arrivals: dict[str, int] = dict.fromkeys(self._inputs, 0)
        main = self._main.arrive(0, arrivals)
        ends = [path.arrive(arrivals[name], arrivals) for name, path, _ in self._buses]
        for send in self._sends:
            send.align(arrivals)
        self._latency_frames = max(main, *ends) if ends else main
        self._main_line.set_delay(self._latency_frames - main)
        for line, end in zip(self._bus_lines, ends, strict=True):
            line.set_delay(self._latency_frames - end)

    def reset(self) -> None:
        """Continue from silence."""
        for path in (self._main, *(path for _, path, _ in self._buses)):
            path.reset()
        for line in (self._main_line, *self._bus_lines):
            line.reset()

    def close(self) -> None:
        """Let go of the plugins."""
        self._loading.close()


def check_live(chain: Chain) -> None:
    """Check that a chain can run live, as far as its document says.

    Raises:
        ConfigError: It cannot; the message says why for each member.
    """
    if reasons := list_live_obstacles(chain):
        raise ConfigError(f"the chain cannot run live: {'; '.join(reasons)}", _RENDER)
