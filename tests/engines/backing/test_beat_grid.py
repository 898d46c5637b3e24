"""Beats laid over a whole song: those detected are late, wrong or missing, as a live engine's are."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from bridge.core.audio import Audio
from engines.backing.beat_grid import BeatGrid, build_beat_grid, find_sounding_range
from engines.mir.offline.song_map import SongBeat
from tests.engines.backing.songs import beat_activation, detected_beats, measure_strength
from tests.engines.mir.signals import RATE, band, clicks


def to_steady_s(beat: float) -> float:
    return 0.37 + beat * 60 / 112.3


def to_quickening_s(beat: float) -> float:
    """From 100 to 125 a minute within 64 beats."""
    return 0.2 + 0.6 * beat - 0.06 * beat**2 / 64


def song(second_of: Callable[[float], float], beats: int = 48) -> Audio:
    return band(lambda beat: second_of(beat) * RATE, beats)


def build_grid(found: Sequence[SongBeat], audio: Audio) -> BeatGrid | None:
    """The grid of a song in which the engine and the network find beats at the same times."""
    activation = beat_activation([beat.time_s for beat in found], audio.shape[1] / RATE)
    return build_beat_grid(found, activation, measure_strength(audio))


@pytest.mark.parametrize("second_of", [to_steady_s, to_quickening_s])
def test_beats_lie_on_the_songs_own_to_a_few_milliseconds_from_the_first_on(
    second_of: Callable[[float], float],
) -> None:
    jitter = np.random.default_rng(2).normal(0, 0.012, 48)
    detected = detected_beats([second_of(beat) + jitter[beat] for beat in range(9, 48)], first=9)
    grid = build_grid(detected, song(second_of))
    assert grid is not None
    truth = np.array([second_of(beat) for beat in range(48)])
    assert len(grid.beats_s) == 48
    assert np.abs(grid.beats_s - truth).max() < 0.003
    assert np.abs(grid.beats_s - truth).mean() < 0.0012
    assert grid.bar_beats == 4
    assert grid.numbers.tolist() == [beat % 4 for beat in range(48)]


def test_beats_that_were_detected_off_the_beat_for_a_while_are_put_right() -> None:
    times = [to_steady_s(beat + (0.5 if 12 <= beat < 18 else 0)) for beat in range(5, 48)]
    grid = build_grid(detected_beats(times, first=5), song(to_steady_s))
    assert grid is not None
    assert np.abs(grid.beats_s - [to_steady_s(beat) for beat in range(48)]).max() < 0.006


def test_beats_that_change_phase_are_put_into_the_phase_that_lasted_longer() -> None:
    detected = detected_beats([to_steady_s(beat + (0.5 if beat >= 30 else 0)) for beat in range(47)])
    audio = clicks([to_steady_s(half / 2) for half in range(96)], to_steady_s(48.5))
    grid = build_grid(detected, audio)
    assert grid is not None
    truth = [to_steady_s(beat) for beat in range(len(grid.beats_s))]
    assert len(truth) >= 47
    assert np.abs(grid.beats_s - truth).max() < 0.006


def test_a_count_that_slips_for_a_few_beats_is_put_right_and_one_that_stays_is_followed() -> None:
    times = [to_steady_s(beat) for beat in range(48)]
    slipped = [
        *detected_beats(times[:20]),
        *detected_beats(times[20:26], first=1),
        *detected_beats(times[26:], first=26),
    ]
    grid = build_grid(slipped, song(to_steady_s))
    assert grid is not None
    assert grid.numbers.tolist() == [beat % 4 for beat in range(48)]
    moved = build_grid([*detected_beats(times[:22]), *detected_beats(times[22:])], song(to_steady_s))
    assert moved is not None
    assert moved.numbers.tolist() == [beat % 4 for beat in range(22)] + [beat % 4 for beat in range(26)]


def test_in_a_pause_the_beats_go_on() -> None:
    audio = song(to_steady_s)
    first, last = (round(to_steady_s(beat) * RATE) for beat in (19.9, 28))
    audio[:, first:last] = 0
    detected = detected_beats([to_steady_s(beat) for beat in (*range(20), *range(30, 48))])
    grid = build_grid(detected, audio)
    assert grid is not None
    assert len(grid.beats_s) == 48
    assert np.abs(grid.beats_s - [to_steady_s(beat) for beat in range(48)]).max() < 0.03


def test_waltzes_are_counted_in_three() -> None:
    detected = detected_beats([to_steady_s(beat) for beat in range(48)], bar_beats=3)
    grid = build_grid(detected, song(to_steady_s))
    assert grid is not None
    assert (grid.bar_beats, grid.numbers[:4].tolist()) == (3, [0, 1, 2, 0])


def test_silence_before_and_after_the_song_has_no_beats() -> None:
    audio = np.concatenate(
        [np.zeros((2, 3 * RATE), np.float32), song(to_steady_s), np.zeros((2, 4 * RATE), np.float32)], 1
    )
    strength = measure_strength(audio)
    assert find_sounding_range(strength)[0] == pytest.approx(3.37, abs=0.005)
    grid = build_grid(detected_beats([3 + to_steady_s(beat) for beat in range(-3, 53)], first=1), audio)
    assert grid is not None
    assert grid.beats_s[0] == pytest.approx(3.37, abs=0.005)
    assert grid.beats_s[-1] < 3 + to_steady_s(49)


def test_too_few_beats_are_none() -> None:
    audio = clicks([0.5, 1.0, 1.5], 3.0)
    assert build_grid(detected_beats([0.5, 1.0, 1.5]), audio) is None
    assert build_grid((), audio) is None


def make_two_sides(gap_s: float, bpm: float = 120.0, then_bpm: float = 120.0) -> tuple[Audio, list[np.ndarray]]:
    """Twelve bars, a silence, and twelve more; the beats of both."""
    sides = [song(lambda beat: beat * 60 / bpm), song(lambda beat: beat * 60 / then_bpm)]
    audio = np.concatenate([sides[0], np.zeros((2, round(gap_s * RATE)), np.float32), sides[1]], 1)
    begins_s = (audio.shape[1] - sides[1].shape[1]) / RATE
    return audio, [np.arange(48) * 60 / bpm, begins_s + np.arange(48) * 60 / then_bpm]


def count_right(grid: BeatGrid | None, truth: np.ndarray, near_s: float = 0.02) -> int:
    """How many of the true beats the grid has, if it has no others between them."""
    assert grid is not None
    inside = grid.beats_s[(grid.beats_s > truth[0] - 0.1) & (grid.beats_s < truth[-1] + 0.1)]
    assert len(inside) == len(truth)
    return int((np.abs(inside - truth) < near_s).sum())


@pytest.mark.parametrize("gap_s", [2.27, 7.3, 30.0, 37.21, 45.0, 60.13, 120.0, 150.25])
def test_behind_a_silence_the_beat_is_counted_anew(gap_s: float) -> None:
    audio, (first, second) = make_two_sides(gap_s)
    grid = build_grid(detected_beats([*first, *second]), audio)
    assert (count_right(grid, first), count_right(grid, second)) == (48, 48)
    assert grid is not None
    for side in (first, second):
        downbeats = [int(np.abs(grid.beats_s - at).argmin()) for at in side[::4]]
        assert set(grid.numbers[downbeats]) == {0}


@pytest.mark.parametrize(("gap_s", "bpm", "then_bpm"), [(33.3, 120.0, 90.0), (11.1, 80.0, 132.0), (21.1, 70.0, 140.0)])
def test_behind_a_silence_the_tempo_may_be_another(gap_s: float, bpm: float, then_bpm: float) -> None:
    audio, (first, second) = make_two_sides(gap_s, bpm, then_bpm)
    grid = build_grid(detected_beats([*first, *second]), audio)
    assert (count_right(grid, first), count_right(grid, second)) == (48, 48)


@pytest.mark.parametrize(("bpm", "then_bpm"), [(120.0, 80.0), (80.0, 120.0), (100.0, 140.0), (140.0, 100.0)])
def test_where_the_tempo_changes_the_beats_are_right_before_and_after_though_the_engine_lags(
    bpm: float, then_bpm: float
) -> None:
    audio, (first, second) = make_two_sides(0.0, bpm, then_bpm)
    lagging = np.arange(first[-1], first[-1] + 8, 60 / bpm)  # it goes on as it did for eight seconds
    found = detected_beats([*first, *lagging[1:], *second[second > lagging[-1] + 0.3]])
    activation = beat_activation([*first, *second], audio.shape[1] / RATE)
    grid = build_beat_grid(found, activation, measure_strength(audio))
    assert (count_right(grid, first), count_right(grid, second)) == (48, 48)


def test_noise_in_a_silence_is_no_music() -> None:
    audio, (first, second) = make_two_sides(45.3)
    audio += np.random.default_rng(4).normal(0, 10 ** (-60 / 20), audio.shape).astype(np.float32)
    activation = beat_activation([*first, *second], audio.shape[1] / RATE)
    grid = build_beat_grid(detected_beats([*first, *second]), activation, measure_strength(audio))
    assert (count_right(grid, first), count_right(grid, second)) == (48, 48)


def test_music_made_to_a_click_does_not_slip_to_the_other_side_in_small_steps() -> None:
    slip = np.clip((np.arange(96) - 60) / 24, 0, 0.5)  # half a beat within twelve
    audio = clicks([to_steady_s(half / 2) for half in range(194)], to_steady_s(97.5))
    grid = build_grid(detected_beats([to_steady_s(beat + slip[beat]) for beat in range(96)]), audio)
    assert grid is not None
    away = np.abs(grid.beats_s[:, None] - [to_steady_s(beat) for beat in range(97)]).min(1)
    assert away[:60].max() < 0.01
    assert away[75:].max() < 0.01


@pytest.mark.parametrize("offset", [0.0, 0.5])
def test_where_off_beats_are_as_strong_as_beats_the_harmony_decides(offset: float) -> None:
    half_beats = [to_steady_s(half / 2) for half in range(96)]
    audio = clicks(half_beats, to_steady_s(48.5))
    activation = beat_activation(half_beats, audio.shape[1] / RATE, 0.4)
    times = np.arange(round(to_steady_s(48) * 10)) / 10
    bars = np.array([to_steady_s(bar + offset) for bar in range(0, 47, 4)])
    contrast = np.where(np.abs(times[:, None] - bars).min(1) < 0.06, 0.6, -0.05)
    detected = detected_beats([to_steady_s(beat) for beat in range(47)])
    grid = build_beat_grid(detected, activation, measure_strength(audio), (times, contrast))
    assert grid is not None
    nearest = np.abs(grid.beats_s[:, None] - [to_steady_s(beat + offset) for beat in range(48)]).min(1)
    assert nearest.max() < 0.01


def test_beats_that_the_engine_finds_half_as_fast_are_laid_so() -> None:
    times = [0.37 + beat * 60 / 70 for beat in range(48)]
    audio = song(lambda beat: 0.37 + beat * 60 / 70)
    halves = beat_activation([at + 30 / 70 for at in times[:-1]], audio.shape[1] / RATE, 0.7)
    activation = np.maximum(beat_activation(times, audio.shape[1] / RATE), halves)
    grid = build_beat_grid(detected_beats(times), activation, measure_strength(audio))
    assert grid is not None
    assert len(grid.beats_s) == 48
    assert np.abs(grid.beats_s - times).max() < 0.01


@pytest.mark.parametrize(("bpm", "then_bpm"), [(120.0, 80.0), (140.0, 80.0), (80.0, 140.0), (110.0, 70.0)])
def test_a_side_that_all_find_twice_as_fast_is_laid_at_the_speed_of_the_other(bpm: float, then_bpm: float) -> None:
    audio, sides = make_two_sides(0.0, bpm, then_bpm)
    slow = int(bpm > then_bpm)
    halves = [np.append(side, 2 * side[-1] - side[-2])[:-1] + (side[1] - side[0]) / 2 for side in sides]
    found = [side if place != slow else np.sort([*side, *halves[slow]]) for place, side in enumerate(sides)]
    seconds = audio.shape[1] / RATE
    activation = np.maximum(
        beat_activation(np.concatenate(sides).tolist(), seconds, 0.5),
        beat_activation(np.concatenate(halves).tolist(), seconds, 0.28),
    )
    grid = build_beat_grid(detected_beats(np.concatenate(found).tolist()), activation, measure_strength(audio))
    assert (count_right(grid, sides[0]), count_right(grid, sides[1])) == (48, 48)
    assert grid is not None
    assert f"from {bpm:.0f} to {then_bpm:.0f}" in grid.remarks[0]
    assert "may be half as fast as the music" in grid.remarks[1]
    for place, side in enumerate(sides):
        numbers = grid.numbers[[int(np.abs(grid.beats_s - at).argmin()) for at in side[::2]]]
        assert len(set((numbers % 2).tolist())) == 1, place
