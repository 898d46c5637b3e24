"""Ordinary bars and tempi for any time: what DAWs take, exact to a tenth of a millisecond."""

from __future__ import annotations

from itertools import pairwise

import hypothesis.strategies as st
import pytest
from hypothesis import given

from engines.offline.smf.bars import fill_time, find_metre_changes, split_into_bars, to_metre


@given(st.floats(50_000.0, 1e10), st.floats(1.0, 1e8))
def test_any_time_from_50_ms_on_is_filled_exactly(length_us: float, period_us: float) -> None:
    lead = fill_time(length_us, period_us)
    assert lead.ticks % 120 == 0
    assert lead.ticks % 480 == 0 or lead.ticks < 480
    assert lead.tempi[0][0] == 0
    edges = [*(tick for tick, _ in lead.tempi), lead.ticks]
    assert all(before < after for before, after in pairwise(edges))
    lasts_us = sum(tempo * (after - before) / 480 for (_, tempo), (before, after) in
                   zip(lead.tempi, pairwise(edges), strict=True))  # fmt: skip
    assert lasts_us == pytest.approx(length_us, abs=100.0, rel=0)
    assert all(200_000 <= tempo <= 3_000_000 for _, tempo in lead.tempi)


@pytest.mark.parametrize(
    ("length_s", "ticks"),
    [(0.0, 0), (0.049, 0), (0.05, 120), (0.2, 240), (0.3, 240), (0.36, 360), (0.45, 480), (0.55, 480), (1.6, 1440),
     (20.0, 40 * 480), (150.0, 300 * 480)],
)  # fmt: skip
def test_a_time_is_sixteenths_or_quarter_notes_of_about_the_tempo(length_s: float, ticks: int) -> None:
    assert fill_time(length_s * 1e6, 500_000).ticks == ticks


@given(st.integers(0, 5000), st.integers(1, 16))
def test_bars_of_any_length_are_ordinary(sixteenths: int, usual: int) -> None:
    lengths = list(split_into_bars(sixteenths * 120, usual * 480))
    assert sum(lengths) == sixteenths * 120
    changes = find_metre_changes(lengths, 60)
    assert all(1 <= numerator <= 16 and denominator in (4, 8, 16) for _, numerator, denominator in changes)
    assert all(after[1:] != before[1:] for before, after in pairwise(changes))
    assert len(changes) <= 3
    assert not changes or changes[0][0] == 60


@pytest.mark.parametrize(("ticks", "metre"), [(120, (1, 16)), (240, (1, 8)), (360, (3, 16)), (480, (1, 4)),
                                              (1680, (7, 8)), (1920, (4, 4)), (7680, (16, 4))])  # fmt: skip
def test_a_bar_is_counted_in_the_longest_value_that_fits(ticks: int, metre: tuple[int, int]) -> None:
    assert to_metre(ticks) == metre


@pytest.mark.parametrize("ticks", [0, 30, 100, 17 * 480, 17 * 120])
def test_what_is_no_ordinary_bar_is_refused(ticks: int) -> None:
    with pytest.raises(ValueError, match="a bar of"):
        to_metre(ticks)
