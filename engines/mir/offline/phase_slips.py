"""Phase slips: correction of decoded beats that slip to the off-beat, and perhaps back, while the tempo stays.

The beat decoder follows tempi that change, so within a dozen slightly longer or shorter intervals it can move by half a
beat where off-beats are stronger for a while. Music of one tempo hardly ever does so. What lies between two slips is
moved by half a beat, unless the activation there contradicts that.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from bridge.core.arrays import Float64Array, Int64Array
from engines.mir.offline.beat_decoder import TICKS_PER_SECOND, Track
from engines.mir.offline.viterbi import trace_back

SLIP_COST = 120.0
"""Cost of a slip that stays, as a natural logarithm of probabilities: that of 30 beats whose activation is clear."""
FIT_BEATS, MIN_FIT_BEATS = 12, 6
"""Beats on either side of a slip whose tempo is compared; near the ends of a passage at least the second."""
SLIP_BEATS = 20
"""Intervals within which a slip happens; an even number."""
SAME_TEMPO = 0.015
"""Largest relative difference of the periods before and behind a slip."""
SHIFT_BEATS = (0.35, 0.65)
"""Least and largest shift of a slip, in beats."""


def correct_phase_slips(track: Track, scores: Float64Array) -> Track:
    """``track`` without the slips that ``scores`` do not clearly confirm.

    ``scores`` (ticks,): log likelihood ratio of a beat at each tick, as of `score_ticks`.
    """
    beats, restarts = [], []
    for first, last in pairwise([*np.flatnonzero(track.restarts).tolist(), len(track.beats_s)]):
        corrected = _correct_passage(track.beats_s[first:last], scores)
        beats.append(corrected)
        restarts.append(np.arange(len(corrected)) == 0)
    if not beats:
        return track
    return Track(np.concatenate(beats), np.concatenate(restarts))


def _correct_passage(beats: Float64Array, scores: Float64Array) -> Float64Array:
    """The beats of a passage without restarts."""
    slips = list(_find_slips(beats))
    if not slips:
        return beats
    half = SLIP_BEATS // 2
    halfway = (beats[1:] + beats[:-1]) / 2  # from each beat to the next
    edges = [0, *(edge for slip in slips for edge in (slip - half + 1, slip + half)), len(beats)]
    parts = list(zip(edges[::2], edges[1::2], strict=True))
    losses = [
        _sum_scores(scores, beats[first:last]) - _sum_scores(scores, halfway[first : last - 1]) for first, last in parts
    ]
    is_moved = _choose_moved(np.array(losses))
    chosen = [
        halfway[first : last - 1] if move else beats[first:last]
        for (first, last), move in zip(parts, is_moved, strict=True)
    ]
    found = [chosen[0]]
    for number, ((first, last), (behind, _)) in enumerate(pairwise(parts)):
        if is_moved[number] != is_moved[number + 1]:
            start_s, end_s = chosen[number][-1], chosen[number + 1][0]
            count = max(round((end_s - start_s) / float(np.median(np.diff(beats[first:last])))), 1)
            between = np.linspace(start_s, end_s, count + 1)[1:-1]
        else:  # it stays a slip
            between = halfway[last - 1 : behind] if is_moved[number] else beats[last:behind]
        found += [between, chosen[number + 1]]
    return np.concatenate(found)


def _find_slips(beats: Float64Array) -> Iterator[int]:
    """The beat in the middle of each slip; between two are enough beats to judge."""
    half, length = SLIP_BEATS // 2, len(beats)
    centres = range(half + MIN_FIT_BEATS - 1, length - half - MIN_FIT_BEATS + 1)
    found = [centre for centre in centres if _is_slip(beats, centre)]
    runs = np.split(np.array(found, np.int64), np.flatnonzero(np.diff(found) > 1) + 1) if found else []
    last = -SLIP_BEATS
    for run in runs:
        middle = int(run[len(run) // 2])
        if middle - last >= SLIP_BEATS + MIN_FIT_BEATS:
            last = middle
            yield middle


def _is_slip(beats: Float64Array, centre: int) -> bool:
    """Whether the tempo is the same so far before and behind ``centre``, and the phase half a beat off."""
    half = SLIP_BEATS // 2
    before = beats[max(centre - half + 1 - FIT_BEATS, 0) : centre - half + 1]
    behind = beats[centre + half : centre + half + FIT_BEATS]
    periods = [float(np.polyfit(np.arange(len(part)), part, 1)[0]) for part in (before, behind)]
    if abs(periods[1] / periods[0] - 1.0) > SAME_TEMPO:
        return False
    intervals = (len(before) + len(behind)) / 2 + SLIP_BEATS - 1  # from the middle of one to that of the other
    shift = float(behind.mean() - before.mean()) / (sum(periods) / 2) - intervals
    return SHIFT_BEATS[0] <= abs(shift) <= SHIFT_BEATS[1]


def _sum_scores(scores: Float64Array, beats: Float64Array) -> float:
    return float(np.interp(beats * TICKS_PER_SECOND, np.arange(len(scores)), scores).sum())


def _choose_moved(losses: Float64Array) -> list[bool]:
    """Which parts are moved, at the least cost: the ``losses`` of those, and of each slip that stays.

    A slip stays where both sides of it are moved, or neither.
    """
    cost = np.array([0.0, losses[0]])
    before: Int64Array = np.zeros((len(losses), 2), np.int64)
    for part in range(1, len(losses)):
        totals = cost[:, None] + np.where(np.eye(2, dtype=np.bool_), SLIP_COST, 0.0)
        before[part] = totals.argmin(0)
        cost = totals.min(0) + np.array([0.0, losses[part]])
    return [bool(state) for state in trace_back(before, int(cost.argmin()))]
