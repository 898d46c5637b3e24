"""Soft masks of the DSP separator, from a spectrum, its past and its neighbouring bins; compiled, no allocation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.core.arrays import Float32Array
from bridge.core.jit import njit

EMPTY_POWER = 1e-20
"""Power below which a bin counts as empty: some 200 dB under full scale, still a normal float32."""

TONE_RATIO = 4.0
"""A bin this many times above the median of its neighbours counts as a tone; noise rarely does."""


def make_octave_fade(bins_hz: Float32Array, centre_hz: float) -> Float32Array:
    """Weights from 1 half an octave below ``centre_hz`` to 0 half an octave above, raised cosine; shape (bins,)."""
    octaves = np.log2(np.maximum(bins_hz, 1e-3) / centre_hz)
    return (0.5 - 0.5 * np.sin(np.pi * np.clip(octaves, -0.5, 0.5))).astype(np.float32)


@njit()
def _find_median(values: Float32Array, scratch: Float32Array) -> float:
    """The median of ``values``, by insertion into ``scratch`` of the same length."""
    for i in range(values.shape[0]):
        value = values[i]
        j = i
        while j > 0 and scratch[j - 1] > value:
            scratch[j] = scratch[j - 1]
            j -= 1
        scratch[j] = value
    return float(scratch[values.shape[0] // 2])


@njit()
def _slide_median(values: Float32Array, scratch: Float32Array, medians: Float32Array) -> None:
    """Fill ``medians`` with the median over ``len(scratch)`` neighbouring bins; beyond the ends are zeros."""
    width = scratch.shape[0]
    half = width // 2
    bins = values.shape[0]
    scratch[:] = 0.0
    for k in range(-half, bins):
        old = values[k - half - 1] if k - half - 1 >= 0 else np.float32(0.0)
        new = values[k + half] if k + half < bins else np.float32(0.0)
        at = 0
        while at < width - 1 and scratch[at] != old:
            at += 1
        while at < width - 1 and scratch[at + 1] < new:
            scratch[at] = scratch[at + 1]
            at += 1
        while at > 0 and scratch[at - 1] > new:
            scratch[at] = scratch[at - 1]
            at -= 1
        scratch[at] = new
        if k >= 0:
            medians[k] = scratch[half]


@njit()
def _flush_denormal(value: float) -> float:
    """``value``, or 0 where it is near the denormals, which are a hundred times slower."""
    return value if abs(value) > EMPTY_POWER else 0.0


@njit()
def mask_stems(
    spectrum: NDArray[np.complex64],
    past: Float32Array,
    newest: int,
    smooth: Float32Array,
    low: Float32Array,
    voice: Float32Array,
    keep: float,
    hardness: float,
    focus: float,
    neighbours: Float32Array,
    scratch: Float32Array,
    stems: NDArray[np.complex64],
) -> None:
    """Fill ``stems`` (3: drums, bass, vocals; 2; bins) with the masked ``spectrum`` (2, bins).

    The fourth stem is the remainder. ``past`` (bins, span): power of earlier hops; column ``newest`` is overwritten.
    ``smooth`` (2, bins): cross and summed power of the channels, a one-pole average with coefficient ``keep``.
    ``low`` and ``voice`` (bins,): weights of the bass and of the voice range. ``hardness`` and ``focus``: exponents of
    the percussive and the centre mask. ``neighbours`` (2, bins) and ``scratch`` (2, longest median): work buffers.
    """
    bins = spectrum.shape[1]
    span = past.shape[1]
    width = int(scratch[1, 0])
    power, broad = neighbours[0], neighbours[1]
    for k in range(bins):
        left, right = spectrum[0, k], spectrum[1, k]
        power[k] = left.real**2 + left.imag**2 + right.real**2 + right.imag**2
        past[k, newest] = power[k]
        both = 2.0 * (left.real * right.real + left.imag * right.imag)
        smooth[0, k] = _flush_denormal(keep * smooth[0, k] + (1.0 - keep) * both)
        smooth[1, k] = _flush_denormal(keep * smooth[1, k] + (1.0 - keep) * power[k])
    _slide_median(power, scratch[1, 1 : 1 + width], broad)
    for k in range(bins):
        steady = _find_median(past[k], scratch[0, :span])
        tonal = max(steady, power[k] - TONE_RATIO * broad[k])
        percussive = 1.0 / (1.0 + ((tonal + EMPTY_POWER) / (broad[k] + EMPTY_POWER)) ** hardness)
        centred = min(max(smooth[0, k] / (smooth[1, k] + EMPTY_POWER), 0.0), 1.0)
        harmonic = 1.0 - percussive
        bass = harmonic * low[k]
        vocals = (harmonic - bass) * voice[k] * centred**focus
        for c in range(2):
            stems[0, c, k] = spectrum[c, k] * np.float32(percussive)
            stems[1, c, k] = spectrum[c, k] * np.float32(bass)
            stems[2, c, k] = spectrum[c, k] * np.float32(vocals)
