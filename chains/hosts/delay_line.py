"""Delay line: a stereo signal later by a whole number of frames; another delay is faded in over one block."""

from __future__ import annotations

import numpy as np

from bridge.core.audio import CHANNELS, Audio


class DelayLine:
    """Delays blocks of one size by up to ``most_frames``.

    Attributes:
        delay_frames: What it delays by from the next block on.
    """

    def __init__(self, most_frames: int, block_frames: int) -> None:
        self._most_frames = most_frames
        self._ring = np.zeros((CHANNELS, most_frames + block_frames), np.float32)
        self._at = 0
        self._ramp = ((np.arange(block_frames) + 1.0) / block_frames).astype(np.float32)
        self._former = np.zeros((CHANNELS, block_frames), np.float32)
        self._present_frames = 0
        self.delay_frames = 0

    def set_delay(self, frames: int) -> None:
        """Delay by ``frames`` from the next block on.

        Raises:
            ValueError: That is more than the line holds, or less than nothing.
        """
        if not 0 <= frames <= self._most_frames:
            raise ValueError(f"{frames} frames are not between 0 and {self._most_frames}")
        self.delay_frames = frames

    def reset(self) -> None:
        """Continue from silence, with the delay that was set, without a fade."""
        self._ring[:] = 0.0
        self._at = 0
        self._present_frames = self.delay_frames

    def process(self, block: Audio) -> Audio:
        """Take a block, shape (2, block_frames), and give out a new one, late by the delay."""
        frames = block.shape[1]
        if self._present_frames == self.delay_frames == 0:
            self._write(block)
            return block
        self._write(block)
        out = np.empty_like(block)
        self._read(self.delay_frames, out)
        if self._present_frames != self.delay_frames:
            self._read(self._present_frames, self._former)
            out = np.asarray(self._former + (out - self._former) * self._ramp[:frames], np.float32)
            self._present_frames = self.delay_frames
        return out

    def _write(self, block: Audio) -> None:
        size, frames = self._ring.shape[1], block.shape[1]
        first = min(frames, size - self._at)
        self._ring[:, self._at : self._at + first] = block[:, :first]
        self._ring[:, : frames - first] = block[:, first:]
        self._at = (self._at + frames) % size

    def _read(self, delay_frames: int, out: Audio) -> None:
        size, frames = self._ring.shape[1], out.shape[1]
        start = (self._at - frames - delay_frames) % size
        first = min(frames, size - start)
        out[:, :first] = self._ring[:, start : start + first]
        out[:, first:] = self._ring[:, : frames - first]
