"""Changes of a MIDI clock that comes in: new tempi, and start, stop, continue and song position while it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from bridge.core.clock import HostClock
from bridge.core.midi import CLOCK, CONTINUE, SONG_POSITION, START, STOP

NEAR_BPM, NEAR_MS = 0.5, 5.0
"""From here on a new tempo counts as followed: what nobody hears as another tempo, and as late."""
STEADY_S, SETTLED_S, AFTER_S = 40.0, 20.0, 60.0
"""The first tempo holds so long; its phase is measured from `SETTLED_S` on; so long the new one holds."""
BEFORE_BPM, AFTER_BPM = 120.0, 126.0
RAMP_S = 8.0
POSITION_BEATS = 48.0
"""Destination of the song position pointer."""

TEMPO_CURVES: tuple[tuple[str, Callable[[float], float]], ...] = (
    ("at once", lambda time_s: AFTER_BPM if time_s >= 0.0 else BEFORE_BPM),
    (f"over {RAMP_S:g} s", lambda time_s: BEFORE_BPM + (AFTER_BPM - BEFORE_BPM) * min(max(time_s / RAMP_S, 0.0), 1.0)),
)
"""Name, and the tempo so many seconds after its change began."""
TRANSPORT: Sequence[tuple[str, tuple[bytes, ...], float | None]] = (
    ("start", (bytes((START,)),), 0.0),
    ("song position, no continue", (bytes((SONG_POSITION, 32, 0)),), 8.0),
    ("song position, continue", (bytes((SONG_POSITION, 64, 1)), bytes((CONTINUE,))), POSITION_BEATS),
    ("stop, continue", (bytes((STOP,)), bytes((CONTINUE,))), None),
    ("start again", (bytes((START,)),), 0.0),
)
"""Name, messages before the next clock, and the beat of that clock; None: the next one, as if nothing had been."""


@dataclass(frozen=True, slots=True)
class Following:
    """How a new tempo was followed: seconds until tempo and phase are near it for good, and the worst phase in ms."""

    tempo_s: float
    phase_s: float
    worst_ms: float


def add_lateness(ticks: NDArray[np.floating], jitter_ms: float, period: int, rate: int, seed: int) -> NDArray[np.int64]:
    """The frames at which ``ticks`` arrive: late by 0 to ``jitter_ms``, on the first frame of a period (0: on any)."""
    late = ticks + np.random.default_rng(seed).uniform(0, jitter_ms * rate / 1000, ticks.size)
    if period:
        late = np.ceil(late / period) * period
    return np.maximum.accumulate(np.round(late)).astype(np.int64)


def measure_following(
    curve: Callable[[float], float], jitter_ms: float, period: int, rate: int, seed: int
) -> Following:
    """How the clock follows ``curve``."""
    times, time_s = [], 0.0
    while time_s < STEADY_S + AFTER_S:
        times.append(time_s)
        time_s += 60.0 / curve(time_s - STEADY_S) / 24
    ticks = 1000 + np.array(times) * rate
    clock, usual = HostClock(rate), []
    clock.push_midi(500, bytes((START,)))
    tempo_s, phase_s, worst = 0.0, 0.0, 0.0
    for number, frame in enumerate(add_lateness(ticks, jitter_ms, period, rate, seed)):
        clock.push_midi(int(frame), bytes((CLOCK,)))
        at, since = clock.time_at(int(frame)), times[number] - STEADY_S
        phase = 1000.0 * (at.frame_at(number / 24) - ticks[number]) / rate
        if since < 0.0:
            usual += [phase] if times[number] > SETTLED_S else []
            continue
        away = abs(phase - float(np.mean(usual)))
        worst = max(worst, away)
        tempo_s = since if abs(at.tempo - curve(since)) > NEAR_BPM else tempo_s
        phase_s = since if away > NEAR_MS else phase_s
    return Following(tempo_s, phase_s, worst)


def measure_transport(
    bpm: float, jitter_ms: float, period: int, rate: int, seed: int
) -> Iterator[tuple[str, int, float]]:
    """Of each change of the transport, while the clock runs: ticks until the position is right for good, worst ms then.

    Right: as near as the lateness of the ticks allows.
    """
    step, between = 60.0 * rate / bpm / 24, 480
    ticks = 1000 + np.arange(between * (len(TRANSPORT) + 1)) * step
    arrivals = add_lateness(ticks, jitter_ms, period, rate, seed)
    clock, allowed_ms = HostClock(rate), 1000.0 * period / rate + jitter_ms + 1.0
    clock.push_midi(500, bytes((START,)))
    for number in range(between):
        clock.push_midi(int(arrivals[number]), bytes((CLOCK,)))
    beat = between / 24
    for place, (name, messages, goal) in enumerate(TRANSPORT):
        first = between * (place + 1)
        for message in messages:
            clock.push_midi(ceil(arrivals[first - 1] + 0.5), message)
        beat = beat if goal is None else goal
        wrong, worst = 0, 0.0
        for number in range(first, first + between):
            clock.push_midi(int(arrivals[number]), bytes((CLOCK,)))
            at = clock.time_at(int(arrivals[number]))
            late_ms = 1000.0 * (at.frame_at(beat + (number - first) / 24) - ticks[number]) / rate
            if not at.rolling or not -1.0 <= late_ms <= allowed_ms:
                wrong, worst = number - first + 1, 0.0
            worst = max(worst, abs(late_ms))
        beat += between / 24
        yield name, wrong, worst
