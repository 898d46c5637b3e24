"""What the networks hear: levels of narrow bands, fifty times a second for rhythm and ten times for harmony.

The windows last the same at every sampling rate, so the bins of their spectra lie at the same frequencies and one
set of weights serves all rates. Both look back from the newest frame; nothing of the future is used.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

STEPS_A_SECOND = 50
HARMONY_EVERY = 5
"""Steps from one look at the harmony to the next."""
RHYTHM_WINDOW_S = 2048 / 44100
HARMONY_WINDOW_S = 16384 / 44100
RHYTHM_BANDS = 80
HARMONY_BANDS = 252
"""Three a semitone over seven octaves."""
LOWEST_HZ = 440.0 * 2.0 ** ((24 - 69) / 12)
"""C1, the first band of the harmony."""
LOWEST_RHYTHM_HZ, HIGHEST_RHYTHM_HZ = 30.0, 10000.0
LOUDNESS = 1000.0
"""log(1 + 1000 x): a tone at -60 dB still counts, the noise of a converter does not."""
SILENT = 0.02
"""Levels below this (-76 dB) are silence, whatever a network says to it."""
LOWEST_RATE = 22050


def is_fast(frames: int) -> bool:
    """Whether a spectrum of so many frames takes little time: pocketfft knows the primes up to 11."""
    for prime in (2, 3, 5, 7, 11):
        while frames % prime == 0:
            frames //= prime
    return frames == 1


def window_frames(rate: int, seconds: float) -> int:
    """About ``seconds``, and fast: the nearest such number of frames, half a percent off at most. At 48 kHz the
    exact one of the harmony, 17833, would take ten times as long."""
    wanted = round(rate * seconds)
    return next(n for away in range(wanted) for n in (wanted + away, wanted - away) if is_fast(n))


def step_end(step: int, rate: int) -> int:
    """The frame before which step number ``step`` has heard everything: steps are whole frames at every rate."""
    return ((step + 1) * rate + STEPS_A_SECOND // 2) // STEPS_A_SECOND


def _triangles(centres_hz: NDArray[np.float64], width_hz: NDArray[np.float64], window_s: float) -> Floats:
    """Shape (bands, bins): each band weighs the bins around its centre, its weights sum to one."""
    bins = int(np.ceil((centres_hz[-1] + 2 * width_hz[-1]) * window_s)) + 2
    hz = np.arange(bins) / window_s
    weights = np.maximum(0.0, 1.0 - np.abs(hz[None, :] - centres_hz[:, None]) / width_hz[:, None])
    return np.asarray(weights / weights.sum(1, keepdims=True), np.float32)


def rhythm_bands(window_s: float) -> Floats:
    """Shape (RHYTHM_BANDS, bins) for a window of so many seconds: evenly spaced in pitch above 250 Hz or
    so, where bins are narrower than bands."""
    corner = 250.0
    low, high = (np.log1p(hz / corner) for hz in (LOWEST_RHYTHM_HZ, HIGHEST_RHYTHM_HZ))
    edges = corner * np.expm1(np.linspace(low, high, RHYTHM_BANDS + 1))
    centres, widths = 0.5 * (edges[1:] + edges[:-1]), np.maximum(np.diff(edges), 1.01 / window_s)
    return _triangles(centres, widths, window_s)


def harmony_bands(window_s: float) -> Floats:
    """Shape (HARMONY_BANDS, bins) for a window of so many seconds: a third of a semitone each, from one below C1."""
    centres = LOWEST_HZ * 2.0 ** ((np.arange(HARMONY_BANDS) - 1) / 36)
    widths = np.maximum(centres * (2.0 ** (1 / 36) - 1), 1.01 / window_s)
    return _triangles(centres, widths, window_s)


class Levels:
    """Compressed band levels of windows at ``rate``: as ``bands_of`` a window of so many seconds says."""

    def __init__(self, rate: int, window_s: float, bands_of: Callable[[float], Floats]) -> None:
        self.window = window_frames(rate, window_s)
        bands = bands_of(self.window / rate)
        self._taper = np.hanning(self.window + 1)[:-1].astype(np.float32)
        self._taper *= np.float32(2.0 / self._taper.sum())
        self._bands = np.ascontiguousarray(bands.T)
        self._bins = bands.shape[1]

    def of(self, windows: Floats) -> Floats:
        """``windows`` (..., window) of mono audio: levels (..., bands), 0 for silence and about 1 for full scale."""
        spectrum = np.fft.rfft(windows * self._taper)[..., : self._bins]
        magnitude = np.abs(spectrum).astype(np.float32)
        if magnitude.shape[-1] < self._bins:  # a rate whose spectrum ends below the last band
            room = [(0, 0)] * (magnitude.ndim - 1) + [(0, self._bins - magnitude.shape[-1])]
            magnitude = np.pad(magnitude, room)
        levels: Floats = np.log1p(LOUDNESS * (magnitude @ self._bands)) * np.float32(1 / np.log1p(LOUDNESS))
        return levels


def rhythm_levels(rate: int) -> Levels:
    return Levels(rate, RHYTHM_WINDOW_S, rhythm_bands)


def harmony_levels(rate: int) -> Levels:
    return Levels(rate, HARMONY_WINDOW_S, harmony_bands)


def ends_of(frames: int, rate: int, every: int = 1) -> NDArray[np.int64]:
    """Where the steps of ``frames`` of audio end, each ``every``-th: those that have all of their audio."""
    ends = [step_end(step, rate) for step in range(every - 1, frames * STEPS_A_SECOND // rate + 1, every)]
    return np.array([end for end in ends if end <= frames], np.int64)


def gathered(mono: Floats, levels: Levels, ends: NDArray[np.int64]) -> Floats:
    """The levels (len(ends), bands) of ``mono`` (frames,) at each of ``ends``; silence stands before its start."""
    padded = np.concatenate([np.zeros(levels.window, np.float32), mono])
    windows = np.lib.stride_tricks.sliding_window_view(padded, levels.window)[ends]
    return np.concatenate([levels.of(windows[i : i + 64]) for i in range(0, len(ends), 64)])
