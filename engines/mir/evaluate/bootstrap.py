"""How sure a mean over songs is: the percentile bootstrap (Efron 1979)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

RESAMPLES = 4000
SEED = 4
"""Fixed, so that the same scores give the same interval."""
INSIDE = 0.95


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Where the mean of so many songs drawn from ``values``, with replacement, lies 95 times in 100.

    NaN twice for fewer than two values: one song says nothing about others.
    """
    songs = np.asarray(values, np.float64)
    if len(songs) < 2:
        return float("nan"), float("nan")
    drawn = np.random.default_rng(SEED).integers(0, len(songs), (RESAMPLES, len(songs)))
    low, high = np.quantile(songs[drawn].mean(axis=1), [(1 - INSIDE) / 2, (1 + INSIDE) / 2])
    return float(low), float(high)
