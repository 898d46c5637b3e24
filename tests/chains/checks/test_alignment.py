"""Delay measurement: exact delays, gates and filters that deceive an impulse, and what cannot be measured."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.core.audio import Audio
from chains.checks.alignment import DelayMeasurement, measure_delay
from chains.checks.stimuli import make_noise, make_silence

FRAMES = 24_000
LIMIT_FRAMES = 4096
SMEAR_FRAMES = 24


def delay(audio: Audio, frames: int) -> Audio:
    """``audio`` later by ``frames``, or earlier, of the same length."""
    shifted = np.zeros_like(audio)
    if frames >= 0:
        shifted[:, frames:] = audio[:, : audio.shape[1] - frames]
    else:
        shifted[:, :frames] = audio[:, -frames:]
    return shifted


def low_pass(audio: Audio, strength: float) -> Audio:
    """A one-pole low-pass twice in a row: no latency, but a response that peaks later than it begins."""
    out = audio.astype(np.float64)
    for _ in range(2):
        state = np.zeros(out.shape[0])
        for frame in range(out.shape[1]):
            state += strength * (out[:, frame] - state)
            out[:, frame] = state
    return out.astype(np.float32)


def measure(wet_of_dry: DelayMeasurement, frames: int) -> bool:
    return wet_of_dry.is_measurable and wet_of_dry.matches(frames, SMEAR_FRAMES)


@pytest.mark.parametrize("frames", [-300, -1, 0, 1, 256, 480, 4000])
@pytest.mark.parametrize("gain", [1.0, -0.25], ids=["gain", "inverted"])
def test_a_pure_delay_is_measured_to_the_frame(frames: int, gain: float) -> None:
    dry = make_noise(FRAMES)
    found = measure_delay(dry, delay(dry, frames) * np.float32(gain), LIMIT_FRAMES)
    assert found.peak_frames == found.onset_frames == frames
    assert measure(found, frames)
    assert not measure(found, frames + 1)
    assert not measure(found, frames - 1)


def test_noise_that_is_added_leaves_the_delay_measurable() -> None:
    dry = make_noise(FRAMES)
    wet = delay(dry, 77) + make_noise(FRAMES, seed=9, level_db=-20.0)
    assert measure(measure_delay(dry, wet, LIMIT_FRAMES), 77)


def test_an_echo_is_no_latency() -> None:
    dry = make_noise(FRAMES)
    wet = dry + np.float32(0.6) * delay(dry, 2000)
    assert measure(measure_delay(dry, wet, LIMIT_FRAMES), 0)


def test_a_filter_that_peaks_late_is_no_latency() -> None:
    dry = make_noise(FRAMES)
    found = measure_delay(dry, low_pass(dry, 0.45), LIMIT_FRAMES)
    assert found.peak_frames > 0
    assert found.onset_frames == 0
    assert measure(found, 0)
    assert not measure(measure_delay(dry, delay(low_pass(dry, 0.45), 40), LIMIT_FRAMES), 0)


@pytest.mark.parametrize("wet", [make_silence(FRAMES), make_noise(FRAMES, seed=5)], ids=["silence", "other noise"])
def test_what_has_nothing_of_the_input_is_not_measurable(wet: Audio) -> None:
    assert not measure_delay(make_noise(FRAMES), wet, LIMIT_FRAMES).is_measurable


def test_a_delay_beyond_the_limit_is_not_measurable() -> None:
    dry = make_noise(FRAMES)
    assert not measure_delay(dry, delay(dry, 5000), LIMIT_FRAMES).is_measurable


def test_a_longer_output_is_compared_to_its_end() -> None:
    dry = make_noise(2000)
    wet = np.concatenate([np.zeros((2, 1900), np.float32), dry], axis=1)
    assert measure(measure_delay(dry, wet, LIMIT_FRAMES), 1900)
