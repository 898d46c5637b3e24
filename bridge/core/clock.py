"""Host clock: song position and tempo of the host at a frame, from MIDI clock and JACK transport.

MIDI clock sends 24 ticks per quarter note, each late by the sender's and the driver's jitter. A delay-locked loop
(F. Adriaensen, "Using a DLL to filter time", 2005) smooths them: tempo and phase are predicted for the next tick and
corrected by a fraction of each error. No system clock is read here.
"""

from __future__ import annotations

from math import gcd, pi, sqrt

from bridge.core.events import ClockPosition, Gap, Midi, TimedEvent, Transport
from bridge.core.midi import CLOCK, CONTINUE, SONG_POSITION, START, STOP
from bridge.core.time import BlockTime

MIDI_CLOCK_TICKS_PER_BEAT = 24
"""MIDI clocks per quarter note (MIDI 1.0, system real-time messages). Musical material has TICKS_PER_BEAT."""
MIDI_CLOCK_TICKS_PER_SIXTEENTH = 6
"""MIDI clocks per step of the song position pointer."""

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

BANDWIDTH_HZ = 0.1
"""Bandwidth of the settled loop: a jitter of 0-1.5 ms then leaves errors of thousandths of a BPM."""
JITTER_S = 0.0015
"""Jitter for which that bandwidth is made; on a wider grid of the driver's it falls with the root of the grid."""
REOPENED_TICKS = 22
"""A fit over so many ticks has about the gain of a 1 Hz loop at 120 BPM: fast, but it still averages."""
DRIFT_S = 0.001
"""A mean error above this over half a beat is a new tempo: jitter averages out."""
DRIFT_TICKS = 12
GRID_TICKS = 24
"""Ticks over which a grid of the driver's is searched: at any tempo some of them are neighbours in the grid."""
GRID_DRIFT = 0.75
"""On a grid a mean error up to half of it is an alias of the tempo; above this share of the grid it is a new tempo."""
MISSING_TICKS = 6
"""After so many missing ticks (a sixteenth note) the clock is assumed to have stopped."""
SLOWEST_BPM, FASTEST_BPM = 10.0, 600.0


class TickGrid:
    """The grid on which ticks arrive, where a driver puts all of a period on its first frame.

    Whole multiples of the period are all that lies between them then: their greatest common divisor is the period. Of
    other ticks it is a few frames after some ticks.
    """

    def __init__(self) -> None:
        self._last: int | None = None
        self._found, self._before, self._count = 0, 0, 0

    @property
    def frames(self) -> int:
        """The distance of the grid in frames; as long as nothing contradicts it, that of the ticks; 0: unknown."""
        return gcd(self._found, self._before)

    def push(self, frame: int) -> None:
        """A tick at ``frame``."""
        if self._last is not None:
            self._found = gcd(self._found, frame - self._last)
            self._count += 1
            if self._count >= GRID_TICKS:
                self._before, self._found, self._count = self._found, 0, 0
        self._last = frame

    def forget(self) -> None:
        """The clock begins anew."""
        self._last, self._found, self._before, self._count = None, 0, 0, 0


class DelayLockedLoop:
    """Delay-locked loop: a line through the frames of the ticks.

    Its gains begin as those of a straight line fitted to all ticks since the last restart, which is optimal while they
    are few, and fall until the bandwidth is `BANDWIDTH_HZ`.
    """

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.period = 60.0 * rate / (120.0 * MIDI_CLOCK_TICKS_PER_BEAT)
        """Frames per tick."""
        self.next = 0.0
        """The frame, not rounded, at which the next tick is expected."""
        self._fitted = 0
        self._outliers = 0
        self._drift = 0.0
        self.grid = TickGrid()

    @property
    def tempo(self) -> float:
        """Quarter notes per minute."""
        return 60.0 * self.rate / (MIDI_CLOCK_TICKS_PER_BEAT * self.period)

    def restart(self) -> None:
        """Forget all but the last tempo, which holds until two ticks have come."""
        self._fitted = 0
        self.grid.forget()

    def restart_phase(self) -> None:
        """Take the phase from the next tick; the tempo is kept, and corrected by further ticks."""
        self._fitted = -min(abs(self._fitted), REOPENED_TICKS)

    def push(self, frame: int) -> None:
        """Update the loop by a tick at ``frame``."""
        self.grid.push(frame)
        if self._fitted <= 0:
            self._begin(frame, max(1, -self._fitted))
            return
        error = frame - self.next
        if self._fitted == 1:
            self._start_period(frame, self.period + error)
            return
        if abs(error) > max(self.period / 2, 1.5 * self.grid.frames):
            # one outlier is jitter of the sender and skipped; two in a row are a new grid
            self._outliers += 1
            if self._outliers > 1:
                self._begin(frame, 1)
            else:
                self.next += self.period
            return
        self._outliers = 0
        self._update_drift(error)
        self._fitted += 1
        phase_gain, period_gain = self._compute_gains()
        self.period += period_gain * error
        self.next += phase_gain * error + self.period

    def skip(self, ticks: int) -> None:
        """Extrapolate the line by ``ticks`` that were sent but never arrived."""
        self.next += ticks * self.period

    def _begin(self, frame: int, fitted: int) -> None:
        self._fitted = fitted
        self._outliers = 0
        self._drift = 0.0
        self.next = frame + self.period

    def _start_period(self, frame: int, period: float) -> None:
        slowest = 60.0 * self.rate / (MIDI_CLOCK_TICKS_PER_BEAT * SLOWEST_BPM)
        if not slowest * SLOWEST_BPM / FASTEST_BPM <= period <= slowest:
            self._begin(frame, 1)
            return
        self._fitted = 2
        self.period = period
        self.next = frame + period

    def _update_drift(self, error: float) -> None:
        self._drift += (error - self._drift) / DRIFT_TICKS
        if abs(self._drift) > max(DRIFT_S * self.rate, GRID_DRIFT * self.grid.frames) and self._fitted > REOPENED_TICKS:
            self._fitted = REOPENED_TICKS
            self._drift = 0.0

    def _compute_gains(self) -> tuple[float, float]:
        """The parts of an error by which phase and period are corrected."""
        n = self._fitted
        jitter = self.grid.frames / (JITTER_S * self.rate)
        omega = 2.0 * pi * BANDWIDTH_HZ / max(1.0, sqrt(jitter)) * self.period / self.rate
        phase, period = 2.0 * (2 * n - 1) / (n * (n + 1)), 6.0 / (n * (n + 1))
        if phase < sqrt(2.0) * omega:
            return sqrt(2.0) * omega, omega * omega
        return phase, period


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
