"""MIDI clock made of beats that were heard: for a DAW that is to follow the music.

A tick cannot wait for its beat: the beat is heard late by what the analysis takes. So ticks lie on a line through
the beats, carried on into the future, and each beat heard moves it.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil

from bridge.core.clock import (
    CLOCK,
    CONTINUE,
    MIDI_CLOCK_TICKS_PER_BEAT,
    MIDI_CLOCK_TICKS_PER_SIXTEENTH,
    SONG_POSITION,
    START,
    STOP,
)
from bridge.core.events import Beat, Midi, TimedEvent

CORRECTION = 0.5
"""How much of a beat's distance from the line the line is moved by; a receiver smooths, but hates jumps."""
PATIENCE_BEATS = 4.0
"""After so long without a beat the clock stops."""
READY_S = 0.001
"""How long before the first tick a start is sent (MIDI 1.0: a receiver needs a millisecond to get ready)."""
LAST_SIXTEENTH = (1 << 14) - 1


class ClockRenderer:
    """Turns Beat events into MIDI clock: a start on a downbeat, 24 ticks a beat, a stop where no beat comes any more.

    After a stop the music goes on at the next whole bar, by song position and continue; after `reset` from the top.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._running = False
        self._owes_stop = True  # whoever was here before may have left receivers running
        self._served = 0
        self._tick, self._next, self._period = 0, 0.0, 0.0
        """The tick that comes next, counted from the song's start, its frame, and frames a tick (0: unknown)."""
        self._start: float | None = None
        """The frame of the downbeat on which it is to start."""
        self._bar_beats = 4
        self._last_beat = 0

    def reset(self) -> None:
        """Forget the music; what is running is stopped by the next `render`."""
        self._owes_stop = self._owes_stop or self._running
        self._running, self._start, self._tick, self._period = False, None, 0, 0.0

    def render(self, events: Iterable[TimedEvent], before: int) -> list[TimedEvent]:
        """The messages that fall before frame ``before``, none of them before those of earlier calls."""
        said: list[TimedEvent] = []
        self._served = self._served or before - 1
        if self._owes_stop:
            said.append(self._message(self._served, STOP))
            self._owes_stop = False
        for event in events:
            if isinstance(event.payload, Beat) and event.payload.tempo > 0:
                self._take(event.frame, event.payload)
        if self._running and before - self._last_beat > PATIENCE_BEATS * MIDI_CLOCK_TICKS_PER_BEAT * self._period:
            said += self._stop()
        if not self._running and self._start is not None and round(self._start) < before:
            said += self._begin(self._start)
        while self._running and round(self._next) < before:
            said.append(self._message(self._next, CLOCK))
            self._next += self._period
            self._tick += 1
        self._served = max(self._served, before)
        return said

    def rest(self, before: int) -> list[TimedEvent]:
        """Nothing up to frame ``before``, save for a stop where it is running."""
        said = self._stop()
        self._served = max(self._served, before)
        return said

    def _stop(self) -> list[TimedEvent]:
        said = [self._message(self._served, STOP)] if self._running else []
        self._running, self._start = False, None
        return said

    def _message(self, frame: float, *data: int) -> TimedEvent:
        return TimedEvent(max(round(frame), self._served), Midi(bytes(data)))

    def _take(self, frame: int, beat: Beat) -> None:
        period = 60.0 * self._rate / (beat.tempo * MIDI_CLOCK_TICKS_PER_BEAT)
        self._last_beat, self._bar_beats = frame, max(beat.bar_beats, 1)
        if self._running:
            behind = self._tick - (self._next - frame) / self._period  # the tick of the line at the beat
            target = MIDI_CLOCK_TICKS_PER_BEAT * round(behind / MIDI_CLOCK_TICKS_PER_BEAT)
            on_line = self._next - (self._tick - target) * self._period
            self._next = on_line + CORRECTION * (frame - on_line) + (self._tick - target) * period
        else:
            downbeat = frame + (self._bar_beats - beat.number % self._bar_beats) * MIDI_CLOCK_TICKS_PER_BEAT * period
            while downbeat - READY_S * self._rate < self._served:
                downbeat += self._bar_beats * MIDI_CLOCK_TICKS_PER_BEAT * period
            self._start = downbeat
        self._period = period

    def _begin(self, frame: float) -> list[TimedEvent]:
        bar = self._bar_beats * MIDI_CLOCK_TICKS_PER_BEAT
        self._tick = bar * ceil(self._tick / bar)
        position = self._tick // MIDI_CLOCK_TICKS_PER_SIXTEENTH
        ready = frame - READY_S * self._rate
        if not 0 < position <= LAST_SIXTEENTH:
            self._tick = 0
            said = [self._message(ready, START)]
        else:
            where = self._message(ready, SONG_POSITION, position & 0x7F, position >> 7)
            said = [where, self._message(ready, CONTINUE)]
        self._running, self._next, self._start = True, frame, None
        return said
