"""Alignment of two signals: the delay between them by cross-correlation, and what a filter adds to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import Audio

MEASURABLE = 0.5
"""Smallest normalised peak of the cross-correlation that says where a signal is: below it, the output is no longer
the input in any place."""
ONSET = 0.1
"""Share of the peak, -20 dB, from which on a filter's response counts as begun."""
GAP_FRAMES = 8
"""A response that stays below its onset for longer is another one, an echo for instance: zero crossings are shorter."""


@dataclass(frozen=True, slots=True)
class DelayMeasurement:
    """The delay of a signal behind another, in frames.

    Attributes:
        peak_frames: Where the cross-correlation is largest; negative: ahead.
        onset_frames: Where the response begins: before the peak where a filter smears it.
        correlation: The normalised peak, 0 to 1.
        lags: Lags in frames around the peak, for a picture.
        curve: The normalised cross-correlation at ``lags``.
    """

    peak_frames: int
    onset_frames: int
    correlation: float
    lags: NDArray[np.int64]
    curve: NDArray[np.float64]

    @property
    def is_measurable(self) -> bool:
        """Whether the peak stands out."""
        return self.correlation > MEASURABLE

    def matches(self, frames: int, smear_frames: int) -> bool:
        """Whether ``frames`` is the delay: the peak is there, or a response that begins there peaks at most
        ``smear_frames`` later, which is a filter and no latency."""
        if self.peak_frames == frames:
            return True
        return self.onset_frames <= frames < self.peak_frames <= frames + smear_frames


def measure_delay(dry: Audio, wet: Audio, limit_frames: int) -> DelayMeasurement:
    """The delay of ``wet`` behind ``dry``, both shape (channels, frames), within ``limit_frames`` either way.

    The channels are correlated one by one and added, so that no channel needs to be there in the other. ``dry``
    should be white noise: then the cross-correlation is the impulse response.
    """
    frames = max(dry.shape[1], wet.shape[1])
    size = 1 << (2 * frames - 1).bit_length()
    limit = min(limit_frames, frames - 1)
    spectra = np.conj(np.fft.rfft(dry.astype(np.float64), size)) * np.fft.rfft(wet.astype(np.float64), size)
    full = np.fft.irfft(spectra.sum(axis=0), size)
    lags = np.arange(-limit, limit + 1)
    energy = np.sqrt(np.sum(np.square(dry, dtype=np.float64)) * np.sum(np.square(wet, dtype=np.float64)))
    curve = full[lags] / energy if energy > 0.0 else np.zeros(lags.size)
    height = np.abs(curve)
    peak = int(np.argmax(height))
    return DelayMeasurement(int(lags[peak]), int(lags[_find_onset(height, peak)]), float(height[peak]), lags, curve)


def _find_onset(height: NDArray[np.float64], peak: int) -> int:
    """The index at which the response around ``peak`` begins."""
    onset = peak
    for at in np.flatnonzero(height[:peak] >= ONSET * height[peak])[::-1]:
        if onset - int(at) > GAP_FRAMES:
            break
        onset = int(at)
    return onset
