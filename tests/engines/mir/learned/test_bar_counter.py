"""Counting beats in bars."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.mir.learned.bar_counter import BarCounter


def count(counter: BarCounter, beats: int, metre: int, first: int = 0, loud: float = 0.7) -> list[tuple[int, int]]:
    counted = []
    for beat in range(beats):
        number, bar_beats, _ = counter.advance()
        counted.append((number, bar_beats))
        counter.push_downbeat(loud if (beat + first) % metre == 0 else 0.1)
    return counted


@pytest.mark.parametrize(("metre", "beats"), [(3, 48), (4, 48), (6, 96)])
@pytest.mark.parametrize("first", [0, 1, 2])
def test_the_metre_and_the_downbeat_are_found(metre: int, beats: int, first: int) -> None:
    counted = count(BarCounter(), beats, metre, first)
    assert counted[-12:] == [((beat + first) % metre, metre) for beat in range(beats - 12, beats)]


@given(st.integers(0, 2**32 - 1), st.floats(0.02, 0.2), st.floats(1.0, 2.0))
@settings(max_examples=30, deadline=None)
def test_weak_evidence_is_no_evidence_for_longer_bars(seed: int, level: float, contrast: float) -> None:
    """Probabilities as of real songs in four: low at every beat, hardly higher at downbeats."""
    counter, random, counted = BarCounter(), np.random.default_rng(seed), []
    for beat in range(200):
        counted.append(counter.advance()[1])
        counter.push_downbeat(level * np.exp(random.normal(0.0, 0.7)) * (contrast if beat % 4 == 0 else 1.0))
        counter.push_harmonic_change(0, min(0.05 * random.exponential(), 1.0))
    assert counted.count(6) <= 4


def test_a_lost_beat_is_noticed_within_eight_bars() -> None:
    counter = BarCounter()
    count(counter, 40, 4)
    counted = count(counter, 40, 4, first=1)
    assert counted[-8:] == [((beat + 1) % 4, 4) for beat in range(32, 40)]


def test_another_metre_is_noticed() -> None:
    counter = BarCounter()
    count(counter, 32, 4)
    assert [bar for _, bar in count(counter, 48, 3)][-6:] == [3] * 6


def test_where_nothing_is_detected_it_counts_on_in_four() -> None:
    counted = count(BarCounter(), 12, 4, loud=0.1)
    assert [bar for _, bar in counted] == [4] * 12
    numbers = [number for number, _ in counted]
    assert all((b - a) % 4 == 1 for a, b in pairwise(numbers))


def test_state_goes_on_where_it_was() -> None:
    one, other = BarCounter(), BarCounter()
    count(one, 30, 3)
    other.restore(one.state())
    assert count(one, 20, 4) == count(other, 20, 4)
