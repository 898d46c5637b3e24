"""Beats laid anew over a whole song: those that were heard are late, wrong or missing, as a live engine's are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from bridge.core.audio import Audio
from engines.session.grid import grid_of, sounding
from tests.engines.mir.signals import RATE, band, clicks
from tests.engines.session.songs import strength_of, told_beats


def steady(beat: float) -> float:
    return 0.37 + beat * 60 / 112.3


def quickening(beat: float) -> float:
    """From 100 to 125 a minute within 64 beats."""
    return 0.2 + 0.6 * beat - 0.06 * beat**2 / 64


def song(second_of: Callable[[float], float], beats: int = 48) -> Audio:
    return band(lambda beat: second_of(beat) * RATE, beats)


@pytest.mark.parametrize("second_of", [steady, quickening])
def test_beats_lie_on_the_songs_own_to_a_few_milliseconds_from_the_first_on(
    second_of: Callable[[float], float],
) -> None:
    jitter = np.random.default_rng(2).normal(0, 0.012, 48)
    heard = told_beats([second_of(beat) + jitter[beat] for beat in range(9, 48)], first=9)
    grid = grid_of(heard, strength_of(song(second_of)))
    assert grid is not None
    truth = np.array([second_of(beat) for beat in range(48)])
    assert len(grid.beats_s) == 48
    assert np.abs(grid.beats_s - truth).max() < 0.003
    assert np.abs(grid.beats_s - truth).mean() < 0.0012
    assert grid.bar_beats == 4
    assert grid.numbers.tolist() == [beat % 4 for beat in range(48)]


def test_beats_that_were_heard_off_the_beat_for_a_while_are_put_right() -> None:
    times = [steady(beat + (0.5 if 12 <= beat < 18 else 0)) for beat in range(5, 48)]
    grid = grid_of(told_beats(times, first=5), strength_of(song(steady)))
    assert grid is not None
    assert np.abs(grid.beats_s - [steady(beat) for beat in range(48)]).max() < 0.006


def test_a_listener_who_changes_sides_is_put_on_the_one_where_it_was_longer() -> None:
    heard = told_beats([steady(beat + (0.5 if beat >= 30 else 0)) for beat in range(47)])
    strokes = clicks([steady(half / 2) for half in range(96)], steady(48.5))
    grid = grid_of(heard, strength_of(strokes))
    assert grid is not None
    truth = [steady(beat) for beat in range(len(grid.beats_s))]
    assert len(truth) >= 47
    assert np.abs(grid.beats_s - truth).max() < 0.006


def test_a_count_that_slips_for_a_few_beats_is_put_right_and_one_that_stays_is_followed() -> None:
    times = [steady(beat) for beat in range(48)]
    slipped = [*told_beats(times[:20]), *told_beats(times[20:26], first=1), *told_beats(times[26:], first=26)]
    strength = strength_of(song(steady))
    grid = grid_of(slipped, strength)
    assert grid is not None
    assert grid.numbers.tolist() == [beat % 4 for beat in range(48)]
    moved = grid_of([*told_beats(times[:22]), *told_beats(times[22:])], strength)
    assert moved is not None
    assert moved.numbers.tolist() == [beat % 4 for beat in range(22)] + [beat % 4 for beat in range(26)]


def test_in_a_pause_the_beats_go_on() -> None:
    audio = song(steady)
    first, last = (round(steady(beat) * RATE) for beat in (19.9, 28))
    audio[:, first:last] = 0
    heard = told_beats([steady(beat) for beat in (*range(20), *range(30, 48))])
    grid = grid_of(heard, strength_of(audio))
    assert grid is not None
    assert len(grid.beats_s) == 48
    assert np.abs(grid.beats_s - [steady(beat) for beat in range(48)]).max() < 0.03


def test_waltzes_are_counted_in_three() -> None:
    heard = told_beats([steady(beat) for beat in range(48)], bar_beats=3)
    grid = grid_of(heard, strength_of(song(steady)))
    assert grid is not None
    assert (grid.bar_beats, grid.numbers[:4].tolist()) == (3, [0, 1, 2, 0])


def test_silence_before_and_after_the_song_has_no_beats() -> None:
    audio = np.concatenate([np.zeros((2, 3 * RATE), np.float32), song(steady), np.zeros((2, 4 * RATE), np.float32)], 1)
    strength = strength_of(audio)
    assert sounding(strength)[0] == pytest.approx(3.37, abs=0.005)
    grid = grid_of(told_beats([3 + steady(beat) for beat in range(-3, 53)], first=1), strength)
    assert grid is not None
    assert grid.beats_s[0] == pytest.approx(3.37, abs=0.005)
    assert grid.beats_s[-1] < 3 + steady(49)


def test_too_few_beats_are_none() -> None:
    strength = strength_of(clicks([0.5, 1.0, 1.5], 3.0))
    assert grid_of(told_beats([0.5, 1.0, 1.5]), strength) is None
    assert grid_of((), strength) is None
