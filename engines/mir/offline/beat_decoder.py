"""Beat decoder: the likeliest beats of a whole song, from its beat activation.

The hidden Markov model of the live tracker (`engines/mir/learned/beat_tracker.py`), decoded as a whole (Viterbi) in
the place of being followed step by step. From one beat to the next the interval hardly changes, or, at a price, all
begins anew: in another tempo, or behind a silence, nothing is carried over.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bridge.core.jit import njit
from engines.mir.learned.beat_tracker import FASTEST_BPM, NARROW, SLOWEST_BPM, UNHEARD
from engines.mir.offline.beat_activation import times_of

Doubles = NDArray[np.float64]
Indices = NDArray[np.int64]

TICKS_A_SECOND = 200
SMOOTHED_TICKS = 4.0
"""Standard deviation of what the activation is smoothed by: its peaks are two steps wide."""
RESTART = 20.0
"""What it costs to begin anew, in logarithms of chances."""
RESTART_AT_REST, AFTER_REST_TICKS = 5.0, 60
"""What it costs in a rest and so soon behind it."""
CONSTANCY = 120.0
"""What it costs that an interval is shorter or longer than the one before, by its share of that."""
NEAREST_INTERVALS = 12
"""An interval follows one that is so many ticks shorter or longer at most."""
PRIOR_BPM, PRIOR_OCTAVES, PRIOR_A_SECOND = 120.0, 0.6, 2.0
"""Tempi are likely as a bell around the first, so many octaves wide; it counts so much each second."""
STEADY_BEATS = 48
"""Over so many beats it is said how steady they are."""
SILENT_STEPS = 100
"""Two seconds: what is between strokes is shorter."""
LEAST_CHANCE = 0.02
"""Where the mean chance is less, nothing sounds that could be a beat; noise has 0.01, songs have 0.05 or more."""

_LENGTHS = np.arange(
    round(60 / FASTEST_BPM * TICKS_A_SECOND), round(60 / SLOWEST_BPM * TICKS_A_SECOND) + 1, dtype=np.int64
)


@dataclass(frozen=True, slots=True)
class Track:
    """``beats_s``: in order. ``anew``: for each whether it was counted without the one before it."""

    beats_s: Doubles
    anew: NDArray[np.bool_]


def decode(chances: NDArray[np.float32], rests: NDArray[np.bool_] | None = None) -> Track:
    """The likeliest beats for ``chances`` (steps,). ``rests`` (steps,): where nothing sounds and no chance counts."""
    chances = chances if rests is None else np.where(rests, np.float32(UNHEARD), chances)
    gain = _gain(chances)
    octaves = np.log2(60.0 * TICKS_A_SECOND / _LENGTHS / PRIOR_BPM)
    prior = -0.5 * (octaves / PRIOR_OCTAVES) ** 2
    restart = np.full(len(gain), RESTART)
    if rests is not None:
        for time_s in times_of(len(rests))[rests].tolist():
            tick = round(time_s * TICKS_A_SECOND)
            restart[max(tick, 0) : max(tick, 0) + AFTER_REST_TICKS] = RESTART_AT_REST
    ticks, anew = _likeliest(gain, _LENGTHS, prior, PRIOR_A_SECOND / TICKS_A_SECOND * prior * _LENGTHS, restart)
    return Track(ticks / TICKS_A_SECOND, anew)


def steadiness(chances: NDArray[np.float32], track: Track) -> Doubles:
    """How steady the beat is around each beat of ``track``, from 0 to 1; NaN where nothing could be a beat.

    It is the part of the activation that falls on beats, or on beats and halfway between them, as the length of the
    mean vector of its phases (Mardia and Jupp, "Directional Statistics", 2000), over STEADY_BEATS.
    """
    beats = track.beats_s
    if len(beats) < 2:
        return np.zeros(len(beats))
    times = times_of(len(chances))
    inside = (times >= beats[0]) & (times < beats[-1])
    weights = np.where(_silent(chances), 0.0, chances)[inside].astype(np.float64)
    places = np.interp(times[inside], beats, np.arange(len(beats)))
    edges = np.searchsorted(places, np.arange(len(beats)))
    sums = [np.add.reduceat(np.append(weights * np.exp(2j * np.pi * k * places), 0.0), edges) for k in (0, 1, 2)]
    for each in sums:
        each[-1] = 0.0  # behind the last beat
    around = np.ones(min(STEADY_BEATS, len(beats)))
    whole, beat, half = (np.convolve(each, around, "same") for each in sums)
    counted = np.convolve(np.diff(np.append(edges, edges[-1])), around, "same")
    found = np.maximum(np.abs(beat), np.abs(half)) / np.maximum(np.abs(whole), 1e-9)
    return np.where(np.abs(whole) < LEAST_CHANCE * counted, np.nan, found)


def _silent(chances: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which steps lie in a silence of SILENT_STEPS or more, of which nothing was asked of the network."""
    loud = np.flatnonzero(chances != np.float32(UNHEARD))
    edges = np.concatenate([[-1], loud, [len(chances)]])
    silent = np.zeros(len(chances), np.bool_)
    for gap in np.flatnonzero(np.diff(edges) > SILENT_STEPS):
        silent[edges[gap] + 1 : edges[gap + 1]] = True
    return silent


