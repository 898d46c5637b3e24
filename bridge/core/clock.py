"""Where the host's song stands, from MIDI clock and JACK transport, frame by frame. No clock is read here.

MIDI clock sends 24 ticks a quarter note, each late by the sender's and the driver's jitter. A delay-locked
loop (F. Adriaensen, "Using a DLL to filter time", 2005) smooths them: tempo and phase are predicted for the
next tick and corrected by a fraction of each error.
"""

from __future__ import annotations

from math import pi, sqrt

from bridge.core.events import ClockPosition, Gap, Midi, TimedEvent, Transport
from bridge.core.time import BlockTime

MIDI_CLOCK_TICKS_PER_BEAT = 24
"""MIDI clocks a quarter note (MIDI 1.0, system real-time messages)."""
MIDI_CLOCK_TICKS_PER_SIXTEENTH = 6
"""MIDI clocks a step of the song position pointer."""

CLOCK, START, CONTINUE, STOP, SONG_POSITION = 0xF8, 0xFA, 0xFB, 0xFC, 0xF2

TEMPO_MODE = "mir.tempo.mode"
"""The control that says who leads, declared by engines that know it: one of TEMPO_MODES."""
HOST, ASSIST, FOLLOW = range(3)
TEMPO_MODES: tuple[str, ...] = ("host", "assist", "follow")
"""The host's clock counts where it rolls; it is the prior, and the audio corrects its phase; the audio leads, and what
comes in as a clock counts for nothing: it may be our own, come back."""

BANDWIDTH_HZ = 0.1
"""The loop's bandwidth once it has settled: 0-1.5 ms of jitter then leave thousandths of a BPM."""
REOPENED_TICKS = 22
"""A fit over so many ticks has about the gain of a loop of 1 Hz at 120 BPM: fast, yet it averages."""
DRIFT_S = 0.001
"""A mean error above this over half a beat is no jitter, which averages out, but a new tempo."""
DRIFT_TICKS = 12
MISSING_TICKS = 6
"""After so many ticks that did not come (a sixteenth note) the clock is taken to have stopped."""
SLOWEST_BPM, FASTEST_BPM = 10.0, 600.0


class TickLoop:
    """The delay-locked loop: the frames of ticks in, the line through them out.

    Its gains begin as those of a straight line fitted to all ticks since the last restart, which is the best
    there is while they are few, and fall until the bandwidth is `BANDWIDTH_HZ`.
    """

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.period = 60.0 * rate / (120.0 * MIDI_CLOCK_TICKS_PER_BEAT)
        """Frames a tick."""
        self.next = 0.0
        """The frame, not rounded, at which the next tick is expected."""
        self._fitted = 0
        self._outliers = 0
        self._drift = 0.0

    @property
    def tempo(self) -> float:
        """Quarter notes a minute."""
        return 60.0 * self.rate / (MIDI_CLOCK_TICKS_PER_BEAT * self.period)

    def restart(self) -> None:
        """Trust nothing but the last tempo, and that only until two ticks have come."""
        self._fitted = 0

    def restart_phase(self) -> None:
        """The next tick says where the grid is; the tempo is kept and corrected as ticks come."""
        self._fitted = -min(abs(self._fitted), REOPENED_TICKS)

    def tick(self, frame: int) -> None:
        """A tick came at ``frame``."""
        if self._fitted <= 0:
            self._begin(frame, max(1, -self._fitted))
            return
        error = frame - self.next
        if self._fitted == 1:
            self._second(frame, self.period + error)
            return
        if abs(error) > self.period / 2:
            # one tick far off is a hiccup of the sender and passed over; two in a row are a new grid
            self._outliers += 1
            if self._outliers > 1:
                self._begin(frame, 1)
            else:
                self.next += self.period
            return
        self._outliers = 0
        self._watch_drift(error)
        self._fitted += 1
        phase_gain, period_gain = self._gains()
        self.period += period_gain * error
        self.next += phase_gain * error + self.period

    def skip(self, ticks: int) -> None:
        """``ticks`` were sent that never arrived; the line goes on through them."""
        self.next += ticks * self.period

    def _begin(self, frame: int, fitted: int) -> None:
        self._fitted = fitted
        self._outliers = 0
        self._drift = 0.0
        self.next = frame + self.period

    def _second(self, frame: int, period: float) -> None:
        slowest = 60.0 * self.rate / (MIDI_CLOCK_TICKS_PER_BEAT * SLOWEST_BPM)
        if not slowest * SLOWEST_BPM / FASTEST_BPM <= period <= slowest:
            self._begin(frame, 1)
            return
        self._fitted = 2
        self.period = period
        self.next = frame + period

    def _watch_drift(self, error: float) -> None:
        self._drift += (error - self._drift) / DRIFT_TICKS
        if abs(self._drift) > DRIFT_S * self.rate and self._fitted > REOPENED_TICKS:
            self._fitted = REOPENED_TICKS
            self._drift = 0.0

    def _gains(self) -> tuple[float, float]:
        """How much of an error goes into the phase and into the period."""
        n = self._fitted
        omega = 2.0 * pi * BANDWIDTH_HZ * self.period / self.rate
        phase, period = 2.0 * (2 * n - 1) / (n * (n + 1)), 6.0 / (n * (n + 1))
        if phase < sqrt(2.0) * omega:
            return sqrt(2.0) * omega, omega * omega
        return phase, period


