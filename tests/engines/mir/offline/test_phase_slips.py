"""Phase slips: beats that slip to the off-beat are put back, real shifts of the music stay."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from bridge.core.arrays import Float64Array
from engines.mir.offline.beat_decoder import TICKS_PER_SECOND, Track, decode_beats
from engines.mir.offline.phase_slips import SLIP_BEATS, correct_phase_slips
from tests.engines.backing.songs import beat_activation
from tests.engines.mir.offline.test_song_decoder import count_hits, decode

BEATS = 160


def make_track(beats_s: Float64Array, restarts: tuple[int, ...] = ()) -> Track:
    return Track(beats_s, np.isin(np.arange(len(beats_s)), (0, *restarts)))


def make_slipping(period_s: float, slips: tuple[int, ...], direction: float = 1.0, length: int = 12) -> Float64Array:
    """Beats that are half a beat later (direction 1) or earlier (-1) behind each slip of ``length`` intervals."""
    intervals = np.full(BEATS, period_s)
    for slip in slips:
        intervals[slip : slip + length] += direction * 0.5 * period_s / length
    return 0.5 + np.concatenate([[0.0], np.cumsum(intervals)])


def score(beats_s: NDArray[np.float64], value: float, seconds: float) -> Float64Array:
    """Scores of ``value`` at these beats, and 0 between them."""
    scores = np.zeros(round(seconds * TICKS_PER_SECOND) + 1)
    ticks = np.round(beats_s * TICKS_PER_SECOND).astype(np.int64)
    for around in range(-4, 5):
        scores[np.clip(ticks + around, 0, len(scores) - 1)] = value
    return scores


@given(
    period_s=st.floats(0.32, 0.95),
    first=st.integers(8, 60),
    second=st.integers(90, 130),
    direction=st.sampled_from([1.0, -1.0]),
    length=st.integers(6, 16),
)
def test_slips_without_proof_are_removed(
    period_s: float, first: int, second: int, direction: float, length: int
) -> None:
    beats = make_slipping(period_s, (first, second), direction, length)
    grid = np.arange(0.5, beats[-1] + period_s, period_s)
    corrected = correct_phase_slips(make_track(beats), score(grid, 3.0, beats[-1] + 1.0)).beats_s
    assert np.allclose(np.diff(corrected), period_s, atol=0.03 * period_s)
    inside = grid[(grid > corrected[0] - 0.04) & (grid < corrected[-1] + 0.04)]
    assert np.abs(corrected[:, None] - inside).min(1).max() < 0.04 * period_s + 0.001


def test_a_slip_that_the_activation_proves_stays() -> None:
    beats = make_slipping(0.5, (70,))
    assert np.array_equal(correct_phase_slips(make_track(beats), score(beats, 4.0, beats[-1] + 1.0)).beats_s, beats)


def test_a_slip_that_is_proved_between_two_parts_on_the_off_beat_loses_no_beat() -> None:
    beats = make_slipping(0.5, (50, 100))
    halfway = (beats[1:] + beats[:-1]) / 2
    true = np.concatenate([halfway[:105], beats[117:]])  # only the last part is on the beat
    found = correct_phase_slips(make_track(beats), score(true, 4.0, beats[-1] + 1.0)).beats_s
    assert min(count_hits(found, halfway[:100])[0], count_hits(found, beats[118:])[0]) == 1.0
    assert 0.45 < np.diff(found).min() <= np.diff(found).max() < 0.58


@pytest.mark.parametrize("period_s", [0.4, 0.7])
def test_tempo_that_changes_is_no_slip(period_s: float) -> None:
    slower = np.cumsum(np.concatenate([np.full(60, period_s), np.linspace(period_s, 1.25 * period_s, 60)]))
    other = np.cumsum(np.concatenate([np.full(60, period_s), np.full(60, 0.8 * period_s)]))
    for beats in (slower, other):
        track = make_track(beats)
        assert np.array_equal(correct_phase_slips(track, np.zeros(40_000)).beats_s, beats)


def test_passages_between_restarts_are_corrected_each_for_itself() -> None:
    beats = make_slipping(0.5, (30,))
    behind = beats[-1] + 3.21 + np.arange(40) * 0.5
    track = make_track(np.concatenate([beats, behind]), (len(beats),))
    corrected = correct_phase_slips(track, np.zeros(60_000))
    assert corrected.restarts.sum() == 2
    assert np.array_equal(corrected.beats_s[corrected.restarts.nonzero()[0][1] :], behind)
    assert np.allclose(np.diff(corrected.beats_s[: -len(behind)]), 0.5, atol=0.02)


def test_few_beats_or_none_are_left_as_they_are() -> None:
    for count in range(2 * SLIP_BEATS):
        beats = np.arange(count, dtype=np.float64) / 2
        assert np.array_equal(correct_phase_slips(make_track(beats), np.zeros(10_000)).beats_s, beats)


def test_a_song_whose_intro_stresses_the_off_beats_has_its_beats_from_the_first_bar() -> None:
    true = np.arange(0.5, 120.0, 0.6)
    seconds = float(true[-1]) + 1.0
    intro = true < 20.0
    strong, weak = beat_activation(true[~intro].tolist(), seconds), beat_activation(true[intro].tolist(), seconds, 0.1)
    off = beat_activation((true[intro] + 0.3).tolist(), seconds, 0.7)
    activation = np.maximum(np.maximum(strong, weak), off)
    slipping = decode_beats(activation, restart_cost=50.0).beats_s
    assert count_hits(slipping, true)[0] < 0.9  # the decoder alone takes the off-beats of the intro
    found = decode(true, activation=activation).track.beats_s
    assert min(count_hits(found, true[1:])) > 0.99