def _gain(chances: NDArray[np.float32]) -> Doubles:
    """What a beat at each tick is worth: the logarithm of how much likelier it is there than not, smoothed."""
    if not len(chances):
        return np.zeros(0)
    likely = np.clip(chances.astype(np.float64), 0.01, 0.99)
    worth = np.log(likely * (NARROW - 1.0) / (1.0 - likely))
    times = times_of(len(chances))
    ticks = np.arange(max(int(times[-1] * TICKS_A_SECOND), 0)) / TICKS_A_SECOND
    around = round(1.5 * SMOOTHED_TICKS)
    shape = np.exp(-0.5 * (np.arange(-around, around + 1) / SMOOTHED_TICKS) ** 2)
    if not len(ticks):
        return np.zeros(0)
    padded = np.pad(np.interp(ticks, times, worth), around, mode="edge")
    return np.asarray(np.convolve(padded, shape / shape.sum(), "valid"))


def _likeliest(
    gain: Doubles, lengths: Indices, prior: Doubles, hold: Doubles, restart: Doubles
) -> tuple[Doubles, NDArray[np.bool_]]:
    """Ticks of the beats, and which of them began anew."""
    if not len(gain):
        return np.zeros(0), np.zeros(0, np.bool_)
    came, anew_from, tick, place = _forwards(gain, lengths, prior, hold, restart, CONSTANCY, NEAREST_INTERVALS)
    ticks, anew = [], []
    while tick >= 0:
        ticks.append(tick)
        before = int(came[tick, place])
        anew.append(before >= FRESH)
        if before == FIRST:
            break
        if before == FRESH:
            tick, place = (int(each) for each in anew_from[tick])
        else:
            tick, place = tick - int(lengths[before]), before
    return np.array(ticks[::-1], np.float64), np.array(anew[::-1], np.bool_)


FRESH, FIRST = 254, 255
"""In the place of the interval before a beat: it began anew, or nothing was before it."""


@njit()
def _forwards(
    gain: Doubles, lengths: Indices, prior: Doubles, hold: Doubles, restart: Doubles, constancy: float, nearest: int
) -> tuple[NDArray[np.uint8], NDArray[np.int32], int, int]:
    """For a beat at each tick and each interval behind it which interval was before it (FRESH, FIRST), from where it
    began anew if it did (tick, interval), and the tick and interval of the last beat of the best path."""
    count, tempi = gain.shape[0], lengths.shape[0]
    longest = lengths[tempi - 1]
    room = longest + 1
    score = np.full((room, tempi), -1e18)  # of the latest ticks
    came = np.full((count, tempi), FIRST, np.uint8)
    best, best_at = np.full(count, -1e18), np.zeros(count, np.int64)
    anew_from = np.zeros((count, 2), np.int32)
    last, last_at, last_score = -1, 0, -1e18
    for tick in range(count):
        fresh, fresh_tick = -1e18, -1
        for back in range(lengths[0] // 2, longest + 1):
            if back > tick:
                break
            if best[tick - back] > fresh:
                fresh, fresh_tick = best[tick - back], tick - back
        fresh -= restart[tick]
        if fresh_tick >= 0:
            anew_from[tick, 0], anew_from[tick, 1] = fresh_tick, best_at[fresh_tick]
        row = tick % room
        for j in range(tempi):
            value, before = -1e18, FIRST
            if tick <= longest:
                value = prior[j]
            if fresh_tick >= 0 and fresh + prior[j] > value:
                value, before = fresh + prior[j], FRESH
            for i in range(max(j - nearest, 0), min(j + nearest, tempi - 1) + 1):
                if lengths[i] > tick:
                    break
                asked = score[(tick - lengths[i]) % room, i] - constancy * abs(lengths[j] / lengths[i] - 1.0)
                if asked > value:
                    value, before = asked, i
            value += gain[tick] + hold[j]
            score[row, j] = value
            came[tick, j] = before
            if value > best[tick]:
                best[tick], best_at[tick] = value, j
            if tick + lengths[j] >= count and value > last_score:
                last, last_at, last_score = tick, j, value
    return came, anew_from, last, last_at
