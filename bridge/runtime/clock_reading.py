"""Clock reading: where the music is now, who leads, and how even the beats are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import floor

from bridge.control.bus import Bus
from bridge.core.clock import HostClock
from bridge.core.events import Beat, Gap, Midi, TimedEvent, Transport
from bridge.core.midi import CLOCK, CONTINUE, MIDI_CLOCK_TICKS_PER_BEAT, SONG_POSITION, START, STOP
from bridge.core.role import HOST_RING
from bridge.core.time import BlockTime
from bridge.runtime.graph import Graph
from bridge.runtime.midi_clock import MAX_SILENCE_BEATS
from bridge.runtime.pulse_fit import FEWEST_PULSES, FREE, LOCKED, PulseFit
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import observe
from bridge.runtime.shared.rings import EventReader

MOVING_S, STANDING_S = 0.2, 1.0
"""Time between two publications while the music moves: a client extrapolates. And while nothing does."""
TEMPO_STEP_BPM = 0.5
"""A change of tempo that is published at once; the jitter of a MIDI clock changes it by hundredths."""
FITTED_BEATS = 8
"""Beats over which it is measured."""

HOST, DETECTED, NONE = "host", "detected", "none"


@dataclass(frozen=True, slots=True)
class ClockState:
    """What a publication says besides the time. ``bar``, ``beat``: from 1, 0 where no position is known."""

    rolling: bool = False
    bar: int = 0
    beat: float = 0.0
    bar_beats: int = 0
    tempo: float = 0.0
    leader: str = NONE
    lock: str = FREE
    jitter_ms: float = 0.0
    source: str = NONE
    drift_ppm: float = 0.0
    candidates: str = ""

    def is_near(self, other: ClockState) -> bool:
        """Whether nothing but the position differs: a client that extrapolates is right still."""
        mine, its = ((one.rolling, one.leader, one.lock, one.source, one.candidates) for one in (self, other))
        return mine == its and abs(self.tempo - other.tempo) < TEMPO_STEP_BPM


def find_bar(beat: Beat) -> int:
    """The bar of a detected beat, from 1: index and number tell it. The bar of a pick-up is 0."""
    return (beat.index - beat.number) // max(beat.bar_beats, 1) + 1


class ClockReading:
    """Publishes the reading ``clock`` of ``graph`` on ``bus``."""

    def __init__(self, bus: Bus, graph: Graph) -> None:
        self._bus, self._graph = bus, graph
        shared, rings = graph.arrays, graph.plan.rings
        self._host, self._beats = (
            EventReader(shared.records[i], shared.heads[i]) for i in map(rings.index, (HOST_RING, "mir.beats"))
        )
        for reader in (self._host, self._beats):
            reader.cursor = reader.written
        self._follows = False
        self._ticks, self._fit = PulseFit(2 * MIDI_CLOCK_TICKS_PER_BEAT), PulseFit(FITTED_BEATS)
        self._begin_host()
        self._beat: TimedEvent | None = None
        self._published, self._published_s = ClockState(), -STANDING_S

    def _begin_host(self) -> None:
        self._clock = HostClock(self._graph.plan.rate)
        self._jack_rolls = False
        self._ticks.clear()

    def publish(self, now_s: float, time_ms: int) -> None:
        """Publish the clock if it is time to, or if something changed.

        ``now_s``: seconds of any clock that runs on; ``time_ms``: the same moment, in milliseconds since 1970.
        """
        self._read_host(self._host.read())
        self._read_beats(self._beats.read())
        frame = observe(self._graph.arrays.state, w.HEAD)
        state = self._find_state(frame)
        moving = state.rolling or state.leader == DETECTED
        due = now_s - self._published_s >= (MOVING_S if moving else STANDING_S)
        if due or not state.is_near(self._published):
            self._published, self._published_s = state, now_s
            position = (int(state.rolling), state.bar, round(state.beat, 3), state.bar_beats, round(state.tempo, 2))
            quality = (state.leader, state.lock, round(state.jitter_ms, 2))
            selected = (state.source, round(state.drift_ppm, 1), state.candidates)
            self._bus.publish("clock", frame, time_ms, *position, *quality, self._bus.changes, *selected)

    def _read_host(self, events: Iterable[TimedEvent]) -> None:
        follows = bool(observe(self._graph.arrays.state, w.FOLLOWING))
        if self._follows and not follows:
            self._begin_host()  # the old one has missed events meanwhile
        self._follows = follows
        for event in events:
            self._clock.push(event)
            payload = event.payload
            if isinstance(payload, Transport):
                self._jack_rolls = bool(payload.rolling)
            elif isinstance(payload, Gap):
                self._ticks.clear()
            elif isinstance(payload, Midi) and payload.data[0] == CLOCK:
                self._ticks.push(event.frame)
            elif isinstance(payload, Midi) and payload.data[0] in (START, CONTINUE, STOP, SONG_POSITION):
                self._ticks.clear()

    def _read_beats(self, events: Iterable[TimedEvent]) -> None:
        for event in events:
            if isinstance(event.payload, Beat) and event.payload.tempo > 0:
                if self._beat is None or event.frame < self._beat.frame:
                    self._fit.clear()
                self._fit.push(event.frame, event.payload.index)
                self._beat = event

    def _find_state(self, frame: int) -> ClockState:
        time = self._clock.time_at(frame)
        hosted = time.hosted and not self._follows
        rolling = hosted and time.rolling
        if not self._graph.clock_status.is_line:  # else the host's transport is ignored
            rolling = rolling or self._graph.is_rolling
        if hosted:
            return self._add_source(self._find_host_state(time, rolling))
        return self._add_source(self._find_detected_state(frame, rolling))

    def _add_source(self, state: ClockState) -> ClockState:
        """``state``, with what the selection among the clocks says."""
        status = self._graph.clock_status
        state = replace(state, source=status.source or NONE, drift_ppm=status.drift_ppm, candidates=status.candidates)
        if status.is_line and state.leader == HOST:  # nobody but the source knows how even it is
            return replace(state, lock=status.lock, jitter_ms=status.jitter_ms)
        return state

    def _find_host_state(self, time: BlockTime, rolling: bool) -> ClockState:
        bar_beats = max(time.bar_beats, 1)
        bar = floor(time.beat / bar_beats)
        lock, jitter = FREE, 0.0
        if time.rolling and self._jack_rolls:
            lock = LOCKED  # JACK's transport has its position to the frame
        elif time.rolling:
            lock, jitter = self._find_lock(self._ticks, MIDI_CLOCK_TICKS_PER_BEAT, time.frames_per_beat)
        return ClockState(
            rolling, bar + 1, time.beat - bar * bar_beats + 1.0, bar_beats, time.tempo, HOST, lock, jitter
        )

    def _find_detected_state(self, frame: int, rolling: bool) -> ClockState:
        event = self._beat
        if event is None or not isinstance(event.payload, Beat):
            return ClockState(rolling)
        beat, frames_per_beat = event.payload, 60.0 * self._graph.plan.rate / event.payload.tempo
        since = (frame - event.frame) / frames_per_beat
        if not 0.0 <= since <= MAX_SILENCE_BEATS:
            self._beat = None
            self._fit.clear()
            return ClockState(rolling)
        bar_beats = max(beat.bar_beats, 1)
        bars, within = divmod(beat.number + since, bar_beats)
        lock, jitter = self._find_lock(self._fit, FEWEST_PULSES, frames_per_beat)
        bar = find_bar(beat) + int(bars)
        return ClockState(rolling, bar, within + 1.0, bar_beats, beat.tempo, DETECTED, lock, jitter)

    def _find_lock(self, pulses: PulseFit, needed: int, frames_per_beat: float) -> tuple[str, float]:
        """Whether ``pulses``, of which so many are needed, are locked, and their jitter in milliseconds."""
        lock, jitter = pulses.find_lock(needed, frames_per_beat)
        return lock, 1000.0 * jitter / self._graph.plan.rate
