"""Levels of a signal: DC, denormal and non-finite samples, tails, steps at the edges of blocks."""

from __future__ import annotations

import numpy as np

from bridge.core.audio import Audio
from chains.checks.differences import BIT_EQUAL_DB

SMALLEST_NORMAL = float(np.finfo(np.float32).tiny)
"""Smallest normal float32, 1.2e-38: smaller ones cost some processors a hundred times the time."""
CHANCE = 4.0
"""Standard errors that the mean of noise exceeds once in 16,000 cases."""
TAIL_DB = (-60.0, -90.0)
"""Levels relative to the signal's peak at which a tail is measured: reverberation time, and below 16 bit."""


def count_bad_frames(audio: Audio) -> int:
    """Frames with NaN or infinity in any channel."""
    return int(np.count_nonzero(~np.all(np.isfinite(audio), axis=0)))


def count_denormals(audio: Audio) -> int:
    """Samples that are neither zero nor a normal float32."""
    # compared as integers: a processor that flushes denormals to zero would see none
    magnitude = np.ascontiguousarray(audio, np.float32).view(np.uint32) & np.uint32(0x7FFFFFFF)
    return int(np.count_nonzero((magnitude > 0) & (magnitude < np.uint32(0x00800000))))


def compute_dc_db(audio: Audio) -> float:
    """The largest mean of a channel in dBFS; a mean that noise of this length has by chance is none."""
    if not audio.size:
        return BIT_EQUAL_DB
    mean = np.abs(np.mean(audio, axis=1, dtype=np.float64))
    chance = CHANCE * np.std(audio, axis=1, dtype=np.float64) / np.sqrt(audio.shape[1])
    dc = float(np.max(np.where(mean > chance, mean, 0.0)))
    return max(20.0 * float(np.log10(dc)), BIT_EQUAL_DB) if dc > 0.0 else BIT_EQUAL_DB


def remove_dc(audio: Audio) -> Audio:
    """The audio without the mean of each channel."""
    return (audio - np.mean(audio, axis=1, keepdims=True, dtype=np.float64)).astype(np.float32)


def measure_tail(audio: Audio, end_frame: int, below_db: float, floor: float = 0.0) -> int:
    """Frames after ``end_frame`` until all channels stay ``below_db`` under the peak before it, or below ``floor``.

    ``audio``: shape (channels, frames), longer than ``end_frame``. The length of the rest if it never gets there.
    ``floor``: the magnitude of what comes out of silence.
    """
    peak = float(np.max(np.abs(audio[:, :end_frame]), initial=0.0))
    limit = max(peak * 10.0 ** (below_db / 20.0), floor)
    loud = np.flatnonzero(np.max(np.abs(audio[:, end_frame:]), axis=0) > limit)
    return int(loud[-1]) + 1 if loud.size else 0


def measure_step_db(audio: Audio, block_frames: int) -> float:
    """The largest step at an edge of a block, relative to the peak, in dB; ``audio``: shape (channels, frames).

    A step makes the third difference twice its height. What the signal itself has there, between the edges, is
    subtracted: so ``audio`` should be a low note.
    """
    peak = float(np.max(np.abs(audio), initial=0.0))
    if peak == 0.0 or audio.shape[1] < 4 * block_frames:
        return BIT_EQUAL_DB
    rough = np.max(np.abs(np.diff(audio.astype(np.float64), n=3, axis=1)), axis=0) / 2.0
    place = np.arange(rough.size) % block_frames
    # the third difference at index i covers the frames i to i + 3: an edge at 0 shows at -3, -2 and -1
    is_edge = place >= block_frames - 3
    step = float(np.max(rough[is_edge])) - float(np.max(rough[~is_edge]))
    return max(20.0 * float(np.log10(step / peak)), BIT_EQUAL_DB) if step > 0.0 else BIT_EQUAL_DB
