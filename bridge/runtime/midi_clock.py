"""MIDI clock generator: clock ticks from detected beats, for a DAW that follows the music.

A tick cannot wait for its beat, which is detected later by the latency of the analysis. So the ticks lie on a line
through the beats, extrapolated into the future, and each detected beat corrects it.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil

from bridge.core.events import Beat, Midi, TimedEvent
from bridge.core.midi import (
    CLOCK,
    CONTINUE,
    MIDI_CLOCK_TICKS_PER_BEAT,
    MIDI_CLOCK_TICKS_PER_SIXTEENTH,
    SONG_POSITION,
    START,
    STOP,
)

CORRECTION = 0.5
"""Part of a beat's distance by which the line is corrected at once: a receiver smooths, but follows jumps badly."""
MAX_SILENCE_BEATS = 4.0
"""Beats without a detected one after which the clock stops."""
READY_S = 0.001
"""Time between start message and first tick (MIDI 1.0: a receiver needs a millisecond to get ready)."""
LAST_SIXTEENTH = (1 << 14) - 1


class MidiClockGenerator:
    """Renders Beat events as MIDI clock: a start on a downbeat, 24 ticks per beat, a stop when the beats end.

    After a stop it continues at the next whole bar, by song position and continue; after `reset` from the start.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._running = False
        self._stop_pending = True  # an earlier generator may have left receivers running
        self._rendered_until = 0
        self._tick, self._next, self._period = 0, 0.0, 0.0
        """The next tick, counted from the song's start, its frame, and frames per tick (0: unknown)."""
        self._start: float | None = None
        """The frame of the downbeat to start on."""
        self._bar_beats = 4
        self._last_beat = 0

    def reset(self) -> None:
        """Drop beats and position; the next `render` sends a stop if the clock is running."""
        self._stop_pending = self._stop_pending or self._running
        self._running, self._start, self._tick, self._period = False, None, 0, 0.0

    def render(self, events: Iterable[TimedEvent], before: int) -> list[TimedEvent]:
        """The messages before frame ``before``, none of them earlier than those of earlier calls."""
        messages: list[TimedEvent] = []
        self._rendered_until = self._rendered_until or before - 1
        if self._stop_pending:
            messages.append(self._message(self._rendered_until, STOP))
            self._stop_pending = False
        for event in events:
            if isinstance(event.payload, Beat) and event.payload.tempo > 0:
                self._update(event.frame, event.payload)
        if self._running and before - self._last_beat > MAX_SILENCE_BEATS * MIDI_CLOCK_TICKS_PER_BEAT * self._period:
            messages += self._stop()
        if not self._running and self._start is not None and round(self._start) < before:
            messages += self._begin(self._start)
        while self._running and round(self._next) < before:
            messages.append(self._message(self._next, CLOCK))
            self._next += self._period
            self._tick += 1
        self._rendered_until = max(self._rendered_until, before)
        return messages

    def stop(self, before: int) -> list[TimedEvent]:
        """No ticks up to frame ``before``, only a stop where the clock is running."""
        messages = self._stop()
        self._rendered_until = max(self._rendered_until, before)
        return messages

    def _stop(self) -> list[TimedEvent]:
        messages = [self._message(self._rendered_until, STOP)] if self._running else []
        self._running, self._start = False, None
        return messages

    def _message(self, frame: float, *data: int) -> TimedEvent:
        return TimedEvent(max(round(frame), self._rendered_until), Midi(bytes(data)))

    def _update(self, frame: int, beat: Beat) -> None:
        period = 60.0 * self._rate / (beat.tempo * MIDI_CLOCK_TICKS_PER_BEAT)
        self._last_beat, self._bar_beats = frame, max(beat.bar_beats, 1)
        if self._running:
            behind = self._tick - (self._next - frame) / self._period  # the tick of the line at the beat
            target = MIDI_CLOCK_TICKS_PER_BEAT * round(behind / MIDI_CLOCK_TICKS_PER_BEAT)
            on_line = self._next - (self._tick - target) * self._period
            self._next = on_line + CORRECTION * (frame - on_line) + (self._tick - target) * period
        else:
            downbeat = frame + (self._bar_beats - beat.number % self._bar_beats) * MIDI_CLOCK_TICKS_PER_BEAT * period
            while downbeat - READY_S * self._rate < self._rendered_until:
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
            messages = [self._message(ready, START)]
        else:
            where = self._message(ready, SONG_POSITION, position & 0x7F, position >> 7)
            messages = [where, self._message(ready, CONTINUE)]
        self._running, self._next, self._start = True, frame, None
        return messages
