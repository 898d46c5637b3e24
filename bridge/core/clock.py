"""Host clock: song position and tempo of the host at a frame, from MIDI clock and JACK transport.

No system clock is read here.
"""

from __future__ import annotations

from bridge.core.delay_locked_loop import DelayLockedLoop
from bridge.core.events import ClockPosition, Gap, Midi, TimedEvent, Transport
from bridge.core.midi import (
    CLOCK,
    CONTINUE,
    MIDI_CLOCK_TICKS_PER_BEAT,
    MIDI_CLOCK_TICKS_PER_SIXTEENTH,
    SONG_POSITION,
    START,
    STOP,
)
from bridge.core.time import BlockTime

TEMPO_MODE = "mir.tempo.mode"
"""The control that selects the tempo source, one of TEMPO_MODES; declared by engines that use it."""
HOST, ASSIST, FOLLOW = range(3)
TEMPO_MODES: tuple[str, ...] = ("host", "assist", "follow")
"""Host: its clock is used while it rolls. Assist: its clock is the prior, and the audio corrects the phase. Follow: the
audio leads, and incoming clock is ignored, as it may be our own, sent back."""

CLOCK_SOURCE = "clock.source"
"""The control that selects the clock, one of CLOCK_SOURCES."""
AUTO, JACK_CLOCK, MIDI_CLOCK, TIME_CODE, LINK, INTERNAL = CLOCK_SOURCES = (
    "auto", "jack", "midi", "mtc", "link", "internal",
)  # fmt: skip
"""Sources of the engines' time. Auto: the first of `AUTO_ORDER` that runs."""
AUTO_ORDER: tuple[str, ...] = (JACK_CLOCK, LINK, MIDI_CLOCK, TIME_CODE, INTERNAL)
"""Order of auto: the DAW's own transport first, our own tempo last."""

MISSING_TICKS = 6
"""After so many missing ticks (a sixteenth note) the clock is assumed to have stopped."""


class HostClock:
    """Tracks the host's position and tempo. Push events in the order of their frames, then call `time_at`.

    Start: beat 0 falls on the first clock after it; continue: the received or last position falls on the first clock
    after it. JACK's transport has priority while it rolls. A standing one is used only if it has rolled before and
    MIDI stands too, as every JACK server has a transport, used or not. A clock without a start gives a tempo but no
    position; one that ends without a stop leaves no host.
    """

    def __init__(self, rate: int, bar_beats: int = 4) -> None:
        self.rate = rate
        self.bar_beats = bar_beats
        self._loop = DelayLockedLoop(rate)
        self._next_tick = 0
        """The song position, in ticks, of the next clock."""
        self._running = False
        self._placed = False
        """A clock has come since the start: the position is on the grid."""
        self._has_host = False
        """Start, continue, stop or a position has ever come: there is a host."""
        self._last_frame: int | None = None
        self._lost_frames = 0
        self._jack: tuple[int, Transport] | None = None
        self._jack_rolled = False

    def push(self, event: TimedEvent) -> None:
        """Update the clock by one event; kinds that do not concern the host's time are ignored."""
        if isinstance(event.payload, Midi):
            self.push_midi(event.frame, event.payload.data)
        elif isinstance(event.payload, Transport):
            self.push_transport(event.frame, event.payload)
        elif isinstance(event.payload, ClockPosition):
            self.push_position(event.payload)
        elif isinstance(event.payload, Gap):
            self.push_gap(event.payload.frames)

    def push_midi(self, frame: int, data: bytes) -> None:
        """Update the clock by a MIDI message at ``frame``: clock, start, continue, stop or song position."""
        status = data[0]
        if status == CLOCK:
            self._tick(frame)
        elif status == START:
            self._next_tick = 0
            self._start()
        elif status == CONTINUE:
            self._start()
        elif status == STOP:
            self._running = self._placed = False
            self._has_host = True
            self._loop.restart()
        elif status == SONG_POSITION and len(data) == 3:
            self._next_tick = MIDI_CLOCK_TICKS_PER_SIXTEENTH * (data[1] | data[2] << 7)
            self._placed = False
            self._has_host = True
            self._loop.restart()

    def push_position(self, position: ClockPosition) -> None:
        """Set the number of the next clock, as counted since the start; ignored where the clock runs already."""
        if position.rolling and not self._running:
            self._next_tick = position.ticks
            self._start()

    def push_transport(self, frame: int, transport: Transport) -> None:
        """Update the clock by JACK's transport at ``frame``; ignored without a tempo, as it has no musical position."""
        self._jack = (frame, transport) if transport.tempo > 0.0 else None
        self._jack_rolled = self._jack is not None and (self._jack_rolled or bool(transport.rolling))

    def push_gap(self, frames: int) -> None:
        """Note ``frames`` of missing input since the last event, perhaps with some clocks."""
        self._lost_frames += frames
        self._loop.grid.forget()  # periods begin elsewhere from here on

    def time_at(self, frame: int) -> BlockTime:
        """The musical time at ``frame`` by all events so far; before a start, beats are negative."""
        if self._jack is not None and self._jack_rolled and (self._jack[1].rolling or not self._running):
            since, jack = self._jack
            start = BlockTime(since, self.rate, jack.beat, jack.tempo, bool(jack.rolling), jack.bar_beats, True)
            return start.moved_to(frame)
        tempo = self._loop.tempo
        gone = self._running and self._is_silent(frame)
        if gone or not (self._running and self._placed):
            beat = self._next_tick / MIDI_CLOCK_TICKS_PER_BEAT
            return BlockTime(frame, self.rate, beat, tempo, False, self.bar_beats, self._has_host and not gone)
        ticks = self._next_tick - (self._loop.next - frame) / self._loop.period
        return BlockTime(frame, self.rate, ticks / MIDI_CLOCK_TICKS_PER_BEAT, tempo, True, self.bar_beats, True)

    def _start(self) -> None:
        self._running = self._has_host = True
        self._placed = False
        self._loop.restart_phase()

    def _tick(self, frame: int) -> None:
        if self._is_silent(frame):
            self._loop.restart()
        elif self._lost_frames and self._placed:
            lost = round((frame - self._loop.next) / self._loop.period)
            lost = min(max(lost, 0), round(self._lost_frames / self._loop.period) + 1)
            self._loop.skip(lost)
            self._next_tick += lost
        self._lost_frames = 0
        self._last_frame = frame
        self._loop.push(frame)
        if self._running:
            self._placed = True
            self._next_tick += 1

    def _is_silent(self, frame: int) -> bool:
        """Whether so many clocks are missing at ``frame`` that the sender has stopped."""
        if self._last_frame is None:
            return False
        missing = frame - self._last_frame - self._lost_frames
        return missing > MISSING_TICKS * self._loop.period + self._loop.grid.frames
