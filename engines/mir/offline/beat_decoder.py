"""Beat decoder: the likeliest beats of a whole song by the Viterbi algorithm, from its beat activation.

The hidden Markov model is that of the live tracker (`engines/mir/learned/beat_tracker.py`), which runs it forwards
only. From one beat to the next the interval hardly changes, or the model restarts at a cost: then neither tempo nor
phase is carried over, as behind a silence. The whole song decides between a tempo and its double. Changes of harmony
decide between the beat and the off-beat where both have the same activation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bridge.core.arrays import Float64Array, Int64Array
from bridge.core.jit import njit
from engines.mir.learned.beat_tracker import FASTEST_BPM, OBSERVATION_LAMBDA, SLOWEST_BPM, UNINFORMATIVE_PROBABILITY
from engines.mir.offline.beat_activation import get_step_times
from engines.mir.tempo_mode import TempoPrior

TICKS_PER_SECOND = 200
SMOOTHED_TICKS = 4.0
"""Standard deviation of the smoothing kernel: the activation's peaks are two steps wide."""
RESTART_COST = 20.0
"""Cost of a restart, as a natural logarithm of probabilities."""
RESTART_COST_AT_REST, AFTER_REST_TICKS = 5.0, 60
"""The cost in a rest and so soon behind it."""
INTERVAL_CHANGE_COST = 120.0
"""Cost of an interval that is shorter or longer than the one before, per share of that."""
MAX_INTERVAL_STEP = 12
"""An interval differs by so many ticks from the one before at most."""
PRIOR_BPM, PRIOR_OCTAVES = 120.0, 0.6
"""Log-normal prior of the first tempo: its centre, and its width in octaves."""
TEMPO_COST_PER_SECOND = 3.2
"""Cost of a tempo an octave from the prior's centre, per second; it grows with the fourth power of the octaves. So all
tempi from 85 to 170 cost nearly nothing, and the activation decides between them."""
CHANGE_GAIN = 10.0
"""Log likelihood ratio of a beat at a full harmonic change, compared with no change."""
BEYOND_CLAMP_COST = 1000.0
"""Cost of a beat whose tempo the prior excludes."""
STEADY_BEATS = 48
"""Beats over which the steadiness is measured."""
SILENT_STEPS = 100
"""Two seconds: pauses between onsets are shorter."""
MIN_MEAN_ACTIVATION = 0.02
"""Below this mean activation nothing could be a beat; noise has 0.01, songs have 0.05 or more."""

_LENGTHS = np.arange(
    round(60 / FASTEST_BPM * TICKS_PER_SECOND), round(60 / SLOWEST_BPM * TICKS_PER_SECOND) + 1, dtype=np.int64
)


HarmonicChanges = tuple[Float64Array, Float64Array]
"""Times in seconds, and how much more than usual the harmony changes there, -1 to 1."""


@dataclass(frozen=True, slots=True)
class Track:
    """Decoded beats. ``beats_s``: in order. ``restarts``: for each whether the model restarted there."""

    beats_s: Float64Array
    restarts: NDArray[np.bool_]


def decode_beats(
    activation: NDArray[np.float32],
    rests: NDArray[np.bool_] | None = None,
    changes: HarmonicChanges | None = None,
    prior: TempoPrior | None = None,
    restart_cost: float = RESTART_COST,
) -> Track:
    """The likeliest beats for ``activation`` (steps,); in ``rests`` (steps,), silent steps, it is ignored.

    ``restart_cost``: of a new phase and tempo where there is no rest.
    """
    prior = prior or TempoPrior(PRIOR_BPM)
    log_ratio = score_ticks(activation, rests, changes)
    bpm = 60.0 * TICKS_PER_SECOND / _LENGTHS
    octaves = np.log2(bpm / prior.bpm)
    costs = TEMPO_COST_PER_SECOND / TICKS_PER_SECOND * octaves**4 * _LENGTHS
    costs += np.where(np.abs(bpm - prior.bpm) > prior.clamp * prior.bpm, BEYOND_CLAMP_COST, 0.0)
    restart_costs = np.full(len(log_ratio), restart_cost)
    if rests is not None:
        for time_s in get_step_times(len(rests))[rests].tolist():
            tick = round(time_s * TICKS_PER_SECOND)
            restart_costs[max(tick, 0) : max(tick, 0) + AFTER_REST_TICKS] = RESTART_COST_AT_REST
    ticks, restarts = _run_viterbi(log_ratio, _LENGTHS, -0.5 * (octaves / PRIOR_OCTAVES) ** 2, -costs, restart_costs)
    return Track(ticks / TICKS_PER_SECOND, restarts)


