"""Tapped tempo: from the second tap on, steady over an unsteady hand, new after a pause or at another tempo."""

from __future__ import annotations

import pytest

from bridge.control.tap_tempo import KEPT_TAPS, TapTempo, fold_tempo


def tap_at(taps: TapTempo, *times_s: float) -> list[float | None]:
    return [taps.tap(time_s) for time_s in times_s]


def test_the_second_tap_gives_the_tempo() -> None:
    assert tap_at(TapTempo(), 10.0, 10.5, 11.0) == [None, 120.0, 120.0]


def test_an_unsteady_hand_is_averaged() -> None:
    taps = TapTempo()
    late = (0.0, 0.02, -0.02, 0.01, -0.01, 0.02, 0.0, -0.02, 0.0)
    tempi = tap_at(taps, *(100.0 + 0.6 * i + late[i] for i in range(9)))
    assert tempi[-1] == pytest.approx(100.0)
    assert taps.count == KEPT_TAPS


def test_after_a_pause_it_begins_anew() -> None:
    taps = TapTempo()
    assert tap_at(taps, 0.0, 0.5, 1.0, 3.1, 3.5) == [None, 120.0, 120.0, None, pytest.approx(150.0)]
    assert taps.count == 2


def test_another_tempo_counts_from_its_first_gap() -> None:
    taps = TapTempo()
    tempi = tap_at(taps, 0.0, 0.5, 1.0, 1.5, 2.5, 3.5)
    assert tempi[-2:] == [60.0, 60.0]


def test_it_follows_a_tempo_that_rises_slowly() -> None:
    taps, now, gap = TapTempo(), 0.0, 0.6
    for _ in range(40):
        now, gap = now + gap, gap * 0.99
        tempo = taps.tap(now)
    assert tempo == pytest.approx(60.0 / gap, rel=0.06)


def test_a_clock_that_stands_still_gives_no_tempo() -> None:
    assert tap_at(TapTempo(), 5.0, 5.0, 4.0) == [None, None, None]


@pytest.mark.parametrize(("bpm", "folded"), [(120.0, 120.0), (50.0, 100.0), (29.0, 116.0), (240.0, 120.0), (1.0, 64.0)])
def test_a_tempo_out_of_range_is_doubled_or_halved(bpm: float, folded: float) -> None:
    assert fold_tempo(bpm, 60.0, 200.0) == folded


def test_where_no_octave_fits_it_is_clamped() -> None:
    assert (fold_tempo(90.0, 100.0, 150.0), fold_tempo(160.0, 100.0, 150.0)) == (100.0, 150.0)
