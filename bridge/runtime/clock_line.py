"""Clock line: hands the callback what was selected as the clock, and the position of a source that is not in it."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bridge.core.events import Midi, TimedEvent
from bridge.core.time import BlockTime
from bridge.runtime.callback.control_context import ControlContext
from bridge.runtime.pulse_fit import FREE
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import observe, swap


@dataclass(frozen=True, slots=True)
class ClockSelection:
    """What the engines may take as their clock.

    Attributes:
        line: The position of a source that is not in the callback, from its frame on (a past one is extrapolated);
            None: no such source leads.
        jumps: Raised with each start, stop and jump of the line: the callback then begins a new epoch at its frame.
        host: Whether the host's transport leads as soon as it rolls with bars and beats, before all others.
        midi: Whether MIDI clock leads, where the host's transport does not.
    """

    line: BlockTime | None = None
    jumps: int = 0
    host: bool = True
    midi: bool = True


@dataclass(frozen=True, slots=True)
class ClockStatus:
    """What the reading ``clock`` says of the selection.

    Attributes:
        source: The clock that leads, one of CLOCK_SOURCES; empty: none.
        is_line: Whether it is a clock line, whose lock and jitter the callback's records do not show.
        lock: FREE, SEARCHING or LOCKED.
        jitter_ms: The median deviation of its beats from an even tempo.
        drift_ppm: By how many millionths its time runs faster than the audio's; 0 where it cannot be known.
        candidates: The other clocks that are there.
    """

    source: str = ""
    is_line: bool = False
    lock: str = FREE
    jitter_ms: float = 0.0
    drift_ppm: float = 0.0
    candidates: str = ""


class ClockPublisher:
    """The control process's end of the clock tables, or of the timebase tables; there is one for each of them.

    Three tables and an exchange: neither side waits, and the callback sees none half-written. ``tables``, ``middle``:
    as in `ControlContext`.
    """

    def __init__(self, tables: NDArray[np.float64], middle: NDArray[np.int64]) -> None:
        self._tables, self._middle = tables, middle
        self._back = w.CLOCK_TABLES - 1  # the table that is ours
        self._lock = threading.Lock()

    def publish(self, selection: ClockSelection) -> None:
        """Set the clock of the engines from the next cycle on. From any thread."""
        line = selection.line or BlockTime(0, 1)
        with self._lock:
            table = self._tables[self._back]
            table[w.LINE_ON] = selection.line is not None
            table[w.LINE_FRAME], table[w.LINE_JUMPS] = line.frame, selection.jumps
            table[w.LINE_ROLLS], table[w.LINE_BEAT] = line.rolling, line.beat
            table[w.LINE_TEMPO], table[w.LINE_SLOPE] = line.tempo, 1.0 / line.frames_per_beat
            table[w.LINE_BAR] = line.bar_beats
            table[w.HOST_ADMITTED], table[w.MIDI_ADMITTED] = selection.host, selection.midi
            self._back = swap(self._middle, 0, self._back | w.NEW_TABLE) & (w.NEW_TABLE - 1)


class ClockMessageReader:
    """Reads the messages about time that came in, of every source, from now on. One thread."""

    def __init__(self, control: ControlContext) -> None:
        self._control = control
        self._cursor = observe(control.own, w.CLOCK_HEAD)
        self.lost = 0
        """Messages that were overwritten before they were read."""

    def read(self) -> list[TimedEvent]:
        """The messages not read yet, in their order, each at its stream frame."""
        head = observe(self._control.own, w.CLOCK_HEAD)
        if head - self._cursor > w.CLOCK_RECORDS // 2:  # the callback may be writing where we would read
            self.lost += head - w.CLOCK_RECORDS // 2 - self._cursor
            self._cursor = head - w.CLOCK_RECORDS // 2
        events = []
        for index in range(self._cursor, head):
            row = self._control.clock_ring[index % w.CLOCK_RECORDS]
            events.append(TimedEvent(int(row[0]), Midi(row[2:].tobytes()[: int(row[1])])))
        self._cursor = head
        return events
