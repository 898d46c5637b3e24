"""A limiter: no sample leaves it above the ceiling, and what is below it leaves as it came, a little later."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import CHANNELS, Audio
from engines.saved_state import SavedState

CEILING_DB = -1.0
"""Leaves room for what a converter makes between samples; EBU R 128 asks for as much of a programme's true peak."""
WINDOW_FRAMES = 64
"""The gain falls over so many frames (1.5 ms at 44.1 kHz); a power of two, see `_lowest`."""
LATENCY_FRAMES = WINDOW_FRAMES - 1
RELEASE_S = 0.1
"""The time constant with which the gain comes back."""
NOTHING = 1e-9
"""A reduction that is less is none."""


class Limiter(SavedState):
    """One gain for both channels. Its output is its input LATENCY_FRAMES later, times that gain.

    The gain that each sample needs, taken down to the lowest of the next WINDOW_FRAMES and let come back slowly, is
    averaged over the last WINDOW_FRAMES. Whatever the peak, the average holds nothing but gains low enough for it.
    """

    saved_fields = ("_past", "_needed", "_held", "_reduction")

    def __init__(self, rate: int, frames: int) -> None:
        """For blocks of ``frames`` at ``rate`` Hz."""
        self._ceiling = 10.0 ** (CEILING_DB / 20.0)
        self._fall = np.exp(np.arange(1, frames + 1) / (RELEASE_S * rate))
        self._past = np.zeros((CHANNELS, LATENCY_FRAMES), np.float32)
        self._needed = np.ones(LATENCY_FRAMES)  # the gains that these frames need
        self._held = np.ones(LATENCY_FRAMES)  # the gains of the last frames before they are averaged
        self._reduction = 0.0  # 1 less the last of them

    def reset(self) -> None:
        self._past[:] = 0
        self._needed[:] = 1
        self._held[:] = 1
        self._reduction = 0.0

    def __call__(self, block: Audio, out: Audio) -> None:
        """``block`` and ``out``: shape (2, frames); they may be the same array."""
        frames = block.shape[1]
        line = np.concatenate([self._past, block], axis=1)
        if self._reduction == 0.0 and self._rests(block):  # nothing to do, as mostly: the same bits, sooner
            self._past[:] = line[:, frames:]
            out[:] = line[:, :frames]
            return
        peaks = np.maximum(np.abs(block).max(axis=0).astype(np.float64), self._ceiling)
        needed = np.concatenate([self._needed, self._ceiling / peaks])
        lowest = _lowest(needed)
        # d[n] = max(1 - lowest[n], d[n - 1] / e^(1 / release)) for all n at once: the highest blown up so far
        falling = np.maximum.accumulate(np.concatenate([[self._reduction], (1.0 - lowest) * self._fall]))[1:]
        reduction = falling / self._fall
        reduction[reduction < NOTHING] = 0.0
        held = np.concatenate([self._held, 1.0 - reduction])
        sums = np.cumsum(np.concatenate([[0.0], held]))
        gains = (sums[WINDOW_FRAMES:] - sums[:-WINDOW_FRAMES]) / WINDOW_FRAMES
        gains[gains > 1.0 - NOTHING] = 1.0
        self._past[:] = line[:, frames:]
        self._needed[:] = needed[frames:]
        self._held[:] = held[frames:]
        self._reduction = float(reduction[-1])
        np.multiply(line[:, :frames], gains.astype(np.float32), out=out)

    def _rests(self, block: Audio) -> bool:
        """Whether neither ``block`` nor what came before asks for less than all."""
        loudest = max(float(block.max()), -float(block.min()))
        return loudest <= self._ceiling and bool((self._needed == 1.0).all() and (self._held == 1.0).all())


def _lowest(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The lowest of each WINDOW_FRAMES values in a row, by windows of twice the length each time."""
    reach = 1
    while reach < WINDOW_FRAMES:
        values = np.minimum(values[:-reach], values[reach:])
        reach *= 2
    return values


def limited(audio: Audio, rate: int) -> Audio:
    """``audio``, shape (2, frames), limited as a whole and not delayed."""
    limiter = Limiter(rate, CHUNK_FRAMES)
    padded = np.pad(audio, ((0, 0), (0, LATENCY_FRAMES + -(audio.shape[1] + LATENCY_FRAMES) % CHUNK_FRAMES)))
    for first in range(0, padded.shape[1], CHUNK_FRAMES):
        chunk = padded[:, first : first + CHUNK_FRAMES]
        limiter(chunk, chunk)
    return np.ascontiguousarray(padded[:, LATENCY_FRAMES : LATENCY_FRAMES + audio.shape[1]])


CHUNK_FRAMES = 1024
"""Of `limited`: so short that e^(frames / release) is no large number."""
