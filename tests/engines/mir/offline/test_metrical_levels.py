"""Passages that were decoded at twice the speed of a song's others, and such as only look like it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engines.mir.offline.beat_decoder import Track
from engines.mir.offline.metrical_levels import align_levels
from tests.engines.backing.songs import beat_activation

Doubles = NDArray[np.float64]
BEATS = 48


def sides(bpm: float, then_bpm: float) -> tuple[Doubles, Doubles]:
    first = 0.5 + np.arange(BEATS) * 60 / bpm
    return first, first[-1] + 60 / bpm + np.arange(BEATS) * 60 / then_bpm


def halfway(beats: Doubles) -> Doubles:
    return np.asarray((beats[1:] + beats[:-1]) / 2)


def doubled(beats: Doubles) -> Doubles:
    return np.sort(np.concatenate([beats, halfway(beats)]))


def joined(*passages: Doubles) -> Track:
    anew = np.concatenate([np.arange(len(beats)) == 0 for beats in passages])
    return Track(np.concatenate(passages), anew)


def chances_of(*passages: tuple[Doubles, float]) -> NDArray[np.float32]:
    """Of passages with their beats and the chance of what lies halfway between."""
    seconds = float(passages[-1][0][-1]) + 1
    on = beat_activation(np.concatenate([beats for beats, _ in passages]).tolist(), seconds, 0.5)
    between = [beat_activation(halfway(beats).tolist(), seconds, chance) for beats, chance in passages]
    return np.asarray(np.maximum.reduce([on, *between]), np.float32)


@pytest.mark.parametrize(("bpm", "then_bpm"), [(120, 80), (110, 80), (140, 100), (100, 70), (140, 90)])
@pytest.mark.parametrize("lead", [0, 1])
def test_a_passage_at_twice_the_speed_of_the_others_is_put_right(bpm: float, then_bpm: float, lead: int) -> None:
    first, second = sides(bpm, then_bpm)
    chances = chances_of((first, 0.25), (second, 0.25))
    for track, too_fast in (
        (joined(first, doubled(second)[lead:]), second),
        (joined(doubled(first)[lead:], second) if bpm <= 110 else joined(first, doubled(second)[lead:]), None),
    ):
        found, doubts = align_levels(track, chances, [])
        expected = np.concatenate([first, second])
        if lead:  # the first of those that were doubled was left out
            expected = np.delete(expected, BEATS if too_fast is not None or bpm > 110 else 0)
        assert found.beats_s == pytest.approx(expected)
        assert len(doubts) == 1
        assert doubts[0].other == pytest.approx(2 * doubts[0].bpm)
        assert found.restarts.sum() == 2


def test_a_change_of_tempo_divides_passages_too() -> None:
    first, second = sides(120, 80)
    track = Track(np.concatenate([first, doubled(second)]), np.arange(3 * BEATS - 1) == 0)
    found, (doubt,) = align_levels(track, chances_of((first, 0.25), (second, 0.25)), [float(second[0])])
    assert found.beats_s == pytest.approx(np.concatenate([first, second]))
    assert found.restarts[BEATS]
    assert [doubt.bpm, doubt.other] == pytest.approx([80, 160])
    assert doubt.start_s == pytest.approx(second[0])


def test_one_tempo_is_left_as_it_is_though_its_passages_differ() -> None:
    first, second = sides(160, 160)
    chances = chances_of((first, 0.3), (second, 0.02))
    chances[np.searchsorted(np.arange(len(chances)) / 50, second[1::2]) + 1] = 0.3
    for track in (joined(first, second), joined(first, doubled(second)), joined(np.concatenate([first, second]))):
        found, doubts = align_levels(track, chances, [])
        assert found.beats_s == pytest.approx(track.beats_s)
        assert doubts == ()


@pytest.mark.parametrize("bpm", [100, 120])
def test_music_that_has_nothing_between_its_beats_is_left_at_140(bpm: float) -> None:
    first, second = sides(bpm, 140)
    chances = chances_of((first, 0.02), (second, 0.02))
    track = joined(first, second)
    found, doubts = align_levels(track, chances, [])
    assert found.beats_s == pytest.approx(track.beats_s)
    assert doubts == ()


def test_what_is_not_clear_is_left_and_in_doubt() -> None:
    first, second = sides(120, 80)
    quarters = halfway(doubled(second))
    chances = np.maximum(
        chances_of((first, 0.3), (second, 0.3)), beat_activation(quarters.tolist(), float(second[-1]) + 1, 0.15)
    )
    track = joined(first, doubled(second))
    found, (doubt,) = align_levels(track, chances, [])
    assert found.beats_s == pytest.approx(track.beats_s)
    assert [doubt.bpm, doubt.other] == pytest.approx([160, 80])


def test_of_short_others_nothing_is_learnt() -> None:
    first, second = sides(120, 80)
    chances = chances_of((first, 0.25), (second, 0.25))
    track = joined(first[-17:], doubled(second))
    assert align_levels(track, chances, [])[1] == ()
