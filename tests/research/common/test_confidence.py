from __future__ import annotations

import math

import pytest

from research.common.confidence import bootstrap_interval, compute_mean


def test_equal_songs_leave_no_doubt() -> None:
    assert bootstrap_interval([0.75] * 8) == (0.75, 0.75)


def test_one_song_says_nothing_about_others() -> None:
    assert all(math.isnan(bound) for bound in bootstrap_interval([0.75]))
    assert all(math.isnan(bound) for bound in bootstrap_interval([]))


def test_songs_that_are_right_or_wrong_have_the_interval_of_the_binomial() -> None:
    low, high = bootstrap_interval([0.0, 1.0] * 50)  # 0.5 with a standard error of 0.05
    assert low == pytest.approx(0.5 - 1.96 * 0.05, abs=0.011)
    assert high == pytest.approx(0.5 + 1.96 * 0.05, abs=0.011)


def test_the_same_scores_have_the_same_interval() -> None:
    songs = [i * i / 400 for i in range(21)]
    assert bootstrap_interval(songs) == bootstrap_interval(songs)


def test_of_two_songs_a_quarter_of_the_draws_is_twice_the_same() -> None:
    assert bootstrap_interval([0.2, 0.6]) == (0.2, 0.6)


def test_a_mean_leaves_out_songs_that_have_none_and_says_of_how_many_it_is() -> None:
    mean = compute_mean([0.2, math.nan, 0.6])
    assert mean is not None
    assert mean.mean == pytest.approx(0.4)
    assert mean.format_mean(2) == "0.40 [0.20, 0.60]"
    assert mean.format_mean(3) == "0.40 [0.20, 0.60] of 2"
    assert compute_mean([math.nan]) is None
