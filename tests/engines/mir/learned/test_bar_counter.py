"""Counting beats in bars."""

from __future__ import annotations

from itertools import pairwise

import pytest

from engines.mir.learned.bar_counter import BarCounter


def count(counter: BarCounter, beats: int, metre: int, first: int = 0, loud: float = 0.7) -> list[tuple[int, int]]:
    counted = []
    for beat in range(beats):
        number, bar_beats, _ = counter.advance()
        counted.append((number, bar_beats))
        counter.push_downbeat(loud if (beat + first) % metre == 0 else 0.1)
    return counted


@pytest.mark.parametrize("metre", [3, 4, 6])
@pytest.mark.parametrize("first", [0, 1, 2])
def test_the_metre_and_the_downbeat_are_found(metre: int, first: int) -> None:
    counted = count(BarCounter(), 48, metre, first)
    assert counted[-12:] == [((beat + first) % metre, metre) for beat in range(36, 48)]


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
