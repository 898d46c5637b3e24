"""MIDI time code as a clock source: its position in seconds, as beats of the internal tempo.

A delay-locked loop smooths the quarter frames, as it does the ticks of MIDI clock. Where some do not come, the line
goes on for a few frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from bridge.clocks.clock_source import SourceState
from bridge.clocks.time_code import TimeCodeReader, is_full_frame, is_quarter_frame
from bridge.control.bus import Bus
from bridge.control.clock_controls import CLOCK_BAR, CLOCK_TEMPO, TIME_CODE_START
from bridge.core.clock import TIME_CODE
from bridge.core.delay_locked_loop import DelayLockedLoop
from bridge.core.events import Midi, TimedEvent
from bridge.core.time import BlockTime
from bridge.runtime.graph import Graph
from bridge.runtime.pulse_fit import FREE, PulseFit

FREEWHEEL_FRAMES = 10
"""Time code frames without a message over which the line goes on; then the code has stopped."""
PRESENT_S = 10.0
"""So long after its last message time code is there, and stands."""
FITTED_QUARTERS = 48
"""Quarter frames over which the jitter is measured: half a second at 24 frames."""
SETTLED_QUARTERS = 480
"""From so many on the speed is known to some millionths: 4 to 5 s."""


class TimeCodeSource:
    """The time code that comes in. Backward, and while it is shuttled, it stands: nobody plays backward."""

    name: ClassVar[str] = TIME_CODE
    title: ClassVar[str] = "MIDI time code"
    is_line: ClassVar[bool] = True

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._rate = 1
        self._jumps = 0
        self._begin()

    def _begin(self) -> None:
        self._reader, self._loop = TimeCodeReader(), DelayLockedLoop(self._rate)
        self._pulses = PulseFit(FITTED_QUARTERS)
        self._rolling, self._followed = False, 0
        self._last_frame: int | None = None
        self._jumps += 1

    def attach(self, graph: Graph) -> None:
        self._rate = graph.plan.rate
        self._begin()

    def detach(self) -> None:
        pass

    def update(self, frame: int, now_s: float, messages: Sequence[TimedEvent]) -> SourceState:  # noqa: ARG002
        for event in messages:
            if isinstance(event.payload, Midi):
                self._push(event.frame, event.payload.data)
        quarters_per_s = 4.0 * self._reader.rate.per_second
        if self._rolling and frame - (self._last_frame or 0) > 4 * FREEWHEEL_FRAMES * self._loop.period:
            self._stop()
        is_present = self._last_frame is not None and frame - self._last_frame < PRESENT_S * self._rate
        tempo, quarter = self._bus.get(CLOCK_TEMPO), self._reader.quarter
        speed, drift = 1.0, 0.0
        if self._rolling:
            speed = self._rate / (quarters_per_s * self._loop.period)
            drift = 1e6 * (speed - 1.0) if self._followed >= SETTLED_QUARTERS else 0.0
        time = BlockTime(frame, self._rate, 0.0, tempo * speed, self._rolling, int(self._bus.get(CLOCK_BAR)), True)
        if quarter is None:
            return SourceState(time, False, self._jumps)
        passed = quarter + (1.0 - (self._loop.next - frame) / self._loop.period if self._rolling else 0.0)
        beat = (passed / quarters_per_s - self._bus.get(TIME_CODE_START)) * tempo / 60.0
        time = BlockTime(frame, self._rate, beat, time.tempo, self._rolling, time.bar_beats, True)
        if not self._rolling:
            return SourceState(time, is_present, self._jumps, FREE)
        lock, jitter = self._pulses.find_lock(FITTED_QUARTERS // 2, time.frames_per_beat)
        return SourceState(time, True, self._jumps, lock, 1000.0 * jitter / self._rate, drift)

    def _push(self, frame: int, data: bytes) -> None:
        if is_full_frame(data):
            self._stop()
            self._reader.push_full_frame(data)
            self._last_frame = frame
        elif is_quarter_frame(data):
            if not self._rolling and self._last_frame is not None and self._is_late(frame):
                self._reader.forget()  # the sender stood meanwhile, perhaps elsewhere
                self._loop.restart()
            self._last_frame = frame
            self._follow_quarter(frame, data[1])

    def _is_late(self, frame: int) -> bool:
        quarter = self._rate / (4.0 * self._reader.rate.per_second)
        return frame - (self._last_frame or 0) > 4 * FREEWHEEL_FRAMES * quarter

    def _follow_quarter(self, frame: int, data: int) -> None:
        reader, was_known = self._reader, self._reader.quarter is not None
        expected = 1 + round((frame - self._loop.next) / self._loop.period) if self._rolling else None
        follows = reader.push_quarter_frame(data, expected)
        if reader.direction <= 0 or (was_known and not follows):
            self._stop()
            self._loop.restart()
            self._loop.period = self._rate / (4.0 * reader.rate.per_second)
        if reader.lost:
            self._loop.skip(reader.lost)
        self._loop.push(frame)
        if reader.quarter is None or reader.direction <= 0:
            return
        self._pulses.push(frame, reader.quarter)
        self._followed += 1
        if not self._rolling:
            self._rolling, self._followed = True, 0
            self._jumps += 1

    def _stop(self) -> None:
        """Stand where the code is; what comes next is a start."""
        if self._rolling:
            self._rolling = False
            self._jumps += 1
        self._pulses.clear()