class HostClock:
    """Follows the host. Feed it events in the order of their frames, then ask where a frame stands.

    Start: beat 0 falls on the first clock after it; continue: the position told or stopped at falls on the
    first clock after it. JACK's transport wins while it rolls; standing, it counts once it has rolled and only
    while MIDI stands too, as a JACK server has a transport whether anyone uses it or not. A clock without a
    start tells the tempo but no position, and one that dies without a stop leaves no host.
    """

    def __init__(self, rate: int, bar_beats: int = 4) -> None:
        self.rate = rate
        self.bar_beats = bar_beats
        self._loop = TickLoop(rate)
        self._next_tick = 0
        """The song position, in ticks, of the clock that comes next."""
        self._running = False
        self._placed = False
        """A clock has come since the start: the position is on the grid."""
        self._heard = False
        """Start, continue, stop or a position has ever come: the host leads."""
        self._last_frame: int | None = None
        self._lost_frames = 0
        self._jack: tuple[int, Transport] | None = None
        self._jack_rolled = False

    def feed(self, event: TimedEvent) -> None:
        """Take in one event; kinds that say nothing about the host's time are passed over."""
        if isinstance(event.payload, Midi):
            self.midi(event.frame, event.payload.data)
        elif isinstance(event.payload, Transport):
            self.transport(event.frame, event.payload)
        elif isinstance(event.payload, ClockPosition):
            self.told(event.payload)
        elif isinstance(event.payload, Gap):
            self.gap(event.payload.frames)

    def midi(self, frame: int, data: bytes) -> None:
        """One MIDI message at ``frame``; only clock, start, continue, stop and song position matter."""
        status = data[0]
        if status == CLOCK:
            self._tick(frame)
        elif status == START:
            self._next_tick = 0
            self._run()
        elif status == CONTINUE:
            self._run()
        elif status == STOP:
            self._running = self._placed = False
            self._heard = True
            self._loop.restart()
        elif status == SONG_POSITION and len(data) == 3:
            self._next_tick = MIDI_CLOCK_TICKS_PER_SIXTEENTH * (data[1] | data[2] << 7)
            self._placed = False
            self._heard = True
            self._loop.restart()

    def told(self, position: ClockPosition) -> None:
        """The next clock's number, from one who counted since the start; news only to who came later."""
        if position.rolling and not self._running:
            self._next_tick = position.ticks
            self._run()

    def transport(self, frame: int, transport: Transport) -> None:
        """What JACK's transport said at ``frame``. Without a tempo it has no musical position and says nothing."""
        self._jack = (frame, transport) if transport.tempo > 0.0 else None
        self._jack_rolled = self._jack is not None and (self._jack_rolled or bool(transport.rolling))

    def gap(self, frames: int) -> None:
        """``frames`` went by unseen since the last event, and with them perhaps some clocks."""
        self._lost_frames += frames

    def at(self, frame: int) -> BlockTime:
        """The time at ``frame`` by all that was fed so far; before a start that was fed, beats are negative."""
        if self._jack is not None and self._jack_rolled and (self._jack[1].rolling or not self._running):
            since, told = self._jack
            there = BlockTime(since, self.rate, told.beat, told.tempo, bool(told.rolling), told.bar_beats, True)
            return there.moved_to(frame)
        tempo = self._loop.tempo
        gone = self._running and self._is_silent(frame)
        if gone or not (self._running and self._placed):
            beat = self._next_tick / MIDI_CLOCK_TICKS_PER_BEAT
            return BlockTime(frame, self.rate, beat, tempo, False, self.bar_beats, self._heard and not gone)
        ticks = self._next_tick - (self._loop.next - frame) / self._loop.period
        return BlockTime(frame, self.rate, ticks / MIDI_CLOCK_TICKS_PER_BEAT, tempo, True, self.bar_beats, True)

    def _run(self) -> None:
        self._running = self._heard = True
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
        self._loop.tick(frame)
        if self._running:
            self._placed = True
            self._next_tick += 1

    def _is_silent(self, frame: int) -> bool:
        """So many clocks are missing at ``frame`` that there is no sender any more."""
        if self._last_frame is None:
            return False
        return frame - self._last_frame - self._lost_frames > MISSING_TICKS * self._loop.period
