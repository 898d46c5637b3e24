"""Counters and histograms of callback and workers, read from the shared memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bridge.runtime.shared import slots as w
from bridge.runtime.shared.layout import SharedArrays

WORKER_BIN_US = 10


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Percentiles and mean of a duration in microseconds, and the count. ``max_us``: upper edge of the longest bin."""

    p50_us: float
    p99_us: float
    p999_us: float
    max_us: float
    mean_us: float
    count: int


@dataclass(frozen=True, slots=True)
class Counters:
    """Counts since the start; those of `subtract` since an earlier reading."""

    period: int
    cycles: int
    skipped: int
    gap_frames: int
    slips: int
    late_frames: int
    band_late_frames: int
    late_events: int
    lost_events: int
    xruns: int
    faults: int
    dropped_hops: int

    def subtract(self, earlier: Counters) -> Counters:
        """The differences to ``earlier``; the period is the present one."""
        names = [name for name in self.__slots__ if name != "period"]
        return Counters(self.period, **{name: getattr(self, name) - getattr(earlier, name) for name in names})


def read_counters(shared: SharedArrays) -> Counters:
    """The present counters."""
    state, workers = shared.state, shared.workers
    return Counters(
        period=int(state[w.PERIOD]),
        cycles=int(state[w.CYCLES]),
        skipped=int(state[w.SKIPPED]),
        gap_frames=int(state[w.GAP_FRAMES]),
        slips=int(state[w.SLIPS]),
        late_frames=int(state[w.LATE_FRAMES]),
        band_late_frames=int(state[w.BAND_LATE]),
        late_events=int(state[w.LATE_EVENTS]),
        lost_events=int(state[w.LOST_EVENTS]),
        xruns=int(state[w.XRUNS]),
        faults=int(workers[:, w.FAULTS].sum()),
        dropped_hops=int(workers[:, w.DROPPED_HOPS].sum()),
    )


def compute_percentiles(bins: NDArray[np.int64], bin_us: float = 1.0) -> Percentiles:
    """Percentiles of a histogram, shape (bins,), whose bins are ``bin_us`` wide; the upper edge of a bin counts.

    ``bins`` may be written meanwhile, by the callback or a worker, so a copy is evaluated: numpy goes over an array
    several times in one call, and fails where it finds more in it the second time.
    """
    bins = bins.copy()
    total = int(bins.sum())
    if total == 0:
        return Percentiles(0.0, 0.0, 0.0, 0.0, 0.0, 0)

    def at(share: float) -> float:
        return (find_percentile_bin(bins, share) + 1) * bin_us

    mean = float((bins * (np.arange(bins.size) + 0.5)).sum() / total * bin_us)
    longest = float((np.flatnonzero(bins)[-1] + 1) * bin_us)
    return Percentiles(at(0.5), at(0.99), at(0.999), longest, mean, total)


def find_percentile_bin(bins: NDArray[np.int64], share: float) -> int:
    """The bin of a non-empty histogram, shape (bins,), up to which ``share`` of all counts lie.

    ``bins`` may be written meanwhile, as in `compute_percentiles`.
    """
    below = np.cumsum(bins.copy())
    return int(np.searchsorted(below, share * int(below[-1])))
