from __future__ import annotations

import math

import numpy as np
import pytest

from research.accompaniment.evaluation.rhythm import (
    bars_of,
    counted,
    divergence,
    people_of,
    similarity,
    steadiness,
    typical,
)
from research.datasets.symbolic import Groove, Hit, Note
from tests.research.accompaniment.evaluation.made import song


def test_what_begins_is_counted_at_the_nearest_sixteenth_of_its_bar() -> None:
    bars = counted([0.0, 0.1, 0.13, 3.9, 5.0, 8.0, -0.5], 2, 4)
    assert bars.shape == (2, 16)
    assert np.flatnonzero(bars[0]).tolist() == [0, 1]
    assert bars[0, :2].tolist() == [2, 1]
    assert np.flatnonzero(bars[1]).tolist() == [0, 4]


def test_bars_that_are_all_alike_are_steady_and_each_difference_costs_a_position_of_a_pair() -> None:
    bars = counted([float(beat) for beat in range(16)], 4, 4)
    assert steadiness(bars) == 1.0
    bars[2, 1] = 1
    assert steadiness(bars) == pytest.approx(1 - 3 / 6 / 16)  # of six pairs three differ, at one of 16 positions
    pairs = [np.mean((bars[a] > 0) == (bars[b] > 0)) for a in range(4) for b in range(a)]
    assert steadiness(bars) == pytest.approx(np.mean(pairs))


def test_bars_before_the_first_stroke_do_not_make_a_player_unsteady() -> None:
    assert steadiness(counted([float(beat) for beat in range(16, 32)], 10, 4)) == 1.0
    assert math.isnan(steadiness(counted([0.0, 4.0], 8, 4)))


def test_similarity_is_the_mean_cosine_of_all_pairs_of_bars() -> None:
    ours = counted([0.0, 2.0, 4.0], 2, 4)
    theirs = counted([0.0, 1.0, 2.0, 3.0], 1, 4)
    assert similarity(ours, typical(theirs)) == pytest.approx((2 / math.sqrt(8) + 1 / 2) / 2)
    assert similarity(theirs, typical(theirs)) == pytest.approx(1.0)
    assert math.isnan(similarity(np.zeros((2, 16)), typical(theirs)))


def test_divergence_is_nought_for_the_same_shares_and_one_for_none_in_common() -> None:
    one, other = np.array([4.0, 0, 2, 0]), np.array([0.0, 1, 0, 5])
    assert divergence(one, 3 * one) == pytest.approx(0.0)
    assert divergence(one, other) == pytest.approx(1.0)
    assert divergence(one, one + other) == pytest.approx(divergence(one + other, one))
    assert math.isnan(divergence(one, np.zeros(4)))


def test_a_pianist_is_compared_with_the_others_alone() -> None:
    first = song(2, human=tuple(Note(float(beat), 1.0, 60) for beat in range(8)))
    people = people_of([first], [Groove("drummer5/1", 120.0, 8.0, (Hit(0.0, "kick", 1.0), Hit(5.0, "snare", 1.0)))])
    assert not people.pianists_but("made").any()
    assert np.flatnonzero(people.pianists_but("another")).tolist() == [0, 4, 8, 12]
    assert np.flatnonzero(people.strokes).tolist() == [0, 4]
    assert people.bar[[0, 4]].tolist() == [0.5, 0.5]


def test_a_groove_has_the_bars_that_it_lasts() -> None:
    assert bars_of(Groove("drummer5/1", 120.0, 12.0, (Hit(9.0, "kick", 1.0),))).shape == (3, 16)
