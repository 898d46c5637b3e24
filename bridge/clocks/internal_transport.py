"""Internal transport: a position and a tempo of our own, where no host rolls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from bridge.clocks.clock_source import SourceState
from bridge.control.bus import Bus
from bridge.control.clock_controls import CLOCK_BAR, CLOCK_TEMPO
from bridge.core.clock import INTERNAL
from bridge.core.events import TimedEvent
from bridge.core.time import BlockTime
from bridge.runtime.graph import Graph
from bridge.runtime.pulse_fit import FREE, LOCKED

SOURCE = "transport"
"""Source of its changes of the tempo, in the log of changes."""


class InternalTransport:
    """A line through frames and beats. All changes name the frame from which on they hold, so none of them drifts."""

    name: ClassVar[str] = INTERNAL
    title: ClassVar[str] = "the internal transport"
    is_line: ClassVar[bool] = True

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._time = BlockTime(0, 1, hosted=True)
        self._jumps = 0
        self._frame = 0

    def attach(self, graph: Graph) -> None:
        """Go on where it was, on the frames of ``graph``: those of another graph began again."""
        beat = self._time.beat_at(max(self._frame, self._time.frame))
        self._time = replace(self._time, frame=0, rate=graph.plan.rate, beat=beat)
        self._jumps += 1

    def detach(self) -> None:
        pass

    def update(self, frame: int, now_s: float, messages: Sequence[TimedEvent]) -> SourceState:  # noqa: ARG002
        self._frame = frame
        self._follow_controls(frame)
        lock = LOCKED if self._time.rolling else FREE
        return SourceState(self._time, True, self._jumps, lock)

    def start(self, frame: int) -> None:
        if not self._time.rolling:
            self._move(self._time.beat, frame, True)

    def stop(self, frame: int) -> None:
        if self._time.rolling:
            self._move(self._time.beat_at(frame), frame, False)

    def locate(self, beat: float, frame: int) -> None:
        self._move(beat, frame, self._time.rolling)

    def set_tempo(self, bpm: float, frame: int) -> None:
        """Set the control of the tempo to ``bpm``, and go on so from ``frame`` on."""
        self._bus.set(CLOCK_TEMPO, bpm, SOURCE)
        self._follow_controls(frame)

    def _follow_controls(self, frame: int) -> None:
        tempo, bar_beats = self._bus.get(CLOCK_TEMPO), int(self._bus.get(CLOCK_BAR))
        if tempo != self._time.tempo:
            self._time = replace(self._time.moved_to(max(frame, self._time.frame)), tempo=tempo)
        if bar_beats != self._time.bar_beats:
            self._time = replace(self._time, bar_beats=bar_beats)

    def _move(self, beat: float, frame: int, rolling: bool) -> None:
        self._time = replace(self._time, frame=frame, beat=beat, rolling=rolling)
        self._jumps += 1
