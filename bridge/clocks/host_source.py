"""JACK's transport as a clock source, or that of a song that runs offline. The callback has its position already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from bridge.clocks.clock_source import SourceState
from bridge.core.clock import JACK_CLOCK
from bridge.core.events import TimedEvent
from bridge.core.time import BlockTime
from bridge.runtime.graph import Graph
from bridge.runtime.pulse_fit import FREE, LOCKED
from bridge.runtime.shared import slots as w


class HostSource:
    """The host's transport. It can be the clock only where it has bars and beats, which its timebase master sets."""

    name: ClassVar[str] = JACK_CLOCK
    title: ClassVar[str] = "JACK's transport"
    is_line: ClassVar[bool] = False

    def __init__(self) -> None:
        self._graph: Graph | None = None

    def attach(self, graph: Graph) -> None:
        self._graph = graph

    def detach(self) -> None:
        self._graph = None

    def update(self, frame: int, now_s: float, messages: Sequence[TimedEvent]) -> SourceState:  # noqa: ARG002
        if self._graph is None:
            return SourceState(BlockTime(frame, 1), False)
        words, rate = self._graph.context.transport, self._graph.plan.rate
        is_present, tempo = words[w.T_VALID] != 0.0, float(words[w.T_TEMPO])
        if not is_present or tempo <= 0.0:
            return SourceState(BlockTime(frame, rate), False)
        rolls = words[w.T_ROLLING] != 0.0
        time = BlockTime(frame, rate, float(words[w.T_BEAT]), tempo, bool(rolls), int(words[w.T_BAR]), True)
        return SourceState(time, True, lock=LOCKED if rolls else FREE)
