"""Counters and histograms, read out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bridge.runtime.counters import compute_percentiles, find_percentile_bin, read_counters
from bridge.runtime.shared import slots as w
from tests.runtime.callback_driver import open_callback


def test_percentiles_are_upper_edges_of_the_bins_that_hold_them() -> None:
    bins = np.zeros(100, np.int64)
    bins[3], bins[50] = 99, 1
    found = compute_percentiles(bins)
    assert (found.p50_us, found.p99_us, found.max_us, found.count) == (4.0, 4.0, 51.0, 100)
    assert compute_percentiles(bins, 10.0).max_us == 510.0


def test_a_percentile_does_not_hide_what_one_in_fifty_took() -> None:
    bins = np.zeros(100, np.int64)
    bins[3], bins[50] = 98, 2
    assert compute_percentiles(bins).p99_us == 51.0


def test_one_in_a_thousand_is_past_the_last_percentile() -> None:
    bins = np.zeros(100, np.int64)
    bins[3], bins[50], bins[70] = 9980, 19, 1
    assert compute_percentiles(bins).p999_us == 51.0
    assert compute_percentiles(bins).p99_us == 4.0


def test_the_mean_takes_each_bin_at_its_middle() -> None:
    bins = np.zeros(10, np.int64)
    bins[0], bins[5] = 3, 1
    assert compute_percentiles(bins, 10.0).mean_us == 17.5


def test_an_empty_histogram_has_no_percentiles() -> None:
    assert compute_percentiles(np.zeros(10, np.int64)).count == 0


class Written(np.ndarray[Any, np.dtype[np.int64]]):
    """Bins that someone writes: they may be copied, and whoever counts in place is caught."""

    def copy(self, *_: Any) -> Any:
        return np.array(self)

    def __array_ufunc__(self, ufunc: Any, *_: Any, **__: Any) -> Any:
        raise AssertionError(f"{ufunc.__name__} over bins that are being written")

    def __array_function__(self, function: Any, *_: Any) -> Any:
        raise AssertionError(f"{function.__name__} over bins that are being written")


@pytest.mark.parametrize(
    "read",
    [compute_percentiles, lambda bins: find_percentile_bin(bins, 0.999)],
    ids=["compute_percentiles", "find_percentile_bin"],
)
def test_bins_are_copied_before_they_are_counted(read: Any) -> None:
    bins = np.zeros(100, np.int64)
    bins[3], bins[50] = 99, 1
    assert read(bins.view(Written)) == read(bins)


def test_counters_are_read_from_their_words_and_faults_summed_over_workers() -> None:
    with open_callback() as callback:
        for word in (w.CYCLES, w.SKIPPED, w.GAP_FRAMES, w.LATE_FRAMES, w.LATE_EVENTS, w.LOST_EVENTS, w.XRUNS):
            callback.state[word] = 100 + word
        callback.shared.workers[:, w.FAULTS] = (1, 2, 3)
        found = read_counters(callback.shared)
    assert found.late_frames == 100 + w.LATE_FRAMES
    assert found.xruns == 100 + w.XRUNS
    assert found.faults == 6


def test_a_difference_counts_what_happened_since_but_keeps_the_period() -> None:
    with open_callback() as callback:
        callback.read_inputs(128)
        before = read_counters(callback.shared)
        callback.raw += 64
        callback.read_inputs(64)
        since = read_counters(callback.shared).subtract(before)
    assert (since.period, since.cycles, since.gap_frames) == (64, 1, 64)