def score_ticks(
    activation: NDArray[np.float32],
    rests: NDArray[np.bool_] | None = None,
    changes: HarmonicChanges | None = None,
) -> Float64Array:
    """The log likelihood ratio of a beat at each tick, shape (ticks,); the arguments are those of `decode_beats`."""
    activation = activation if rests is None else np.where(rests, np.float32(UNINFORMATIVE_PROBABILITY), activation)
    log_ratio = _compute_log_ratio(activation)
    if changes is not None and len(changes[0]):
        log_ratio = log_ratio + CHANGE_GAIN * np.interp(np.arange(len(log_ratio)) / TICKS_PER_SECOND, *changes)
    return log_ratio


def measure_steadiness(activation: NDArray[np.float32], track: Track) -> Float64Array:
    """How steady the beat is around each beat of ``track``, from 0 to 1; NaN where nothing could be a beat.

    It is the mean vector length of the activation's phases (Mardia and Jupp, "Directional Statistics", 2000) over
    STEADY_BEATS, with respect to beats, or to beats and half beats.
    """
    beats = track.beats_s
    if len(beats) < 2:
        return np.zeros(len(beats))
    times = get_step_times(len(activation))
    inside = (times >= beats[0]) & (times < beats[-1])
    weights = np.where(find_silent_steps(activation), 0.0, activation)[inside].astype(np.float64)
    positions = np.interp(times[inside], beats, np.arange(len(beats)))
    edges = np.searchsorted(positions, np.arange(len(beats)))
    sums = [np.add.reduceat(np.append(weights * np.exp(2j * np.pi * k * positions), 0.0), edges) for k in (0, 1, 2)]
    for each in sums:
        each[-1] = 0.0  # behind the last beat
    around = np.ones(min(STEADY_BEATS, len(beats)))
    whole, beat, half = (np.convolve(each, around, "same") for each in sums)
    counted = np.convolve(np.diff(np.append(edges, edges[-1])), around, "same")
    found = np.maximum(np.abs(beat), np.abs(half)) / np.maximum(np.abs(whole), 1e-9)
    return np.where(np.abs(whole) < MIN_MEAN_ACTIVATION * counted, np.nan, found)


def find_silent_steps(activation: NDArray[np.float32], at_least: int = SILENT_STEPS) -> NDArray[np.bool_]:
    """Which steps lie in a silence of more than ``at_least``, for which the network's output was replaced."""
    loud = np.flatnonzero(activation != np.float32(UNINFORMATIVE_PROBABILITY))
    edges = np.concatenate([[-1], loud, [len(activation)]])
    silent = np.zeros(len(activation), np.bool_)
    for gap in np.flatnonzero(np.diff(edges) > at_least):
        silent[edges[gap] + 1 : edges[gap + 1]] = True
    return silent


def _compute_log_ratio(activation: NDArray[np.float32]) -> Float64Array:
    """The log likelihood ratio of a beat at each tick, smoothed."""
    if not len(activation):
        return np.zeros(0)
    probability = np.clip(activation.astype(np.float64), 0.01, 0.99)
    log_ratio = np.log(probability * (OBSERVATION_LAMBDA - 1.0) / (1.0 - probability))
    times = get_step_times(len(activation))
    ticks = np.arange(max(int(times[-1] * TICKS_PER_SECOND), 0)) / TICKS_PER_SECOND
    around = round(1.5 * SMOOTHED_TICKS)
    shape = np.exp(-0.5 * (np.arange(-around, around + 1) / SMOOTHED_TICKS) ** 2)
    if not len(ticks):
        return np.zeros(0)
    padded = np.pad(np.interp(ticks, times, log_ratio), around, mode="edge")
    return np.asarray(np.convolve(padded, shape / shape.sum(), "valid"))


