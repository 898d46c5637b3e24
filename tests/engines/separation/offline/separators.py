"""Separators whose right answer is known, and sounds for them."""

from __future__ import annotations

import numpy as np

from bridge.core.audio import STEMS, Audio
from bridge.core.engine import State

RATE = 44100


def noise(frames: int, seed: int = 1, channels: int = 2) -> Audio:
    return (0.1 * np.random.default_rng(seed).standard_normal((channels, frames))).astype(np.float32)


def db(wrong: Audio, right: Audio) -> float:
    """How far ``wrong`` is from ``right``: the loudest difference under the loudest sample."""
    return float(20 * np.log10(np.max(np.abs(wrong - right)) / np.max(np.abs(right)) + 1e-12))


class Filters:
    """Linear and the same at all times: each stem is the mix through a filter that hears ``reach`` frames around."""

    name, stems = "filters", STEMS

    def __init__(self, reach: int = 2000, rates: tuple[int, ...] = ()) -> None:
        self.rates = rates
        draw = np.random.default_rng(3)
        decay = np.exp(-np.abs(np.arange(-reach, reach + 1)) / (reach / 5))
        self._taps = [draw.standard_normal(2 * reach + 1) * decay / reach**0.5 for _ in STEMS[:-1]]

    def separate(self, mix: Audio, rate: int) -> Audio:
        size = 1 << (mix.shape[1] + len(self._taps[0])).bit_length()
        spectrum = np.fft.rfft(mix, size)
        reach = len(self._taps[0]) // 2
        filtered = [np.fft.irfft(spectrum * np.fft.rfft(taps, size), size) for taps in self._taps]
        stems = [sound[:, reach : reach + mix.shape[1]] for sound in filtered]
        return np.stack([*stems, mix - np.sum(stems, axis=0)]).astype(np.float32)


class Loudness:
    """Not linear: each stem takes a share that depends on how loud the piece is as a whole. They sum to the mix."""

    name, stems, rates = "loudness", STEMS, (RATE,)

    def separate(self, mix: Audio, rate: int) -> Audio:
        share = float(np.tanh(np.sqrt(np.mean(mix**2))))
        parts = np.array([share, 0.5 * share, 0.25 * share, 1 - 1.75 * share], np.float32)
        return parts[:, None, None] * mix


class Late:
    """Streams, gives ``lag`` frames late, and remembers: each vocals sample leans on the one before."""

    stems = STEMS

    def __init__(self, lag: int = 3000, rates: tuple[int, ...] = (), loud: float = 1.0) -> None:
        self.lag, self.rates, self.loud = lag, rates, loud
        self.name = "late"

    def begin(self, rate: int) -> None:
        self.rate = rate
        self._held = np.zeros((2, 0), np.float32)
        self._last = np.zeros((2, 1), np.float32)

    def push(self, mix: Audio) -> Audio:
        self._held = np.concatenate([self._held, mix], axis=1)
        return self._give(max(self._held.shape[1] - self.lag, 0))

    def finish(self) -> Audio:
        return self._give(self._held.shape[1])

    def separate(self, mix: Audio, rate: int) -> Audio:
        self.begin(rate)
        return np.concatenate([self.push(mix), self.finish()], axis=2)

    def state(self) -> State | None:
        return {"held": self._held.copy(), "last": self._last.copy()}

    def restore(self, rate: int, state: State) -> None:
        self.begin(rate)
        self._held, self._last = state["held"].astype(np.float32), state["last"].astype(np.float32)

    def _give(self, frames: int) -> Audio:
        mix, self._held = self._held[:, :frames], self._held[:, frames:]
        before = np.concatenate([self._last, mix], axis=1)
        self._last = before[:, -1:]
        loud = np.float32(self.loud)
        vocals = loud * (np.float32(0.5) * mix + np.float32(0.25) * before[:, :-1])
        drums, bass = np.float32(0.25) * mix, np.float32(0.125) * mix
        return np.stack([drums, bass, vocals, mix - (drums + bass + vocals)])
