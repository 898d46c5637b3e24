"""MIDI clock as a clock source: its tempo, position and jitter, also while it is not selected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from bridge.clocks.clock_source import SourceState
from bridge.core.clock import MIDI_CLOCK, HostClock
from bridge.core.events import ClockPosition, Midi, TimedEvent
from bridge.core.midi import CLOCK, CONTINUE, MIDI_CLOCK_TICKS_PER_BEAT, SONG_POSITION, START, STOP
from bridge.core.time import BlockTime
from bridge.runtime.graph import Graph
from bridge.runtime.pulse_fit import PulseFit
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import observe


class MidiClockSource:
    """The MIDI clock that comes in. The callback counts its position; the engines smooth its ticks themselves."""

    name: ClassVar[str] = MIDI_CLOCK
    title: ClassVar[str] = "MIDI clock"
    is_line: ClassVar[bool] = False

    def __init__(self) -> None:
        self._graph: Graph | None = None
        self._follows = False
        self._ticks = PulseFit(2 * MIDI_CLOCK_TICKS_PER_BEAT)

    def attach(self, graph: Graph) -> None:
        self._graph = graph
        self._begin(graph)

    def detach(self) -> None:
        self._graph = None

    def _begin(self, graph: Graph) -> None:
        """Begin anew, at the position that the callback has counted."""
        own = graph.context.callback_state
        self._clock = HostClock(graph.plan.rate)
        self._clock.push_position(ClockPosition(int(own[w.TICKS]), int(own[w.CLOCK_RUNNING])))
        self._ticks.clear()

    def update(self, frame: int, now_s: float, messages: Sequence[TimedEvent]) -> SourceState:  # noqa: ARG002
        graph = self._graph
        if graph is None:
            return SourceState(BlockTime(frame, 1), False)
        follows = bool(observe(graph.arrays.state, w.FOLLOWING))
        if self._follows and not follows:
            self._begin(graph)  # the audio led, and the clock was ignored
        self._follows = follows
        for event in messages:
            if isinstance(event.payload, Midi):
                self._clock.push(event)
                self._push_pulse(event.frame, event.payload.data[0])
        time = self._clock.time_at(frame)
        if not time.rolling:
            return SourceState(time, time.hosted)
        lock, jitter = self._ticks.find_lock(MIDI_CLOCK_TICKS_PER_BEAT, time.frames_per_beat)
        return SourceState(time, True, lock=lock, jitter_ms=1000.0 * jitter / graph.plan.rate)

    def _push_pulse(self, frame: int, status: int) -> None:
        if status == CLOCK:
            self._ticks.push(frame)
        elif status in (START, CONTINUE, STOP, SONG_POSITION):
            self._ticks.clear()
