"""Confidence intervals of means over songs: the percentile bootstrap (Efron 1979)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 4000
SEED = 4
"""Fixed, so that the same scores give the same interval."""
COVERAGE = 0.95


def bootstrap_interval(values: Sequence[float]) -> tuple[float, float]:
    """Where the mean of so many songs drawn from ``values``, with replacement, lies 95 times in 100.

    NaN twice for fewer than two values: one song says nothing about others.
    """
    songs = np.asarray(values, np.float64)
    if len(songs) < 2:
        return float("nan"), float("nan")
    drawn = np.random.default_rng(SEED).integers(0, len(songs), (RESAMPLES, len(songs)))
    low, high = np.quantile(songs[drawn].mean(axis=1), [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2])
    return float(low), float(high)


@dataclass(frozen=True, slots=True)
class MeanWithInterval:
    """Over ``songs`` songs, with the 95 % interval of the bootstrap; NaN where one song cannot tell."""

    mean: float
    low: float
    high: float
    songs: int

    def format_mean(self, songs: int) -> str:
        """``0.83 [0.71, 0.92]``, and of how many where not of all ``songs``."""
        text = f"{self.mean:.2f}" if math.isnan(self.low) else f"{self.mean:.2f} [{self.low:.2f}, {self.high:.2f}]"
        return text if self.songs == songs else f"{text} of {self.songs}"


def compute_mean(values: Sequence[float]) -> MeanWithInterval | None:
    """Of those that are numbers; None where none is."""
    known = [value for value in values if not math.isnan(value)]
    return MeanWithInterval(sum(known) / len(known), *bootstrap_interval(known), len(known)) if known else None


def replace_nan(data: object) -> object:
    """``data`` as JSON can say it: None in place of every number that is none."""
    if isinstance(data, dict):
        return {key: replace_nan(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [replace_nan(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data
