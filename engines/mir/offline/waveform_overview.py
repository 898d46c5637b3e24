"""Waveform overview: minimum and maximum peaks of a song of any length in a bounded number of columns."""

from __future__ import annotations

import numpy as np

from bridge.core.audio import Audio

COLUMNS = 8192
FIRST_FRAMES = 64


class WaveformOverview:
    """Minimum and maximum of all channels per column. When 2 * COLUMNS are full, each pair becomes one."""

    def __init__(self) -> None:
        self.frames_per_column = FIRST_FRAMES
        """Frames per column."""
        self._columns = np.zeros((2, 0), np.float32)
        self._waiting = np.zeros((2, 0), np.float32)

    def push(self, audio: Audio) -> None:
        """Append audio, shape (channels, any)."""
        both = np.concatenate([self._waiting, [audio.min(axis=0), audio.max(axis=0)]], axis=1)
        whole = both.shape[1] - both.shape[1] % self.frames_per_column
        self._waiting = both[:, whole:].astype(np.float32)
        self._columns = np.concatenate(
            [self._columns, _reduce_columns(both[:, :whole], self.frames_per_column)], axis=1
        )
        while self._columns.shape[1] >= 2 * COLUMNS:
            even = self._columns.shape[1] // 2 * 2
            spare = np.repeat(
                self._columns[:, even:], self.frames_per_column, axis=1
            )  # as if its frames had just been pushed
            self._columns = _reduce_columns(self._columns[:, :even], 2)
            self._waiting = np.concatenate([spare, self._waiting], axis=1)
            self.frames_per_column *= 2

    @property
    def columns(self) -> Audio:
        """Shape (2, columns): minima, then maxima; the last column may be a short one."""
        return np.concatenate([self._columns, _reduce_columns(self._waiting, max(self._waiting.shape[1], 1))], axis=1)


def _reduce_columns(both: Audio, count: int) -> Audio:
    """(2, columns * count) to (2, columns): the minima of the first row, the maxima of the second."""
    low, high = both.reshape(2, -1, count)
    return np.stack([low.min(axis=1), high.max(axis=1)]).astype(np.float32) if low.size else both[:, :0]
