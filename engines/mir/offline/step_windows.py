"""Step windows of a song: its mono signal, and the window of audio that ends at each step of the analysis."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bridge.core.arrays import Float32Array
from bridge.core.audio import Audio
from engines.downmix import Downmix
from engines.mir.learned.features import get_step_end

CANCELLATION_PIECE_FRAMES = 16_384
"""Cancellation of the channels is located in pieces of this length; whole blocks of `engines.downmix`."""
NO_STEP = 1 << 62


class SongDownmix:
    """Downmix of a song at ``rate`` Hz that survives out-of-phase channels and remembers where they cancelled."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._downmix = Downmix(rate)
        self._cancelling = (NO_STEP, 0)
        self.frames = 0
        """Frames so far."""

    def push(self, audio: Audio) -> Float32Array:
        """The mono signal (frames,) of the next ``audio``, shape (2, frames)."""
        mono: Float32Array = audio.mean(axis=0)
        for first in range(0, len(mono), CANCELLATION_PIECE_FRAMES):
            piece = slice(first, first + CANCELLATION_PIECE_FRAMES)
            before = self._downmix.inverted_frames
            self._downmix.correct(audio[:, piece], mono[piece])
            if self._downmix.inverted_frames > before:
                start, end = self.frames + first, self.frames + first + len(mono[piece])
                self._cancelling = (min(self._cancelling[0], start), end)
        self.frames += len(mono)
        return mono

    @property
    def cancelling_s(self) -> float:
        """Seconds in which the channels cancelled so far."""
        return self._downmix.inverted_frames / self._rate

    @property
    def cancelling_between_s(self) -> tuple[float, float]:
        """The first and last time (seconds) at which they did, to a third of a second."""
        start, end = self._cancelling
        return min(start, end) / self._rate, end / self._rate


class StepWindows:
    """Windows of ``window`` frames that end at the steps of a mono signal at ``rate`` Hz, before which is silence."""

    def __init__(self, rate: int, window: int) -> None:
        self._rate, self._window = rate, window
        self._pending = np.zeros(window, np.float32)
        self._offset = -window  # the frame of its first sample
        self.steps = 0
        """Steps so far."""

    def push(self, mono: Float32Array) -> Iterator[tuple[int, Float32Array]]:
        """The frame before which each step that ``mono`` completes ends, and its window."""
        self._pending = np.concatenate([self._pending, mono])
        end_frame = self._offset + len(self._pending)
        while (end := get_step_end(self.steps, self._rate)) <= end_frame:
            self.steps += 1
            yield end, self._pending[end - self._window - self._offset : end - self._offset]
        kept = get_step_end(self.steps, self._rate) - self._window
        self._pending = self._pending[kept - self._offset :].copy()
        self._offset = kept
