"""Stems and levels."""

from __future__ import annotations

import pytest

from bridge.core.audio import STEMS, db_to_gain


def test_the_stem_that_is_computed_comes_last() -> None:
    assert STEMS[-1] == "other"
    assert len(STEMS) == len(set(STEMS))


@pytest.mark.parametrize(("db", "gain"), [(0.0, 1.0), (20.0, 10.0), (-20.0, 0.1), (6.0205999, 2.0)])
def test_a_level_in_db_is_a_factor(db: float, gain: float) -> None:
    assert db_to_gain(db) == pytest.approx(gain)


def test_unity_is_exact() -> None:
    assert db_to_gain(0.0) == 1.0


@pytest.mark.parametrize("db", [-60.0, -60.1, -1000.0, float("-inf")])
def test_the_lowest_mark_of_a_fader_is_silence(db: float) -> None:
    assert db_to_gain(db) == 0.0


def test_just_above_the_lowest_mark_the_gain_is_above_zero() -> None:
    assert db_to_gain(-59.9) > 0.0
