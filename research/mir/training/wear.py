"""What happens to music on its way to a listener: rooms, equalizers, noise, limiters, codecs, levels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from research.datasets.library import RATE

Floats = NDArray[np.float32]


def worn(mono: Floats, random: np.random.Generator) -> Floats:
    """``mono`` (frames,) as it might be met: each of these by chance, its peak between -30 and 0 dB."""
    mono = mono / max(float(np.abs(mono).max()), 1e-6)
    if random.random() < 0.7:
        mono = _coloured(mono, random)
    if random.random() < 0.15:  # driven into a limiter
        mono = np.tanh(mono * np.float32(random.uniform(1.5, 5.0)))
    if random.random() < 0.3:
        hiss = random.standard_normal(len(mono)).astype(np.float32)
        level = np.sqrt((mono**2).mean()) * 10 ** (random.uniform(-45, -15) / 20)
        mono = mono + hiss * np.float32(level)
    peak = 10 ** (-abs(random.normal(0.0, 10.0)) / 20)
    worn: Floats = (mono * np.float32(peak / max(float(np.abs(mono).max()), 1e-6))).astype(np.float32)
    return worn


def _coloured(mono: Floats, random: np.random.Generator) -> Floats:
    """An equalizer, sometimes a room and a codec's ceiling, in one product of spectra."""
    size = 1 << int(np.ceil(np.log2(len(mono) + RATE)))
    spectrum = np.fft.rfft(mono, size)
    hz = np.arange(len(spectrum)) * RATE / size
    octaves = np.log2(np.maximum(hz, 20.0) / 20.0)
    gain_db = np.interp(octaves, np.arange(0.0, 12.0, 2.0), random.normal(0.0, 4.0, 6))
    if random.random() < 0.1:  # a small loudspeaker, a telephone
        gain_db -= 24.0 * np.maximum(np.log2(random.uniform(100, 300) / np.maximum(hz, 1.0)), 0.0)
    if random.random() < 0.15:
        gain_db -= 60.0 * (hz > random.uniform(4000, 12000))
    spectrum *= 10 ** (np.maximum(gain_db, -90) / 20)
    if random.random() < 0.25:
        frames = int(RATE * random.uniform(0.2, 0.9))
        decay = np.exp(-6.9 * np.arange(frames) / frames)
        room = random.standard_normal(frames) * decay
        room *= 10 ** (random.uniform(-16, -4) / 20) / np.sqrt((room**2).sum())
        room[0] += 1.0
        spectrum *= np.fft.rfft(room, size)
    coloured: Floats = np.fft.irfft(spectrum, size)[: len(mono)].astype(np.float32)
    return coloured
