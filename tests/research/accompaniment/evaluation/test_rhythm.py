from __future__ import annotations

import math

import numpy as np
import pytest

from research.accompaniment.evaluation.rhythm import (
    compute_typical_bar,
    count_groove,
    count_onsets,
    make_reference,
    measure_divergence,
    measure_similarity,
    measure_steadiness,
)
from research.datasets.symbolic import GrooveHit, MidiGroove, TuneNote
from tests.research.accompaniment.evaluation.made import song


def test_what_begins_is_counted_at_the_nearest_sixteenth_of_its_bar() -> None:
    bars = count_onsets([0.0, 0.1, 0.13, 3.9, 5.0, 8.0, -0.5], 2, 4)
    assert bars.shape == (2, 16)
    assert np.flatnonzero(bars[0]).tolist() == [0, 1]
    assert bars[0, :2].tolist() == [2, 1]
    assert np.flatnonzero(bars[1]).tolist() == [0, 4]


def test_bars_that_are_all_alike_are_steady_and_each_difference_costs_a_position_of_a_pair() -> None:
    bars = count_onsets([float(beat) for beat in range(16)], 4, 4)
    assert measure_steadiness(bars) == 1.0
    bars[2, 1] = 1
    assert measure_steadiness(bars) == pytest.approx(1 - 3 / 6 / 16)  # three of six pairs differ, at one position of 16
    pairs = [np.mean((bars[a] > 0) == (bars[b] > 0)) for a in range(4) for b in range(a)]
    assert measure_steadiness(bars) == pytest.approx(np.mean(pairs))


def test_bars_before_the_first_stroke_do_not_make_a_player_unsteady() -> None:
    assert measure_steadiness(count_onsets([float(beat) for beat in range(16, 32)], 10, 4)) == 1.0
    assert math.isnan(measure_steadiness(count_onsets([0.0, 4.0], 8, 4)))


def test_similarity_is_the_mean_cosine_of_all_pairs_of_bars() -> None:
    ours = count_onsets([0.0, 2.0, 4.0], 2, 4)
    theirs = count_onsets([0.0, 1.0, 2.0, 3.0], 1, 4)
    assert measure_similarity(ours, compute_typical_bar(theirs)) == pytest.approx((2 / math.sqrt(8) + 1 / 2) / 2)
    assert measure_similarity(theirs, compute_typical_bar(theirs)) == pytest.approx(1.0)
    assert math.isnan(measure_similarity(np.zeros((2, 16)), compute_typical_bar(theirs)))


def test_divergence_is_nought_for_the_same_shares_and_one_for_none_in_common() -> None:
    one, other = np.array([4.0, 0, 2, 0]), np.array([0.0, 1, 0, 5])
    assert measure_divergence(one, 3 * one) == pytest.approx(0.0)
    assert measure_divergence(one, other) == pytest.approx(1.0)
    assert measure_divergence(one, one + other) == pytest.approx(measure_divergence(one + other, one))
    assert math.isnan(measure_divergence(one, np.zeros(4)))


def test_a_pianist_is_compared_with_the_others_alone() -> None:
    first = song(2, human=tuple(TuneNote(float(beat), 1.0, 60) for beat in range(8)))
    reference = make_reference(
        [first], [MidiGroove("drummer5/1", 120.0, 8.0, (GrooveHit(0.0, "kick", 1.0), GrooveHit(5.0, "snare", 1.0)))]
    )
    assert not reference.sum_other_pianists("made").any()
    assert np.flatnonzero(reference.sum_other_pianists("another")).tolist() == [0, 4, 8, 12]
    assert np.flatnonzero(reference.hits).tolist() == [0, 4]
    assert reference.bar[[0, 4]].tolist() == [0.5, 0.5]


def test_a_groove_has_the_bars_that_it_lasts() -> None:
    assert count_groove(MidiGroove("drummer5/1", 120.0, 12.0, (GrooveHit(9.0, "kick", 1.0),))).shape == (3, 16)
