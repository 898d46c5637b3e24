"""Passages that were decoded at twice the speed of a song's others, and passages that only seem so."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from bridge.core.arrays import Float64Array
from engines.mir.offline.beat_decoder import Track
from engines.mir.offline.metrical_levels import align_levels
from tests.engines.backing.songs import beat_activation

BEATS = 48


def make_passages(bpm: float, then_bpm: float) -> tuple[Float64Array, Float64Array]:
    first = 0.5 + np.arange(BEATS) * 60 / bpm
    return first, first[-1] + 60 / bpm + np.arange(BEATS) * 60 / then_bpm


def find_half_beats(beats: Float64Array) -> Float64Array:
    return np.asarray((beats[1:] + beats[:-1]) / 2)


def double_beats(beats: Float64Array) -> Float64Array:
    return np.sort(np.concatenate([beats, find_half_beats(beats)]))


def join(*passages: Float64Array) -> Track:
    restarts = np.concatenate([np.arange(len(beats)) == 0 for beats in passages])
    return Track(np.concatenate(passages), restarts)


def make_activation(*passages: tuple[Float64Array, float]) -> NDArray[np.float32]:
    """The activation of passages with these beats and this activation halfway between them."""
    seconds = float(passages[-1][0][-1]) + 1
    on = beat_activation(np.concatenate([beats for beats, _ in passages]).tolist(), seconds, 0.5)
    between = [
        beat_activation(find_half_beats(beats).tolist(), seconds, between_activation)
        for beats, between_activation in passages
    ]
    return np.asarray(np.maximum.reduce([on, *between]), np.float32)


@pytest.mark.parametrize(("bpm", "then_bpm"), [(120, 80), (110, 80), (140, 100), (100, 70), (140, 90)])
@pytest.mark.parametrize("lead", [0, 1])
def test_a_passage_at_twice_the_speed_of_the_others_is_corrected(bpm: float, then_bpm: float, lead: int) -> None:
    first, second = make_passages(bpm, then_bpm)
    activation = make_activation((first, 0.25), (second, 0.25))
    for track, too_fast in (
        (join(first, double_beats(second)[lead:]), second),
        (join(double_beats(first)[lead:], second) if bpm <= 110 else join(first, double_beats(second)[lead:]), None),
    ):
        found, ambiguities = align_levels(track, activation, [])
        expected = np.concatenate([first, second])
        if lead:  # the first of the doubled beats was left out
            expected = np.delete(expected, BEATS if too_fast is not None or bpm > 110 else 0)
        assert found.beats_s == pytest.approx(expected)
        assert len(ambiguities) == 1
        assert ambiguities[0].other == pytest.approx(2 * ambiguities[0].bpm)
        assert found.restarts.sum() == 2


def test_a_tempo_change_divides_passages_too() -> None:
    first, second = make_passages(120, 80)
    track = Track(np.concatenate([first, double_beats(second)]), np.arange(3 * BEATS - 1) == 0)
    found, (ambiguity,) = align_levels(track, make_activation((first, 0.25), (second, 0.25)), [float(second[0])])
    assert found.beats_s == pytest.approx(np.concatenate([first, second]))
    assert found.restarts[BEATS]
    assert [ambiguity.bpm, ambiguity.other] == pytest.approx([80, 160])
    assert ambiguity.start_s == pytest.approx(second[0])


def test_one_tempo_is_left_as_it_is_though_its_passages_differ() -> None:
    first, second = make_passages(160, 160)
    activation = make_activation((first, 0.3), (second, 0.02))
    activation[np.searchsorted(np.arange(len(activation)) / 50, second[1::2]) + 1] = 0.3
    for track in (join(first, second), join(first, double_beats(second)), join(np.concatenate([first, second]))):
        found, ambiguities = align_levels(track, activation, [])
        assert found.beats_s == pytest.approx(track.beats_s)
        assert ambiguities == ()


@pytest.mark.parametrize("bpm", [100, 120])
def test_music_that_has_nothing_between_its_beats_is_left_at_140(bpm: float) -> None:
    first, second = make_passages(bpm, 140)
    activation = make_activation((first, 0.02), (second, 0.02))
    track = join(first, second)
    found, ambiguities = align_levels(track, activation, [])
    assert found.beats_s == pytest.approx(track.beats_s)
    assert ambiguities == ()


def test_an_unclear_passage_is_left_and_ambiguous() -> None:
    first, second = make_passages(120, 80)
    quarters = find_half_beats(double_beats(second))
    activation = np.maximum(
        make_activation((first, 0.3), (second, 0.3)), beat_activation(quarters.tolist(), float(second[-1]) + 1, 0.15)
    )
    track = join(first, double_beats(second))
    found, (ambiguity,) = align_levels(track, activation, [])
    assert found.beats_s == pytest.approx(track.beats_s)
    assert [ambiguity.bpm, ambiguity.other] == pytest.approx([160, 80])


def test_short_other_passages_are_ignored() -> None:
    first, second = make_passages(120, 80)
    activation = make_activation((first, 0.25), (second, 0.25))
    track = join(first[-17:], double_beats(second))
    assert align_levels(track, activation, [])[1] == ()
