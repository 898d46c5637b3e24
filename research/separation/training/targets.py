"""Network input and training targets of separation, at the grid's points.

The masks' error in a cell of the grid is quadratic in the mask: sum |m X - S|^2 = m^2 A - 2 m C + B over the bins that
the point pools. So a mixture is kept as three small arrays, and the loss needs no spectra.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from bridge.core.arrays import Float32Array
from bridge.core.audio import STEMS
from bridge.core.jit import njit
from engines.separation.frequency_grid import POINTS, WINDOW, compute_spreading
from engines.separation.stft import make_windows

STRIDE = 1024
"""Frames that the network's memory advances in a step; shorter hops interleave several memories."""


@dataclass
class TargetCells:
    """By step: ``power`` (steps, 3, POINTS) as the network hears it; for the loss ``mix`` A (steps, 2, POINTS),
    ``common`` C and ``own`` B (steps, STEMS, 2, POINTS), both for mid and side."""

    power: Float32Array
    mix: Float32Array
    common: Float32Array
    own: Float32Array


@cache
def get_analysis_window(overlap: int) -> tuple[Float32Array, np.float32]:
    """The analysis window that the profile with ``overlap`` uses, and the factor that makes full scale 1."""
    analysis, _ = make_windows(WINDOW, max(overlap, 128), overlap)
    return analysis, np.float32((2.0 / analysis.sum()) ** 2)


@njit(fastmath=True)
def _pool(
    spectra: NDArray[np.complex64], lower: NDArray[np.int32], upper: Float32Array, mix: Float32Array,
    cross: Float32Array, common: Float32Array, own: Float32Array,
) -> None:  # fmt: skip
    """``spectra`` (stems, 2: mid and side, steps, bins) into sums over the bins of each point."""
    stems, sides, steps, bins = spectra.shape
    whole = np.zeros((sides, bins), np.complex64)
    for t in range(steps):
        whole[:] = 0
        for s in range(stems):
            for c in range(sides):
                for k in range(bins):
                    whole[c, k] += spectra[s, c, t, k]
        for k in range(bins):
            p, u = lower[k], upper[k]
            product = whole[0, k].real * whole[1, k].real + whole[0, k].imag * whole[1, k].imag
            cross[t, p] += (1 - u) * 2 * product
            cross[t, p + 1] += u * 2 * product
            for c in range(sides):
                power = whole[c, k].real ** 2 + whole[c, k].imag ** 2
                mix[t, c, p] += (1 - u) * power
                mix[t, c, p + 1] += u * power
        for s in range(stems):
            for c in range(sides):
                for k in range(bins):
                    p, u = lower[k], upper[k]
                    x, y = whole[c, k], spectra[s, c, t, k]
                    both = x.real * y.real + x.imag * y.imag
                    power = y.real**2 + y.imag**2
                    common[t, s, c, p] += (1 - u) * both
                    common[t, s, c, p + 1] += u * both
                    own[t, s, c, p] += (1 - u) * power
                    own[t, s, c, p + 1] += u * power


def compute_cells(stems: Float32Array, rate: int, overlap: int, gains: Float32Array | None = None) -> TargetCells:
    """``stems`` (STEMS, 2, frames) at ``rate`` as cells; ``gains``: of each stem's bins (STEMS, BINS)."""
    analysis, scale = get_analysis_window(overlap)
    sides = np.stack([stems[:, 0] + stems[:, 1], stems[:, 0] - stems[:, 1]], 1) * np.float32(0.5)
    steps = (sides.shape[2] - WINDOW) // STRIDE + 1
    frames = np.lib.stride_tricks.sliding_window_view(sides, WINDOW, axis=2)[:, :, ::STRIDE][:, :, :steps]
    spectra: NDArray[np.complex64] = np.fft.rfft(frames * analysis, axis=-1).astype(np.complex64, copy=False)
    if gains is not None:
        spectra *= gains[:, None, None]
    count = len(STEMS)
    mix, cross = np.zeros((steps, 2, POINTS), np.float32), np.zeros((steps, POINTS), np.float32)
    common, own = np.zeros((steps, count, 2, POINTS), np.float32), np.zeros((steps, count, 2, POINTS), np.float32)
    lower, upper = compute_spreading(rate)
    _pool(spectra, lower, upper, mix, cross, common, own)
    mix, cross, common, own = mix * scale, cross * scale, common * scale, own * scale
    power = (np.stack([mix[:, 0], mix[:, 1], cross], 1) / _count_pooled_bins(rate)).astype(np.float32, copy=False)
    return TargetCells(power, mix, common, own)


@cache
def _count_pooled_bins(rate: int) -> Float32Array:
    """How many bins each point pools, shape (POINTS,)."""
    lower, upper = compute_spreading(rate)
    share = np.zeros(POINTS)
    np.add.at(share, lower, 1.0 - upper)
    np.add.at(share, lower + 1, upper)
    return share.astype(np.float32)
