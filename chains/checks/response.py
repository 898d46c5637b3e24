"""Frequency response of a processor, from the noise that went in and what came out."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import Audio

WINDOW_FRAMES = 4096
"""Window of the spectra: 12 Hz a bin at 48 kHz."""
LOWEST_HZ = 20.0
BANDS_PER_OCTAVE = 12
FLOOR_DB = -120.0


@dataclass(frozen=True, slots=True)
class Response:
    """The magnitude of the response in dB at ``frequencies_hz``, rising."""

    frequencies_hz: NDArray[np.float64]
    levels_db: NDArray[np.float64]


def compute_response(dry: Audio, wet: Audio, rate: int) -> Response:
    """The response from ``dry`` to ``wet``, aligned, both shape (channels, frames), in bands of 1/12 octave.

    Cross-spectrum over spectrum of the input (H1), so that what the processor adds by itself is averaged out. Empty
    where they are shorter than two windows.
    """
    frames = min(dry.shape[1], wet.shape[1])
    starts = range(0, frames - WINDOW_FRAMES + 1, WINDOW_FRAMES // 2)
    if len(starts) < 2:
        return Response(np.zeros(0), np.zeros(0))
    window = np.hanning(WINDOW_FRAMES)
    cross, power = np.zeros(WINDOW_FRAMES // 2 + 1, complex), np.zeros(WINDOW_FRAMES // 2 + 1)
    for start in starts:
        source = np.fft.rfft(dry[:, start : start + WINDOW_FRAMES] * window)
        result = np.fft.rfft(wet[:, start : start + WINDOW_FRAMES] * window)
        cross += np.sum(np.conj(source) * result, axis=0)
        power += np.sum(np.abs(source) ** 2, axis=0)
    gain = np.abs(cross) / np.maximum(power, 1e-30)
    bins_hz = np.fft.rfftfreq(WINDOW_FRAMES, 1.0 / rate)
    octaves = np.log2(rate / 2 / LOWEST_HZ)
    edges = LOWEST_HZ * 2.0 ** (np.arange(int(octaves * BANDS_PER_OCTAVE) + 1) / BANDS_PER_OCTAVE)
    centres, levels = [], []
    for low, high in pairwise(edges):
        inside = (bins_hz >= low) & (bins_hz < high)
        if np.any(inside):
            centres.append(float(np.sqrt(low * high)))
            levels.append(max(20.0 * float(np.log10(max(np.sqrt(np.mean(gain[inside] ** 2)), 1e-12))), FLOOR_DB))
    return Response(np.array(centres), np.array(levels))
