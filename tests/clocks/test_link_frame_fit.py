"""Frame fit: frames by the time of a clock that runs elsewhere and otherwise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.clocks.link_frame_fit import FEWEST, LOCKED_PAIRS, WINDOW, FrameFit

RATE = 48000
LOOK_US = 20_000.0
FROM_US = 78e9
"""A clock that counts from the start of the machine: its numbers are large."""


def measure(fit: FrameFit, count: int, drift_ppm: float, seed: int, first_frame: float = 0.0, at: int = 0) -> None:
    """Looks 20 ms apart, each late by up to 5 ms, at an audio clock that is slower by ``drift_ppm``."""
    random = np.random.default_rng(seed)
    for look in range(at, at + count):
        time_us = FROM_US + look * LOOK_US + random.uniform(0, 5000)
        fit.push(time_us, int(find_frame(time_us, drift_ppm, first_frame)))


def find_frame(time_us: float, drift_ppm: float, first_frame: float = 0.0) -> float:
    return first_frame + (time_us - FROM_US) * RATE * 1e-6 / (1.0 + drift_ppm * 1e-6)


@settings(max_examples=20, deadline=None)
@given(drift=st.floats(-300, 300), seed=st.integers(0, 1000), count=st.integers(100, 3 * WINDOW))
def test_the_line_is_right_to_the_frame_whatever_the_drift(drift: float, seed: int, count: int) -> None:
    fit = FrameFit(RATE)
    measure(fit, count, drift, seed)
    now_us = FROM_US + (count + 1) * LOOK_US  # a little ahead, as the callback is
    assert fit.frame_at(now_us) == pytest.approx(find_frame(now_us, drift), abs=1.0)
    assert fit.time_at(fit.frame_at(now_us)) == pytest.approx(now_us, abs=1e-3)
    assert fit.drift_ppm == pytest.approx(drift, abs=5.0)
    assert fit.is_locked


@pytest.mark.parametrize("every", [4, 10])
def test_looks_between_two_callbacks_that_are_a_period_off_do_not_move_the_line(every: int) -> None:
    fit = FrameFit(RATE)
    for look in range(300):
        time_us = FROM_US + look * LOOK_US
        fit.push(time_us, int(find_frame(time_us, 40.0)) + (1024 if look % every == 0 else 0))
        if look > 2 * FEWEST:
            assert fit.frame_at(time_us) == pytest.approx(find_frame(time_us, 40.0), abs=3.0)
    assert fit.restarts == 0
    assert fit.is_locked


@pytest.mark.parametrize("jump", [-48000, -5, 512, 10**9])
def test_after_a_jump_of_the_audio_clock_there_is_a_new_line_within_a_fraction_of_a_second(jump: int) -> None:
    fit = FrameFit(RATE)
    measure(fit, WINDOW, 20.0, 1)
    measure(fit, FEWEST, 20.0, 2, jump, WINDOW)
    now_us = FROM_US + (WINDOW + FEWEST) * LOOK_US
    assert fit.is_ready
    assert fit.frame_at(now_us) == pytest.approx(find_frame(now_us, 20.0, jump), abs=2.0)
    assert fit.restarts == 1


@pytest.mark.parametrize("drift", [0.0, 60.0])
def test_after_a_jump_uneven_looks_tilt_the_line_little(drift: float) -> None:
    """A busy machine: the drift is that of before the jump, whatever few looks say."""
    fit = FrameFit(RATE)
    measure(fit, WINDOW, drift, 1)
    random = np.random.default_rng(4)
    for look in range(WINDOW, WINDOW + 150):
        time_us = FROM_US + look * LOOK_US
        fit.push(time_us, find_frame(time_us, drift, 700.0) + random.uniform(-0.001, 0.001) * RATE)
        if look >= WINDOW + LOCKED_PAIRS:
            assert fit.drift_ppm == pytest.approx(drift, abs=100.0)
            assert fit.frame_at(time_us) == pytest.approx(find_frame(time_us, drift, 700.0), abs=0.0004 * RATE)
    assert fit.restarts == 1


def test_frames_that_are_known_to_a_period_alone_are_averaged_and_said_to_be_uneven() -> None:
    fit, period = FrameFit(RATE), 1024
    random = np.random.default_rng(3)
    for look in range(WINDOW):
        time_us = FROM_US + look * LOOK_US + random.uniform(0, 5000)
        fit.push(time_us, find_frame(time_us, 0.0) // period * period + period / 2)
    now_us = FROM_US + WINDOW * LOOK_US
    assert abs(fit.frame_at(now_us) - find_frame(now_us, 0.0)) < 0.25 * period
    assert fit.jitter_frames == pytest.approx(period / 4, rel=0.25)
    assert not fit.is_locked


def test_a_line_needs_pairs_and_time_that_goes_on() -> None:
    fit = FrameFit(RATE)
    for _ in range(100):
        fit.push(FROM_US, 5)
    assert not fit.is_ready
    assert not fit.is_locked
