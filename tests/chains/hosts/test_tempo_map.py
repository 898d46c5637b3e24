"""Tests of the time of beats, and of the tempo that DawDreamer gets."""

from __future__ import annotations

import numpy as np
import pytest

from chains.hosts.automation import compute_values
from chains.hosts.dawdreamer_tempo import TICKS_PER_BEAT, compute_tempo
from chains.hosts.offline_run import CURVE_FRAMES
from chains.hosts.tempo_map import compute_times

BEATS_S = (0.3, 0.8, 1.4, 2.0, 2.9)
RATE = 48_000


def test_beats_lie_on_those_of_the_song_and_go_on_at_both_ends() -> None:
    beats = np.array([-1.0, 0.0, 0.5, 4.0, 5.0])
    np.testing.assert_allclose(compute_times(beats, BEATS_S, 0.0), [-0.2, 0.3, 0.55, 2.9, 3.8])


def test_without_beats_the_tempo_counts_from_the_start() -> None:
    np.testing.assert_allclose(compute_times(np.array([0.0, 3.0]), (), 90.0), [0.0, 2.0])


def test_without_beats_and_tempo_times_are_not_known() -> None:
    with pytest.raises(ValueError, match="neither"):
        compute_times(np.zeros(1), (), 0.0)


@pytest.mark.parametrize("beats_s", [BEATS_S, BEATS_S[1:], (0.0, 0.5, 1.0), (0.001, 0.5), (7.3, 7.9)])
def test_every_beat_of_dawdreamer_is_one_of_the_song(beats_s: tuple[float, ...]) -> None:
    tempo_bpm, ticks_per_beat = compute_tempo(beats_s, 12.0)
    assert ticks_per_beat == TICKS_PER_BEAT
    tick_s = np.concatenate([[0.0], np.cumsum(60.0 / tempo_bpm.astype(np.float64) / ticks_per_beat)])
    beat_s = tick_s[::ticks_per_beat]
    for wanted in beats_s:
        assert np.min(np.abs(beat_s - wanted)) < 1e-4
    assert tick_s[-1] > 12.0


def test_values_between_points_are_linear_in_beats_and_stay_outside() -> None:
    values = compute_values(((1.0, 10.0), (3.0, 30.0)), 3 * RATE, RATE, BEATS_S, 0.0)
    middles_s = (np.arange(len(values)) + 0.5) * CURVE_FRAMES / RATE
    assert len(values) == -(-3 * RATE // CURVE_FRAMES)
    assert (values[middles_s < 0.8] == 10.0).all()
    assert (values[middles_s > 2.0] == 30.0).all()
    beats = np.interp(middles_s, BEATS_S, np.arange(5))
    inside = (beats > 1.0) & (beats < 3.0)
    np.testing.assert_allclose(values[inside], beats[inside] * 10.0, atol=1e-4)
