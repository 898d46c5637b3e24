"""Frequency grid in Hz for a model's features and masks, independent of the sampling rate.

A model on FFT bins would need its own weights for each rate. Here the bins are pooled to points in Hz, and the masks at
the points are interpolated to the bins: one model serves 44.1 and 48 kHz natively.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from bridge.core.arrays import Float32Array

WINDOW = 2048
"""Analysis frames at every rate: 21.5 Hz a bin at 44.1 kHz, 23.4 Hz at 48 kHz."""
BINS = WINDOW // 2 + 1

LINEAR_HZ = 44100 / WINDOW
"""Distance of the low points; at 44.1 kHz they are the bins themselves."""
LINEAR = 70
"""Points below 1.5 kHz, where harmonics are close and most of the energy is."""
TOP_HZ = 20500.0
POINTS = 240
"""Number of points; above the linear ones each is 1.5 % higher than the one before (1/45 octave)."""


@cache
def compute_points_hz() -> Float32Array:
    """Frequencies of the points in Hz, shape (POINTS,)."""
    linear = np.arange(LINEAR) * LINEAR_HZ
    above = np.geomspace(linear[-1], TOP_HZ, POINTS - LINEAR + 1)[1:]
    return np.concatenate([linear, above]).astype(np.float32)


@cache
def compute_spreading(rate: int) -> tuple[NDArray[np.int32], Float32Array]:
    """Interpolation from points to bins: the lower point of each bin (BINS,) and the weight of the upper (BINS,).

    It is linear, so that masks that sum to one at the points do so at the bins. Bins above the last point take its
    mask.
    """
    hz = np.arange(BINS) * rate / WINDOW
    where = np.interp(hz, compute_points_hz().astype(np.float64), np.arange(POINTS))
    lower = np.minimum(where.astype(np.int32), POINTS - 2)
    return lower, (where - lower).astype(np.float32)


@cache
def compute_pooling(rate: int) -> Float32Array:
    """Weights from bins to points, shape (POINTS, BINS), each row summing to one.

    The transpose of `compute_spreading`, so that a point pools the bins that it masks.
    """
    lower, upper = compute_spreading(rate)
    weights = np.zeros((POINTS, BINS))
    bins = np.arange(BINS)
    np.add.at(weights, (lower, bins), 1.0 - upper)
    np.add.at(weights, (lower + 1, bins), upper)
    rows: Float32Array = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return rows
