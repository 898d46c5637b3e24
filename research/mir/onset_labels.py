"""Onset labels: onsets detected in single stems, where they are clear, as the truth for the mix."""

from __future__ import annotations

import numpy as np

from bridge.core.arrays import Float32Array, Float64Array
from engines.mir.learned.features import compute_log_bands, make_rhythm_log_bands
from research.datasets.library import RATE

HOP = RATE // 100
MEDIAN_RATIO, MIN_RISE = 2.0, 0.02
"""How much of a rise stands out: so many times the median of the second around it, and so much of full scale."""
SURROUNDING_STEPS = 50
APART_S = 0.05
AT_S = 0.021
"""How long before the end of the window that grew most an onset lies: measured on clicks and on plucked tones."""


def detect_onsets(mono: Float32Array) -> Float64Array:
    """Detect onsets in ``mono`` (frames,) at 44.1 kHz; seconds, to about 10 ms."""
    levels = make_rhythm_log_bands(RATE)
    ends = np.arange(HOP, len(mono) + 1, HOP)
    if len(ends) < 5:
        return np.zeros(0)
    band_levels = compute_log_bands(mono, levels, ends)
    grown = np.zeros(len(band_levels))
    grown[2:] = np.maximum(band_levels[2:] - band_levels[:-2], 0.0).mean(
        1
    )  # over 20 ms, as a listener of 50 steps would
    padded = np.pad(grown, SURROUNDING_STEPS, mode="edge")
    usual = np.median(
        np.lib.stride_tricks.sliding_window_view(padded, 2 * SURROUNDING_STEPS + 1)[:: SURROUNDING_STEPS // 5], 1
    )
    floor = MIN_RISE + MEDIAN_RATIO * np.repeat(usual, SURROUNDING_STEPS // 5)[: len(grown)]
    reach = round(APART_S * RATE / HOP)
    around = np.lib.stride_tricks.sliding_window_view(np.pad(grown, reach), 2 * reach + 1).max(1)
    peaks = np.flatnonzero((grown >= around) & (grown > floor))
    return np.asarray(ends[peaks] / RATE - AT_S, np.float64)


def merge_onsets(parts: list[Float64Array]) -> Float64Array:
    """Merge onsets of several parts, in order; one within 30 ms of another is the same."""
    every = np.sort(np.concatenate(parts)) if parts else np.zeros(0)
    return every[np.append(True, np.diff(every) > 0.03)] if len(every) else every
