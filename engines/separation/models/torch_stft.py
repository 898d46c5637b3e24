"""STFT outside the graph, with the conventions of torch.stft that public models were trained with, on NumPy.

center=True, periodic Hann window, one-sided, the same length for window and FFT. Source of the conventions: the
documentation of torch.stft and torch.istft.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from bridge.core.audio import Audio
from bridge.errors import ModelError
from engines.separation.models.bounds import MOST_IN_SPECTRUM

Spectrum: TypeAlias = NDArray[np.complex64]
"""Shape (..., bins, columns)."""

_TINY = 1e-11
"""Where the windows sum to less, torch.istft treats the signal as lost; so do we."""


@dataclass(frozen=True)
class Stft:
    """``window`` and ``hop`` in frames. ``padding``: extension beyond both ends of the signal.

    ``normalised``: spectra are divided by sqrt(window), as torch.stft(normalized=True) does.
    """

    window: int
    hop: int
    padding: Literal["reflect", "constant"] = "reflect"
    normalised: bool = False

    @property
    def bins(self) -> int:
        return self.window // 2 + 1

    def count_columns(self, frames: int) -> int:
        """Number of columns of the spectrum of ``frames`` frames."""
        return frames // self.hop + 1

    def count_frames(self, columns: int) -> int:
        """Length of the shortest signal with ``columns`` columns."""
        return (columns - 1) * self.hop

    def analyse(self, audio: Audio) -> Spectrum:
        """Spectrum of ``audio``, shape (..., frames), as (..., bins, columns); column c is centred on frame c * hop.

        Raises: ModelError where it would not fit into memory.
        """
        numbers = audio.size // max(audio.shape[-1], 1) * self.count_columns(audio.shape[-1]) * self.window
        if numbers > MOST_IN_SPECTRUM:
            message = f"window {self.window} and hop {self.hop} over {audio.shape[-1]:,} frames: {numbers:,} numbers"
            raise ModelError(message, "give a longer hop or shorter pieces")
        ends = [(0, 0)] * (audio.ndim - 1) + [(self.window // 2, self.window // 2)]
        padded = np.pad(audio, ends, mode=self.padding)
        pieces = sliding_window_view(padded, self.window, axis=-1)[..., :: self.hop, :]
        spectrum = np.fft.rfft(pieces * self._make_hann(), axis=-1)
        if self.normalised:
            spectrum /= np.sqrt(np.float32(self.window))
        return np.swapaxes(spectrum, -1, -2).astype(np.complex64, copy=False)

    def synthesise(self, spectrum: Spectrum, frames: int) -> Audio:
        """Signal of ``frames`` frames whose spectrum is nearest to (..., bins, columns), the exact one if any."""
        hann, columns = self._make_hann(), spectrum.shape[-1]
        pieces = np.fft.irfft(np.swapaxes(spectrum, -1, -2), self.window, axis=-1).astype(np.float32, copy=False)
        if self.normalised:
            pieces *= np.sqrt(np.float32(self.window))
        pieces *= hann
        length = max((columns - 1) * self.hop + self.window, self.window // 2 + frames)
        total = np.zeros((*spectrum.shape[:-2], length), np.float32)
        weight = np.zeros(length, np.float32)
        for column in range(columns):
            at = slice(column * self.hop, column * self.hop + self.window)
            total[..., at] += pieces[..., column, :]
            weight[at] += hann * hann
        total /= np.where(weight > _TINY, weight, 1.0).astype(np.float32)
        return total[..., self.window // 2 : self.window // 2 + frames]

    def _make_hann(self) -> Audio:
        phase = 2.0 * np.pi * np.arange(self.window) / self.window
        return np.asarray(0.5 - 0.5 * np.cos(phase), np.float32)
