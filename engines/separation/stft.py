"""Low-latency STFT of the learned separator: powers from a hop, stems from masks; compiled, only the FFT allocates.

Its windows are asymmetric: a long analysis window, and a short synthesis window at its end.

It works on mid, (L + R) / 2, and side, (L - R) / 2, which the masks apply to; the output is mid + side and mid - side.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.core.arrays import Complex64Array, Float32Array
from bridge.core.audio import CHANNELS, MAX_SAMPLE, STEMS, Audio
from bridge.core.jit import njit
from bridge.errors import EngineError
from engines.separation.frequency_grid import BINS, POINTS, WINDOW, compute_pooling, compute_spreading

FEATURES = 3
"""Input features of the network: power of mid, of side, and twice their real cross product."""
SIDES = 2
MASKED_STEMS = len(STEMS) - 1
"""Stems that are masked; the last stem is the remainder."""
MIN_SAMPLE = 1e-15
"""300 dB below full scale. Smaller samples become silence, too, before their squares are denormal."""


def make_windows(window: int, hop: int, overlap: int) -> tuple[Float32Array, Float32Array]:
    """Make analysis (window,) and synthesis (hop + overlap,) windows for a latency of ``overlap`` frames.

    The analysis rises over ``window - overlap`` frames and falls over ``overlap``, both as quarter sines. Their
    product over the last ``hop + overlap`` frames is 1 save for a squared-sine fade of ``overlap`` frames at either
    end, so that neighbouring hops add up to the input. Such asymmetric windows: Mauler and Martin, "A low delay,
    variable resolution, perfect reconstruction spectral analysis-synthesis system", EUSIPCO 2007.
    """
    if not 0 < overlap <= hop or hop + overlap > window:
        raise EngineError(f"a window of {window} frames, hop {hop}, overlap {overlap}", "0 < overlap <= hop")
    rise = window - overlap
    analysis = np.concatenate(
        [
            np.sin(np.pi / 2 * (np.arange(rise) + 0.5) / rise),
            np.cos(np.pi / 2 * (np.arange(overlap) + 0.5) / overlap),
        ]
    )
    fade = np.sin(np.pi / 2 * (np.arange(overlap) + 0.5) / overlap) ** 2
    product = np.concatenate([fade, np.ones(hop - overlap), fade[::-1]])
    return analysis.astype(np.float32), (product / analysis[-hop - overlap :]).astype(np.float32)


class StemStft:
    """Analysis and synthesis of one hop. Between the two a network reads ``power`` and fills ``masks``.

    ``power``: (1, 1, FEATURES, POINTS). ``masks``: (1, 1, stems, SIDES, POINTS), positive, with sum 1 over the stems.
    ``stems``: (stems, CHANNELS, hop), the output, ``overlap`` frames late.
    """

    def __init__(self, rate: int, hop: int, overlap: int) -> None:
        self._analysis, self._synthesis = make_windows(WINDOW, hop, overlap)
        self._scale = np.float32((2.0 / float(self._analysis.sum(dtype=np.float64))) ** 2)
        self._pool = to_sparse_rows(compute_pooling(rate))
        self._spread = compute_spreading(rate)
        self._fresh = np.zeros((CHANNELS, hop), np.float32)
        self._frame = np.zeros((SIDES, WINDOW), np.float32)
        self._spectrum = np.zeros((SIDES, BINS), np.complex64)
        self._powers = np.zeros((FEATURES, BINS), np.float32)
        self._masked = np.zeros((MASKED_STEMS, SIDES, BINS), np.complex64)
        self._waves = np.zeros((MASKED_STEMS, SIDES, WINDOW), np.float32)
        self._history = np.zeros((CHANNELS, WINDOW), np.float32)
        self._tail = np.zeros((MASKED_STEMS, CHANNELS, overlap), np.float32)
        self.power = np.zeros((1, 1, FEATURES, POINTS), np.float32)
        self.masks = np.full((1, 1, len(STEMS), SIDES, POINTS), 1.0 / len(STEMS), np.float32)
        self.stems = np.zeros((len(STEMS), CHANNELS, hop), np.float32)

    def analyse(self, mix: Audio) -> None:
        """Push the next hop, shape (CHANNELS, hop), and fill ``power``."""
        self._fresh[:] = mix  # the compiled functions take contiguous arrays only
        _shift_in(self._history, self._fresh, self._analysis, self._frame)
        np.fft.rfft(self._frame, axis=-1, out=self._spectrum)  # type: ignore[arg-type]  # the stub knows float64 only
        _measure_powers(self._spectrum, self._scale, self._powers)
        _pool_bins(self._powers, *self._pool, self.power[0, 0])

    def synthesise(self) -> None:
        """Apply ``masks`` to the last spectrum and fill ``stems``."""
        _apply_masks(self._spectrum, self.masks[0, 0], *self._spread, self._masked)
        np.fft.irfft(self._masked, WINDOW, axis=-1, out=self._waves)  # type: ignore[arg-type]
        _overlap_add(self._waves, self._synthesis, self._tail, self._history, self.stems)

    def list_state_arrays(self) -> dict[str, NDArray[np.generic]]:
        """The arrays that persist between hops."""
        return {"history": self._history, "tail": self._tail}


def to_sparse_rows(weights: Float32Array) -> tuple[NDArray[np.int32], NDArray[np.int32], Float32Array]:
    """Rows of (points, bins) as first bin (points,), end in the flat weights (points,), and flat weights."""
    used = [np.flatnonzero(row) for row in weights]
    spans = [row[bins[0] : bins[-1] + 1] for row, bins in zip(weights, used, strict=True)]
    first = np.array([bins[0] for bins in used], np.int32)
    return first, np.cumsum([len(span) for span in spans], dtype=np.int32), np.concatenate(spans)


@njit()
def _shift_in(history: Float32Array, fresh: Float32Array, analysis: Float32Array, frame: Float32Array) -> None:
    """Append ``fresh`` (2, hop) to ``history`` (2, WINDOW), and write its windowed mid and side to ``frame``."""
    window, hop = history.shape[1], fresh.shape[1]
    for c in range(2):
        history[c, : window - hop] = history[c, hop:]
        for i in range(hop):
            value = fresh[c, i]
            size = abs(value)
            history[c, window - hop + i] = value if MIN_SAMPLE <= size <= MAX_SAMPLE else np.float32(0.0)
    half = np.float32(0.5)
    for i in range(window):
        weight = half * analysis[i]
        frame[0, i] = (history[0, i] + history[1, i]) * weight
        frame[1, i] = (history[0, i] - history[1, i]) * weight


@njit(fastmath=True)
def _measure_powers(spectrum: Complex64Array, scale: np.float32, powers: Float32Array) -> None:
    """Fill ``powers`` (3, bins) from the ``spectrum`` (2, bins) of mid and side."""
    two = np.float32(2.0)
    for k in range(spectrum.shape[1]):
        mid, side = spectrum[0, k], spectrum[1, k]
        powers[0, k] = scale * (mid.real * mid.real + mid.imag * mid.imag)
        powers[1, k] = scale * (side.real * side.real + side.imag * side.imag)
        powers[2, k] = scale * two * (mid.real * side.real + mid.imag * side.imag)


@njit(fastmath=True)
def _pool_bins(
    powers: Float32Array, first: NDArray[np.int32], ends: NDArray[np.int32], weights: Float32Array, into: Float32Array
) -> None:
    """Pool ``powers`` (3, bins) to ``into`` (3, points) by the rows of `to_sparse_rows`."""
    start = 0
    for point in range(first.shape[0]):
        end, bin_ = ends[point], first[point]
        mid = side = both = np.float32(0.0)
        for i in range(start, end):
            k = bin_ + i - start
            mid += weights[i] * powers[0, k]
            side += weights[i] * powers[1, k]
            both += weights[i] * powers[2, k]
        into[0, point], into[1, point], into[2, point] = mid, side, both
        start = end


@njit(fastmath=True)
def _apply_masks(
    spectrum: Complex64Array, masks: Float32Array, lower: NDArray[np.int32], upper: Float32Array, masked: Complex64Array
) -> None:
    """Fill ``masked`` (3, 2, bins): ``spectrum`` (2, bins) times ``masks`` (4, 2, points) interpolated to the bins."""
    for stem in range(masked.shape[0]):
        for side in range(masked.shape[1]):
            mask = masks[stem, side]
            for k in range(spectrum.shape[1]):
                low = mask[lower[k]]
                masked[stem, side, k] = spectrum[side, k] * (low + upper[k] * (mask[lower[k] + 1] - low))


@njit()
def _overlap_add(
    waves: Float32Array, synthesis: Float32Array, tail: Float32Array, history: Float32Array, stems: Float32Array
) -> None:
    """Add the end of ``waves`` (3, 2, WINDOW) to ``tail`` (3, 2, overlap) and fill ``stems`` (4, 2, hop).

    The last stem is the delayed input minus the others, in this order; fastmath would change the order.
    """
    hop, overlap, window = stems.shape[2], tail.shape[2], waves.shape[2]
    start = window - hop - overlap
    last = stems.shape[0] - 1
    for c in range(2):
        for i in range(hop):
            stems[last, c, i] = history[c, start + i]
    for stem in range(last):
        mid, side = waves[stem, 0], waves[stem, 1]
        for i in range(hop):
            left = (mid[start + i] + side[start + i]) * synthesis[i]
            right = (mid[start + i] - side[start + i]) * synthesis[i]
            if i < overlap:
                left += tail[stem, 0, i]
                right += tail[stem, 1, i]
            stems[stem, 0, i], stems[stem, 1, i] = left, right
            stems[last, 0, i] -= left
            stems[last, 1, i] -= right
        for i in range(overlap):
            j = start + hop + i
            tail[stem, 0, i] = (mid[j] + side[j]) * synthesis[hop + i]
            tail[stem, 1, i] = (mid[j] - side[j]) * synthesis[hop + i]
