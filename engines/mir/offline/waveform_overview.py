"""The shape of a waveform of any length in a bounded number of columns, gathered while it passes."""

from __future__ import annotations

import numpy as np

from bridge.core.audio import Audio

COLUMNS = 8192
FIRST_FRAMES = 64


class WaveformOverview:
    """Lowest and highest sample of all channels a column. When 2 * COLUMNS are full, each pair becomes one."""

    def __init__(self) -> None:
        self.frames_each = FIRST_FRAMES
        """Frames in a column."""
        self._columns = np.zeros((2, 0), np.float32)
        self._waiting = np.zeros((2, 0), np.float32)

    def push(self, audio: Audio) -> None:
        """The next of the song, shape (channels, any)."""
        both = np.concatenate([self._waiting, [audio.min(axis=0), audio.max(axis=0)]], axis=1)
        whole = both.shape[1] - both.shape[1] % self.frames_each
        self._waiting = both[:, whole:].astype(np.float32)
        self._columns = np.concatenate([self._columns, _joined(both[:, :whole], self.frames_each)], axis=1)
        while self._columns.shape[1] >= 2 * COLUMNS:
            even = self._columns.shape[1] // 2 * 2
            spare = np.repeat(self._columns[:, even:], self.frames_each, axis=1)  # as if its frames had just come
            self._columns = _joined(self._columns[:, :even], 2)
            self._waiting = np.concatenate([spare, self._waiting], axis=1)
            self.frames_each *= 2

    @property
    def columns(self) -> Audio:
        """Shape (2, columns): the lowest, then the highest; the last column may be a short one."""
        return np.concatenate([self._columns, _joined(self._waiting, max(self._waiting.shape[1], 1))], axis=1)


def _joined(both: Audio, count: int) -> Audio:
    """(2, columns * count) as (2, columns): the lowest of the first row, the highest of the second."""
    low, high = both.reshape(2, -1, count)
    return np.stack([low.min(axis=1), high.max(axis=1)]).astype(np.float32) if low.size else both[:, :0]
