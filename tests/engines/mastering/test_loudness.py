"""Loudness meter: EBU's test signals, and sounds that have no loudness."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bridge.core.audio import Audio
from bridge.errors import ConfigError
from engines.mastering.loudness import measure_loudness
from engines.mastering.true_peak_limiter import read_blocks

RATE = 48000


def make_tone(hz: float, level_db: float, seconds: float, phase: float = 0.0) -> Audio:
    wave = np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE + phase) * 10 ** (level_db / 20)
    return np.stack([wave, wave]).astype(np.float32)


def test_the_tone_of_ebu_tech_3341_has_its_loudness() -> None:
    measured = measure_loudness(read_blocks(make_tone(1000, -23, 20)), RATE)
    assert measured.integrated_lufs == pytest.approx(-23.0, abs=0.1)
    assert measured.range_lu == pytest.approx(0.0, abs=0.1)
    assert measured.reason == ""


def test_steps_of_20_db_have_a_loudness_range_of_20_lu() -> None:
    sound = np.concatenate([make_tone(1000, -20, 20), make_tone(1000, -40, 20)], axis=1)  # minimum requirement 3342-2
    range_lu = measure_loudness(read_blocks(sound), RATE).range_lu
    assert range_lu == pytest.approx(20.0, abs=1.0)


def test_a_peak_between_the_samples_is_found() -> None:
    measured = measure_loudness(read_blocks(make_tone(RATE / 4, 0, 1, math.pi / 4)), RATE)
    assert measured.peak == pytest.approx(math.sqrt(0.5), abs=1e-3)
    assert measured.true_peak_dbtp == pytest.approx(0.0, abs=0.2)


def test_samples_above_full_scale_are_counted() -> None:
    sound = make_tone(1000, -6, 1)
    sound[0, [10, 500]] = 1.5, -1.01
    assert measure_loudness(read_blocks(sound), RATE).overs == 2


@pytest.mark.parametrize(
    ("sound", "reason"),
    [
        (np.zeros((2, 0), np.float32), "it is empty"),
        (make_tone(1000, -10, 0.3), "it is shorter than 0.4 s"),
        (np.zeros((2, RATE), np.float32), "it is silent, or below -70 LUFS"),
        (make_tone(1000, -90, 2), "it is silent, or below -70 LUFS"),
    ],
)
def test_a_sound_without_a_loudness_has_the_reason_instead(sound: Audio, reason: str) -> None:
    measured = measure_loudness(read_blocks(sound), RATE)
    assert (measured.integrated_lufs, measured.range_lu, measured.reason) == (None, None, reason)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_sample_that_is_no_number_is_an_error_with_its_place(bad: float) -> None:
    sound = make_tone(1000, -20, 3)
    sound[1, 2 * RATE] = bad
    with pytest.raises(ConfigError, match=r"2\.000 s is NaN or infinite"):
        measure_loudness(read_blocks(sound), RATE)
