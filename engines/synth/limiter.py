"""Look-ahead limiter: no sample above the ceiling; below it the output is the delayed input, bit by bit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import CHANNELS, Audio
from engines.saved_state import SavedState

CEILING_DB = -1.0
"""Leaves headroom for inter-sample peaks; EBU R 128 asks for the same of a programme's true peak."""
WINDOW_FRAMES = 64
"""Attack: the gain falls over so many frames (1.5 ms at 44.1 kHz); a power of two, see `_find_lowest`."""
LATENCY_FRAMES = WINDOW_FRAMES - 1
RELEASE_S = 0.1
"""Time constant of the release."""
MIN_REDUCTION = 1e-9
"""A smaller gain reduction counts as none."""


class Limiter(SavedState):
    """Stereo-linked limiter: its output is its input LATENCY_FRAMES later, times one gain for both channels.

    The gain that each sample needs is held at the minimum of the next WINDOW_FRAMES, released slowly, and averaged over
    the last WINDOW_FRAMES. All gains in the average are low enough for any peak, so the average is, too.
    """

    saved_fields = ("_past", "_needed", "_held", "_reduction")

    def __init__(self, rate: int, frames: int, ceiling_db: float = CEILING_DB) -> None:
        """For blocks of ``frames`` at ``rate`` Hz."""
        self._ceiling = 10.0 ** (ceiling_db / 20.0)
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

    def process(self, block: Audio, out: Audio, peaks: NDArray[np.float64] | None = None) -> None:
        """Limit ``block`` into ``out``, both of shape (2, frames); they may be the same array.

        ``peaks``: the peak at each frame, of both channels; by default that of the samples.
        """
        frames = block.shape[1]
        line = np.concatenate([self._past, block], axis=1)
        if peaks is None:
            peaks = np.abs(block).max(axis=0).astype(np.float64)
        if self._reduction == 0.0 and self._is_idle(peaks):  # the usual case: the same bits, sooner
            self._past[:] = line[:, frames:]
            out[:] = line[:, :frames]
            return
        needed = np.concatenate([self._needed, self._ceiling / np.maximum(peaks, self._ceiling)])
        lowest = _find_lowest(needed)
        # d[n] = max(1 - lowest[n], d[n - 1] / e^(1 / release)) for all n at once, as a running maximum
        falling = np.maximum.accumulate(np.concatenate([[self._reduction], (1.0 - lowest) * self._fall]))[1:]
        reduction = falling / self._fall
        reduction[reduction < MIN_REDUCTION] = 0.0
        held = np.concatenate([self._held, 1.0 - reduction])
        sums = np.cumsum(np.concatenate([[0.0], held]))
        gains = (sums[WINDOW_FRAMES:] - sums[:-WINDOW_FRAMES]) / WINDOW_FRAMES
        gains[gains > 1.0 - MIN_REDUCTION] = 1.0
        self._past[:] = line[:, frames:]
        self._needed[:] = needed[frames:]
        self._held[:] = held[frames:]
        self._reduction = float(reduction[-1])
        np.multiply(line[:, :frames], gains.astype(np.float32), out=out)

    def _is_idle(self, peaks: NDArray[np.float64]) -> bool:
        """Whether neither these frames nor those before them need a gain below 1."""
        return float(peaks.max()) <= self._ceiling and bool((self._needed == 1.0).all() and (self._held == 1.0).all())


def _find_lowest(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sliding minimum over WINDOW_FRAMES values, by windows of twice the length each time."""
    reach = 1
    while reach < WINDOW_FRAMES:
        values = np.minimum(values[:-reach], values[reach:])
        reach *= 2
    return values


def limit(audio: Audio, rate: int) -> Audio:
    """Limit the whole of ``audio``, shape (2, frames), without delay."""
    limiter = Limiter(rate, CHUNK_FRAMES)
    padded = np.pad(audio, ((0, 0), (0, LATENCY_FRAMES + -(audio.shape[1] + LATENCY_FRAMES) % CHUNK_FRAMES)))
    for first in range(0, padded.shape[1], CHUNK_FRAMES):
        chunk = padded[:, first : first + CHUNK_FRAMES]
        limiter.process(chunk, chunk)
    return np.ascontiguousarray(padded[:, LATENCY_FRAMES : LATENCY_FRAMES + audio.shape[1]])


CHUNK_FRAMES = 1024
"""Block of `limit`: so short that e^(frames / release) stays small."""
