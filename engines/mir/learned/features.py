"""Log band spectrogram: the input features of the networks, fifty frames a second for rhythm and ten for harmony.

The windows last the same at every sampling rate. So the bins of their spectra lie at the same frequencies, and one
set of weights serves all rates. Both windows end at the newest frame; nothing of the future is used.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bridge.core.arrays import Float32Array

STEPS_PER_SECOND = 50
STEPS_PER_HARMONY_STEP = 5
"""The harmony network runs at every fifth step."""
RHYTHM_WINDOW_S = 2048 / 44100
HARMONY_WINDOW_S = 16384 / 44100
RHYTHM_BANDS = 80
HARMONY_BANDS = 252
"""Three per semitone over seven octaves."""
LOWEST_HZ = 440.0 * 2.0 ** ((24 - 69) / 12)
"""C1, the first harmony band."""
LOWEST_RHYTHM_HZ, HIGHEST_RHYTHM_HZ = 30.0, 10000.0
LOG_COMPRESSION = 1000.0
"""log(1 + 1000 x): a tone at -60 dB still counts, the noise of a converter does not."""
SILENT_BAND = 0.02
"""Log bands below this (-76 dB) are silence, whatever a network makes of them."""
LOWEST_RATE = 22050


def is_fast_fft_size(frames: int) -> bool:
    """Whether an FFT of this size is fast: pocketfft has radices for the primes up to 11."""
    for prime in (2, 3, 5, 7, 11):
        while frames % prime == 0:
            frames //= prime
    return frames == 1


def choose_window_frames(rate: int, seconds: float) -> int:
    """The fast FFT size nearest to ``seconds``, half a percent off at most.

    At 48 kHz the exact harmony window, 17833 frames, would take ten times as long.
    """
    wanted = round(rate * seconds)
    return next(n for away in range(wanted) for n in (wanted + away, wanted - away) if is_fast_fft_size(n))


def get_step_end(step: int, rate: int) -> int:
    """The frame at which the window of step number ``step`` ends (exclusive). Steps are whole frames at every rate."""
    return ((step + 1) * rate + STEPS_PER_SECOND // 2) // STEPS_PER_SECOND


def _build_triangular_filters(
    centres_hz: NDArray[np.float64], width_hz: NDArray[np.float64], window_s: float
) -> Float32Array:
    """Shape (bands, bins): triangular filters around the centres, the weights of each sum to one."""
    bins = int(np.ceil((centres_hz[-1] + 2 * width_hz[-1]) * window_s)) + 2
    hz = np.arange(bins) / window_s
    weights = np.maximum(0.0, 1.0 - np.abs(hz[None, :] - centres_hz[:, None]) / width_hz[:, None])
    return np.asarray(weights / weights.sum(1, keepdims=True), np.float32)


def build_rhythm_filterbank(window_s: float) -> Float32Array:
    """Shape (RHYTHM_BANDS, bins) for a window of ``window_s``.

    Bands are evenly spaced in pitch above about 250 Hz, where bins are narrower than bands.
    """
    corner = 250.0
    low, high = (np.log1p(hz / corner) for hz in (LOWEST_RHYTHM_HZ, HIGHEST_RHYTHM_HZ))
    edges = corner * np.expm1(np.linspace(low, high, RHYTHM_BANDS + 1))
    centres, widths = 0.5 * (edges[1:] + edges[:-1]), np.maximum(np.diff(edges), 1.01 / window_s)
    return _build_triangular_filters(centres, widths, window_s)


def build_harmony_filterbank(window_s: float) -> Float32Array:
    """Shape (HARMONY_BANDS, bins) for a window of ``window_s``: a third of a semitone each, from one below C1."""
    centres = LOWEST_HZ * 2.0 ** ((np.arange(HARMONY_BANDS) - 1) / 36)
    widths = np.maximum(centres * (2.0 ** (1 / 36) - 1), 1.01 / window_s)
    return _build_triangular_filters(centres, widths, window_s)


class LogBands:
    """Log band spectrum of windows at ``rate``; ``build_filterbank`` returns the filters for a window length."""

    def __init__(self, rate: int, window_s: float, build_filterbank: Callable[[float], Float32Array]) -> None:
        self.window = choose_window_frames(rate, window_s)
        filterbank = build_filterbank(self.window / rate)
        self._taper = np.hanning(self.window + 1)[:-1].astype(np.float32)
        self._taper *= np.float32(2.0 / self._taper.sum())
        self._filterbank = np.ascontiguousarray(filterbank.T)
        self._bins = filterbank.shape[1]

    def compute(self, windows: Float32Array) -> Float32Array:
        """``windows`` (..., window) of mono audio to log bands (..., bands): 0 for silence, about 1 for full scale."""
        spectrum = np.fft.rfft(windows * self._taper)[..., : self._bins]
        magnitude = np.abs(spectrum).astype(np.float32)
        if magnitude.shape[-1] < self._bins:  # at this rate the spectrum ends below the last band
            padding = [(0, 0)] * (magnitude.ndim - 1) + [(0, self._bins - magnitude.shape[-1])]
            magnitude = np.pad(magnitude, padding)
        scale = np.float32(1 / np.log1p(LOG_COMPRESSION))
        log_bands: Float32Array = np.log1p(LOG_COMPRESSION * (magnitude @ self._filterbank)) * scale
        return log_bands


def make_rhythm_log_bands(rate: int) -> LogBands:
    """The features of the rhythm network."""
    return LogBands(rate, RHYTHM_WINDOW_S, build_rhythm_filterbank)


def make_harmony_log_bands(rate: int) -> LogBands:
    """The features of the harmony network."""
    return LogBands(rate, HARMONY_WINDOW_S, build_harmony_filterbank)


def list_step_ends(frames: int, rate: int, every: int = 1) -> NDArray[np.int64]:
    """The end frames of the steps that lie within ``frames`` of audio, or of each ``every``-th step."""
    ends = [get_step_end(step, rate) for step in range(every - 1, frames * STEPS_PER_SECOND // rate + 1, every)]
    return np.array([end for end in ends if end <= frames], np.int64)


def compute_log_bands(mono: Float32Array, log_bands: LogBands, ends: NDArray[np.int64]) -> Float32Array:
    """The log bands (len(ends), bands) of ``mono`` (frames,) at each of ``ends``; before its start is silence."""
    padded = np.concatenate([np.zeros(log_bands.window, np.float32), mono])
    windows = np.lib.stride_tricks.sliding_window_view(padded, log_bands.window)[ends]
    return np.concatenate([log_bands.compute(windows[i : i + 64]) for i in range(0, len(ends), 64)])
