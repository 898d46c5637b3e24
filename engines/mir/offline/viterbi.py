"""Viterbi algorithm over states that are kept, or left at a cost that depends on the step alone."""

from __future__ import annotations

import numpy as np

from bridge.core.arrays import Float64Array, Int64Array


def find_segments(scores: Float64Array, costs: Float64Array) -> list[tuple[int, int]]:
    """The path of highest score as segments: the step at which each begins, and its state.

    ``scores`` (steps, states): the log likelihood of each state. ``costs`` (steps,): of another state than at the step
    before.
    """
    if not len(scores):
        return []
    score, before = scores[0].copy(), np.zeros(scores.shape, np.int64)
    kept = np.arange(scores.shape[1])
    for step in range(1, len(scores)):
        best = int(score.argmax())
        left = score[best] - costs[step]
        before[step] = np.where(left > score, best, kept)
        score = np.maximum(score, left) + scores[step]
    path = trace_back(before, int(score.argmax()))
    starts = [0, *(np.flatnonzero(np.diff(path)) + 1).tolist()]
    return [(start, int(path[start])) for start in starts]


def trace_back(before: Int64Array, last: int) -> Int64Array:
    """The states (steps,) of the path that ends in ``last``.

    ``before`` (steps, states): for each state that at the step before.
    """
    path = np.zeros(len(before), np.int64)
    for step in range(len(before) - 1, -1, -1):
        path[step] = last
        last = int(before[step, last])
    return path
