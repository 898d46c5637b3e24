"""Bar decoder: the likeliest bars of a whole song by the Viterbi algorithm over its beats.

The states are those of the live counter (`engines/mir/learned/bar_counter.py`): the beat's number in the bar and the
beats of the bar. A change of metre and a slip of the count are possible and expensive.
"""

from __future__ import annotations

import numpy as np

from bridge.core.arrays import Float64Array, Int64Array
from engines.mir.learned.bar_counter import BASELINE_BEATS, CHANGE_LOG_GAIN, DOWNBEAT_EXPONENT, METRE_PRIORS
from engines.mir.offline.viterbi import trace_back

METRE_CHANGE_COST, SLIP_COST = 8.0, 8.0
"""Costs of another metre at the end of a bar, and of a count that breaks off anywhere, as natural logarithms."""
MIN_PROBABILITY = 0.02
"""Least probability of a downbeat, and of none."""

_METRES = np.concatenate([np.full(beats, beats) for beats in METRE_PRIORS])
_NUMBERS = np.concatenate([np.arange(beats) for beats in METRE_PRIORS])
_PRIORS = np.log(np.concatenate([np.full(beats, share / beats) for beats, share in METRE_PRIORS.items()]))


def decode_bars(downbeats: Float64Array, changes: Float64Array, restarts: Int64Array) -> tuple[Int64Array, Int64Array]:
    """The number of each beat in its bar, from 0, and the beats of the bar.

    ``downbeats`` (beats,): the downbeat activation at each. ``changes`` (beats,): the harmonic change, 0 to 1, or NaN.
    ``restarts``: beats at which the count begins anew at no cost, as behind a silence.
    """
    if not len(downbeats):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    downbeats = np.clip(downbeats, MIN_PROBABILITY, 1.0 - MIN_PROBABILITY)
    evidence = _compare(DOWNBEAT_EXPONENT * np.log(downbeats / (1.0 - downbeats))) + _compare(CHANGE_LOG_GAIN * changes)
    scores = np.where(_NUMBERS == 0, evidence[:, None], 0.0)
    transition = _build_transition()
    free = np.broadcast_to(_PRIORS, transition.shape)
    score, before = _PRIORS + scores[0], np.zeros(scores.shape, np.int64)
    for beat in range(1, len(scores)):
        reached = score[:, None] + (free if beat in restarts else transition)
        before[beat] = reached.argmax(0)
        score = reached.max(0) + scores[beat]
    states = trace_back(before, int(score.argmax()))
    return _NUMBERS[states], _METRES[states]


def _compare(values: Float64Array) -> Float64Array:
    """``values`` less their mean over BASELINE_BEATS before and behind each; 0 where they are not known."""
    known = np.isfinite(values)
    around = np.ones(2 * BASELINE_BEATS + 1)
    half = slice(BASELINE_BEATS, BASELINE_BEATS + len(values))
    sums = np.convolve(np.where(known, values, 0.0), around)[half]
    counts = np.convolve(known.astype(np.float64), around)[half]
    return np.where(known, values - sums / np.maximum(counts, 1.0), 0.0)


def _build_transition() -> Float64Array:
    """The log probability of each state (columns) one beat behind another (rows)."""
    transition = np.tile(_PRIORS - SLIP_COST, (len(_PRIORS), 1))
    last = _NUMBERS + 1 == _METRES
    goes_on = (_METRES[:, None] == _METRES) & (_NUMBERS[:, None] + 1 == _NUMBERS)
    begins = last[:, None] & (_NUMBERS == 0)
    same = begins & (_METRES[:, None] == _METRES)
    transition = np.where(begins, _PRIORS + np.log(_METRES) - METRE_CHANGE_COST, transition)
    return np.asarray(np.where(goes_on | same, 0.0, transition))