def _run_viterbi(
    log_ratio: Float64Array,
    lengths: Int64Array,
    prior: Float64Array,
    tempo_scores: Float64Array,
    restart_cost: Float64Array,
) -> tuple[Float64Array, NDArray[np.bool_]]:
    """Ticks of the beats, and which of them are restarts."""
    if not len(log_ratio):
        return np.zeros(0), np.zeros(0, np.bool_)
    backpointers, restart_from, tick, interval = _run_forward(
        log_ratio, lengths, prior, tempo_scores, restart_cost, INTERVAL_CHANGE_COST, MAX_INTERVAL_STEP
    )
    ticks, restarts = [], []
    while tick >= 0:
        ticks.append(tick)
        before = int(backpointers[tick, interval])
        restarts.append(before >= RESTARTED)
        if before == FIRST:
            break
        if before == RESTARTED:
            tick, interval = (int(each) for each in restart_from[tick])
        else:
            tick, interval = tick - int(lengths[before]), before
    return np.array(ticks[::-1], np.float64), np.array(restarts[::-1], np.bool_)


RESTARTED, FIRST = 254, 255
"""Marks in the place of the interval before a beat: the model restarted there, or it is the first beat."""


@njit()
def _run_forward(
    log_ratio: Float64Array,
    lengths: Int64Array,
    prior: Float64Array,
    tempo_scores: Float64Array,
    restart_cost: Float64Array,
    change_cost: float,
    max_step: int,
) -> tuple[NDArray[np.uint8], NDArray[np.int32], int, int]:
    """The forward pass of the Viterbi algorithm.

    Returns for a beat at each tick, per interval behind it, the interval before it (or RESTARTED, FIRST); the tick and
    interval from which a restart came; and the tick and interval of the last beat of the best path.
    """
    count, tempi = log_ratio.shape[0], lengths.shape[0]
    longest = lengths[tempi - 1]
    room = longest + 1
    score = np.full((room, tempi), -1e18)  # of the latest ticks
    backpointers = np.full((count, tempi), FIRST, np.uint8)
    best, best_at = np.full(count, -1e18), np.zeros(count, np.int64)
    restart_from = np.zeros((count, 2), np.int32)
    last, last_at, last_score = -1, 0, -1e18
    for tick in range(count):
        fresh, fresh_tick = -1e18, -1
        for back in range(lengths[0] // 2, longest + 1):
            if back > tick:
                break
            if best[tick - back] > fresh:
                fresh, fresh_tick = best[tick - back], tick - back
        fresh -= restart_cost[tick]
        if fresh_tick >= 0:
            restart_from[tick, 0], restart_from[tick, 1] = fresh_tick, best_at[fresh_tick]
        row = tick % room
        for j in range(tempi):
            value, before = -1e18, FIRST
            if tick <= longest:
                value = prior[j]
            if fresh_tick >= 0 and fresh + prior[j] > value:
                value, before = fresh + prior[j], RESTARTED
            for i in range(max(j - max_step, 0), min(j + max_step, tempi - 1) + 1):
                if lengths[i] > tick:
                    break
                continued = score[(tick - lengths[i]) % room, i] - change_cost * abs(lengths[j] / lengths[i] - 1.0)
                if continued > value:
                    value, before = continued, i
            value += log_ratio[tick] + tempo_scores[j]
            score[row, j] = value
            backpointers[tick, j] = before
            if value > best[tick]:
                best[tick], best_at[tick] = value, j
            if tick + lengths[j] >= count and value > last_score:
                last, last_at, last_score = tick, j, value
    return backpointers, restart_from, last, last_at
