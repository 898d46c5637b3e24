"""Separators whose answers are known beforehand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from bridge.core.audio import STEMS, Audio
from engines.separation.spectrogram import analyse, synthesise

RATE = 8000
SECONDS = 1
BANDS_HZ = (0, 300, 900, 2000, 4001)


class Bands:
    """Perfect for stems that lie in bands of their own: drums the lowest, other the highest. Linear."""

    name = "bands"
    stems = STEMS
    rates: tuple[int, ...] = (RATE,)

    def __init__(self) -> None:
        self.asked = 0

    def separate(self, mix: Audio, rate: int) -> Audio:
        self.asked += 1
        spectrum = np.fft.rfft(mix)
        hz = np.fft.rfftfreq(mix.shape[1], 1 / rate)
        inside = [(hz >= low) & (hz < high) for low, high in pairwise(BANDS_HZ)]
        return np.stack([np.fft.irfft(spectrum * band, mix.shape[1]) for band in inside]).astype(np.float32)


class Shares:
    """Fixed parts of the mix, whatever they sum to; of the left channel ``lean`` more."""

    name = "shares"
    stems = STEMS
    rates: tuple[int, ...] = ()

    def __init__(self, shares: tuple[float, ...], lean: float = 0.0, bias: float = 0.0) -> None:
        self._shares, self._lean, self._bias = shares, lean, bias

    def separate(self, mix: Audio, rate: int) -> Audio:
        gains = np.array([[[share + self._lean], [share]] for share in self._shares])
        return (gains * mix + self._bias).astype(np.float32)


class Masks:
    """Two stems by ratio masks from the truth, the same for left and right: it has no ear for places."""

    name = "masks"
    stems = ("drums", "vocals")
    rates: tuple[int, ...] = ()

    def __init__(self, truth: Audio) -> None:
        power = (np.abs(analyse(truth)) ** 2).sum(axis=1)
        self._masks = power / power.sum(axis=0)

    def separate(self, mix: Audio, rate: int) -> Audio:
        return synthesise((self._masks[:, None] * analyse(mix)).astype(np.complex64), mix.shape[1])


def stems_in_bands(seconds: float = SECONDS) -> Audio:
    """Four true stems, each two tones of its own band at a place of its own, (4, 2, frames)."""
    t = np.arange(int(seconds * RATE)) / RATE
    truth = np.zeros((4, 2, t.size), np.float32)
    for i, (hz, left) in enumerate([((100, 220), 0.5), ((500, 700), 0.9), ((1200, 1600), 0.4), ((2500, 3500), 0.1)]):
        wave = 0.2 * (np.sin(2 * np.pi * hz[0] * t) + 0.5 * np.sin(2 * np.pi * hz[1] * t))
        truth[i] = np.stack([left * wave, (1 - left) * wave])
    return truth


def two_noises() -> Audio:
    """Two stems that overlap in time and frequency, one left, one right, (2, 2, frames)."""
    rng = np.random.default_rng(4)
    t = np.arange(2 * RATE) / RATE
    waves = rng.normal(0, 0.1, (2, t.size)) * np.stack([1.1 + np.sin(9 * t), 1.1 + np.cos(7 * t)])
    places = np.array([[0.9, 0.1], [0.2, 0.8]])
    return (places[:, :, None] * waves[:, None]).astype(np.float32)
