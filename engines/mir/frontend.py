"""What the networks hear: levels of narrow bands, fifty times a second for rhythm and ten times for harmony.

The windows last the same at every sampling rate, so the bins of their spectra lie at the same frequencies and one
set of weights serves all rates. Both look back from the newest frame; nothing of the future is used.
"""

from __future__ import annotations

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
LOWEST_RATE = 22050


def window_frames(rate: int, seconds: float) -> int:
    return round(rate * seconds)


def step_end(step: int, rate: int) -> int:
    """The frame before which step number ``step`` has heard everything: steps are whole frames at every rate."""
    return ((step + 1) * rate + STEPS_A_SECOND // 2) // STEPS_A_SECOND


def _triangles(centres_hz: NDArray[np.float64], width_hz: NDArray[np.float64], window_s: float) -> Floats:
    """Shape (bands, bins): each band weighs the bins around its centre, its weights sum to one."""
    bins = int(np.ceil((centres_hz[-1] + 2 * width_hz[-1]) * window_s)) + 2
    hz = np.arange(bins) / window_s
    weights = np.maximum(0.0, 1.0 - np.abs(hz[None, :] - centres_hz[:, None]) / width_hz[:, None])
    return np.asarray(weights / weights.sum(1, keepdims=True), np.float32)


def rhythm_bands() -> Floats:
    """Shape (RHYTHM_BANDS, bins): evenly spaced in pitch above 250 Hz or so, where bins are narrower than bands."""
    corner = 250.0
    low, high = (np.log1p(hz / corner) for hz in (LOWEST_RHYTHM_HZ, HIGHEST_RHYTHM_HZ))
    edges = corner * np.expm1(np.linspace(low, high, RHYTHM_BANDS + 1))
    centres, widths = 0.5 * (edges[1:] + edges[:-1]), np.maximum(np.diff(edges), 1.01 / RHYTHM_WINDOW_S)
    return _triangles(centres, widths, RHYTHM_WINDOW_S)


def harmony_bands() -> Floats:
    """Shape (HARMONY_BANDS, bins): a third of a semitone each, from a sixth below C1's sharp side upwards."""
    centres = LOWEST_HZ * 2.0 ** ((np.arange(HARMONY_BANDS) - 1) / 36)
    widths = np.maximum(centres * (2.0 ** (1 / 36) - 1), 1.01 / HARMONY_WINDOW_S)
    return _triangles(centres, widths, HARMONY_WINDOW_S)


class Levels:
    """Compressed band levels of windows at ``rate``: for rhythm or for harmony, as ``bands`` and ``window_s`` say."""

    def __init__(self, rate: int, window_s: float, bands: Floats) -> None:
        self.window = window_frames(rate, window_s)
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
    return Levels(rate, RHYTHM_WINDOW_S, rhythm_bands())


def harmony_levels(rate: int) -> Levels:
    return Levels(rate, HARMONY_WINDOW_S, harmony_bands())


def ends_of(frames: int, rate: int, every: int = 1) -> NDArray[np.int64]:
    """Where the steps of ``frames`` of audio end, each ``every``-th: those that have all of their audio."""
    ends = [step_end(step, rate) for step in range(every - 1, frames * STEPS_A_SECOND // rate + 1, every)]
    return np.array([end for end in ends if end <= frames], np.int64)


def gathered(mono: Floats, levels: Levels, ends: NDArray[np.int64]) -> Floats:
    """The levels (len(ends), bands) of ``mono`` (frames,) at each of ``ends``; silence stands before its start."""
    padded = np.concatenate([np.zeros(levels.window, np.float32), mono])
    windows = np.lib.stride_tricks.sliding_window_view(padded, levels.window)[ends]
    return np.concatenate([levels.of(windows[i : i + 64]) for i in range(0, len(ends), 64)])
