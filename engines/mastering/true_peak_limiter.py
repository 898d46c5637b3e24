"""True-peak limiter: no peak between the samples above the ceiling; below it the sound is left bit by bit.

The peaks are found at four times the rate (ITU-R BS.1770-5, annex 2), with a longer filter than the meter's. The gain
is that of the look-ahead limiter of the synth, without its delay.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import CHANNELS, Audio
from engines.synth.limiter import LATENCY_FRAMES, Limiter

BLOCK_FRAMES = 1 << 16
"""Frames of a block that is written; the bytes of dithered files depend on it."""
STEP_FRAMES = 1024
"""Frames that the limiter gets at a time: few, so that e^(frames / release) stays small."""
OVERSAMPLING = 4
REACH_FRAMES = 16
"""Frames on either side of a point between two samples from which its value is interpolated."""
KAISER_BETA = 6.0
"""Window of the interpolation: 0.01 dB to 0.42 of the sampling rate with this reach."""
SPREAD_FRAMES = 6
"""Frames on either side of a peak that get its gain: so far the gain hardly moves under the interpolated peak."""


def _make_taps() -> NDArray[np.float64]:
    """Interpolation filters, shape (OVERSAMPLING - 1, 2 * REACH_FRAMES): a windowed sinc for each point in between."""
    at = np.arange(-REACH_FRAMES + 1, REACH_FRAMES + 1)[None, :] - np.arange(1, OVERSAMPLING)[:, None] / OVERSAMPLING
    window = np.i0(KAISER_BETA * np.sqrt(np.maximum(1 - (at / REACH_FRAMES) ** 2, 0.0))) / np.i0(KAISER_BETA)
    taps: NDArray[np.float64] = np.sinc(at) * window
    sums: NDArray[np.float64] = taps.sum(axis=1, keepdims=True)
    return taps / sums


_TAPS = _make_taps()
_MOST_GAIN = float(np.abs(_TAPS).sum(axis=1).max())
"""No interpolated value is larger than the largest sample times this."""


def find_true_peaks(line: Audio, start: int, frames: int, floor: float) -> NDArray[np.float64]:
    """The peak at each of ``frames`` frames of ``line`` from ``start`` on, of all channels, also between its samples.

    ``line``: the whole sound, shape (channels, frames). Peaks that cannot exceed ``floor`` are those of the samples.
    """
    margin = REACH_FRAMES + SPREAD_FRAMES
    first, last = start - margin, start + frames + margin
    part = np.asarray(line[:, max(first, 0) : max(min(last, line.shape[1]), 0)], np.float64)
    part = np.pad(part, ((0, 0), (max(-first, 0), max(last - max(line.shape[1], 0), 0))))[:, : last - first]
    peaks = np.abs(part).max(axis=0)
    if peaks.max(initial=0.0) * _MOST_GAIN > floor:
        for channel in part:
            for taps in _TAPS:
                # value k lies between frames k + REACH_FRAMES - 1 and the next one
                between = np.abs(np.correlate(channel, taps, "valid"))
                here = slice(REACH_FRAMES - 1, REACH_FRAMES - 1 + len(between))
                after = slice(REACH_FRAMES, REACH_FRAMES + len(between))
                np.maximum(peaks[here], between, out=peaks[here])
                np.maximum(peaks[after], between, out=peaks[after])
    whole: NDArray[np.float64] = np.lib.stride_tricks.sliding_window_view(peaks, 2 * SPREAD_FRAMES + 1).max(axis=1)
    return whole[REACH_FRAMES : REACH_FRAMES + frames]


def read_blocks(audio: Audio, gain: float = 1.0) -> Iterator[Audio]:
    """Blocks of BLOCK_FRAMES of ``audio``, shape (2, frames), times ``gain``."""
    for start in range(0, audio.shape[1], BLOCK_FRAMES):
        yield np.asarray(audio[:, start : start + BLOCK_FRAMES], np.float32) * np.float32(gain)


def limit_true_peaks(audio: Audio, rate: int, gain: float, ceiling_db: float) -> Iterator[Audio]:
    """Blocks of BLOCK_FRAMES of ``audio`` times ``gain``, no true peak above ``ceiling_db`` (dBTP), without delay.

    ``audio``: shape (2, frames), which may be a mapped file; it is read in pieces.
    """
    limiter = Limiter(rate, STEP_FRAMES, ceiling_db)
    ceiling = 10.0 ** (ceiling_db / 20.0)
    late = np.zeros((CHANNELS, 0), np.float32)  # what was limited and not yet yielded
    skipped = LATENCY_FRAMES  # of the limiter's delay, still to be left out
    left = audio.shape[1]
    for start in range(0, audio.shape[1] + LATENCY_FRAMES, BLOCK_FRAMES):
        line = np.zeros((CHANNELS, BLOCK_FRAMES), np.float32)
        given = np.asarray(audio[:, start : start + BLOCK_FRAMES], np.float32)
        np.multiply(given, np.float32(gain), out=line[:, : given.shape[1]])
        peaks = find_true_peaks(audio, start, BLOCK_FRAMES, ceiling / gain) * gain
        for at in range(0, BLOCK_FRAMES, STEP_FRAMES):
            step = line[:, at : at + STEP_FRAMES]
            limiter.process(step, step, peaks[at : at + STEP_FRAMES])
        late = np.concatenate([late, line[:, skipped:]], axis=1)
        skipped = 0
        while left and late.shape[1] >= min(left, BLOCK_FRAMES):
            frames = min(left, BLOCK_FRAMES)
            yield np.ascontiguousarray(late[:, :frames])
            late, left = late[:, frames:], left - frames
