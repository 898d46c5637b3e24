"""Signal analysis of the checks: null depth, dropouts, levels, tails, steps and responses of made-up signals."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.core.audio import Audio
from chains.checks.differences import BIT_EQUAL_DB, Dropout, compute_null_db, compute_peak_db, find_dropouts
from chains.checks.levels import (
    compute_dc_db,
    count_bad_frames,
    count_denormals,
    measure_step_db,
    measure_tail,
    remove_dc,
)
from chains.checks.response import compute_response
from chains.checks.stimuli import damage, make_bursts, make_noise, make_silence, make_sine

RATE = 48_000


def test_equal_signals_null_to_the_floor_and_a_gain_error_to_its_size() -> None:
    noise = make_noise(8000)
    assert compute_null_db(noise, noise.copy()) == BIT_EQUAL_DB
    assert compute_null_db(noise, noise * np.float32(1.001)) == pytest.approx(-60.0, abs=0.1)
    assert compute_null_db(noise, make_silence(8000)) == pytest.approx(0.0, abs=1e-6)


def test_a_signal_that_goes_on_differs_from_one_that_ends() -> None:
    noise = make_noise(8000)
    assert compute_null_db(noise, noise[:, :7000]) > -12.0
    assert compute_null_db(noise, np.pad(noise, ((0, 0), (0, 100)))) == BIT_EQUAL_DB


def test_beside_silence_a_difference_is_relative_to_full_scale() -> None:
    assert compute_null_db(make_silence(100), np.full((2, 100), 0.001, np.float32)) == pytest.approx(-60.0, abs=0.1)


def test_a_signal_that_is_not_finite_never_nulls() -> None:
    noise = make_noise(1000)
    assert compute_null_db(noise, damage(noise, 10, 1)) == float("inf")
    assert compute_peak_db(damage(noise, 10, 1)) == float("inf")
    assert count_bad_frames(damage(noise, 10, 7)) == 7


def test_zero_runs_that_the_input_lacks_are_dropouts() -> None:
    dry = make_noise(4000)
    wet = dry.copy()
    wet[:, :100] = 0.0  # a late start
    wet[:, 1000:1064] = 0.0
    wet[:, 2000:2008] = 0.0  # too short
    wet[0, 3000:3064] = 0.0  # one channel alone
    wet[:, 3900:] = 0.0  # the end
    assert find_dropouts(dry, wet) == [Dropout(1000, 64)]
    dry[:, 900:1100] = 0.0
    assert find_dropouts(dry, wet) == []


def test_denormals_are_counted_and_zeros_are_not() -> None:
    audio = make_silence(10)
    audio[0, 3], audio[1, 4], audio[0, 5] = 1e-40, -1e-45, 1.2e-38
    assert count_denormals(audio) == 2


def test_dc_is_the_mean_and_can_be_removed() -> None:
    noise = remove_dc(make_noise(RATE))
    assert compute_dc_db(noise) < -120.0
    assert compute_dc_db(noise + np.float32(0.01)) == pytest.approx(-40.0, abs=0.1)
    assert compute_dc_db(remove_dc(noise + np.float32(0.01))) < -120.0


@pytest.mark.parametrize(("below_db", "frames"), [(-60.0, 6908), (-90.0, 10362)])
def test_an_exponential_tail_is_as_long_as_its_decay_says(below_db: float, frames: int) -> None:
    tail = np.exp(-np.arange(1, 20_001) / 1000.0)
    audio = np.concatenate([np.ones(500), tail]).astype(np.float32)[None].repeat(2, axis=0)
    assert measure_tail(audio, 500, below_db) == pytest.approx(frames, abs=2)


def test_a_tail_that_never_ends_is_as_long_as_the_rest() -> None:
    assert measure_tail(np.ones((2, 900), np.float32), 500, -60.0) == 400
    assert measure_tail(np.concatenate([np.ones((2, 500)), np.zeros((2, 9))], axis=1), 500, -60.0) == 0


def ramp(step_frames: int) -> Audio:
    """A low note whose gain rises, changed every ``step_frames``."""
    gain = np.repeat(np.linspace(0.0, 1.0, RATE // step_frames), step_frames)
    return make_sine(gain.size, RATE, 97.0, 0.0) * gain.astype(np.float32)


@pytest.mark.parametrize(("step_frames", "step_db"), [(64, -57.0), (2400, -26.0)])
def test_a_gain_that_moves_in_steps_shows_their_height(step_frames: int, step_db: float) -> None:
    assert measure_step_db(ramp(step_frames), step_frames) == pytest.approx(step_db, abs=6.0)


def test_a_smooth_gain_has_no_steps() -> None:
    assert measure_step_db(ramp(1), 64) < -80.0
    assert measure_step_db(make_sine(RATE, RATE, 60.0), 64) < -80.0


def test_the_response_of_a_filter_is_that_of_its_formula() -> None:
    dry = make_noise(RATE)
    wet = dry.copy()
    wet[:, 1:] = np.float32(0.5) * (dry[:, 1:] + dry[:, :-1])
    response = compute_response(dry, wet, RATE)
    expected = 20 * np.log10(np.cos(np.pi * response.frequencies_hz / RATE))
    inside = (response.frequencies_hz > 200) & (response.frequencies_hz < 20_000)
    assert np.allclose(response.levels_db[inside], expected[inside], atol=0.5)
    assert response.frequencies_hz[0] < 40


def test_too_little_audio_has_no_response() -> None:
    assert compute_response(make_noise(5000), make_noise(5000), RATE).levels_db.size == 0


def test_stimuli_are_always_the_same_and_below_full_scale() -> None:
    assert np.array_equal(make_noise(1000), make_noise(1000))
    assert not np.array_equal(make_noise(1000)[0], make_noise(1000)[1])
    for audio in (make_noise(RATE), make_bursts(RATE, RATE), make_sine(RATE, RATE, 100.0)):
        assert audio.dtype == np.float32
        assert compute_peak_db(audio) < 0.0
