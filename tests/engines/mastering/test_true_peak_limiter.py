"""True-peak limiter: hard material stays below the ceiling, all else passes as it is."""

from __future__ import annotations

import math

import numpy as np
import pyebur128
import pytest

from bridge.core.audio import Audio
from engines.mastering.true_peak_limiter import BLOCK_FRAMES, find_true_peaks, limit_true_peaks, read_blocks

RATE = 48000
CEILING_DB = -1.0


def make_hard_sounds() -> dict[str, Audio]:
    noise = np.random.default_rng(3).uniform(-1.5, 1.5, (2, 3 * RATE))
    spectrum = np.fft.rfft(noise)
    spectrum[:, 20_000 * 3 :] = 0.0  # above it two interpolators need not agree: see test_mastering
    t = np.arange(3 * RATE) / RATE
    quarter = np.sin(2 * np.pi * RATE / 4 * t + math.pi / 4) * np.where((t % 0.5) < 0.25, 1.3, 0.2)
    clicks = np.zeros(3 * RATE)
    clicks[::4801], clicks[1::4801] = 1.8, 1.8
    square = np.sign(np.sin(2 * np.pi * 997 * t)) * 1.2
    return {
        "between the samples": np.stack([quarter, quarter]).astype(np.float32),
        "clicks": np.stack([clicks, -clicks]).astype(np.float32),
        "square": np.stack([square, 0.1 * square]).astype(np.float32),
        "noise": np.fft.irfft(spectrum).astype(np.float32),
        "peaks at both ends": np.stack([np.r_[1.9, np.zeros(RATE), 1.9]] * 2).astype(np.float32),
    }


HARD = make_hard_sounds()


def oversample(sound: Audio) -> Audio:
    """The sound at eight times the rate, by its spectrum."""
    frames = sound.shape[1]
    padded = np.pad(sound.astype(np.float64), ((0, 0), (256, 256 + frames % 2)))
    spectrum = np.fft.rfft(padded)
    wide = np.zeros((2, padded.shape[1] * 4 + 1), np.complex128)
    wide[:, : spectrum.shape[1]] = spectrum
    return np.asarray(np.fft.irfft(wide) * 8)


@pytest.mark.parametrize("name", HARD)
def test_the_true_peak_of_hard_material_is_at_most_a_tenth_of_a_decibel_above(name: str) -> None:
    limited = np.concatenate(list(limit_true_peaks(HARD[name], RATE, 1.0, CEILING_DB)), axis=1)
    meter = pyebur128.R128State(2, RATE, pyebur128.MeasurementMode.MODE_TRUE_PEAK)
    meter.add_frames(np.ascontiguousarray(limited.T, np.float64).reshape(-1), limited.shape[1])
    assert 20 * math.log10(max(pyebur128.get_true_peak(meter, side) for side in (0, 1))) <= CEILING_DB + 0.1
    assert np.abs(limited).max() <= 10 ** (CEILING_DB / 20) * (1 + 1e-6)
    assert limited.shape == HARD[name].shape


def test_a_peak_between_the_samples_is_limited_by_what_it_is_above_and_no_more() -> None:
    limited = np.concatenate(list(limit_true_peaks(HARD["between the samples"], RATE, 1.0, CEILING_DB)), axis=1)
    assert 20 * math.log10(np.abs(oversample(limited)[:, : 8 * RATE]).max()) == pytest.approx(CEILING_DB, abs=0.3)


@pytest.mark.parametrize("frames", [1, 63, 64, 1024, BLOCK_FRAMES - 63, BLOCK_FRAMES, 2 * BLOCK_FRAMES + 5])
def test_below_the_ceiling_every_bit_is_left_without_a_delay(frames: int) -> None:
    sound = np.random.default_rng(1).uniform(-0.3, 0.3, (2, frames)).astype(np.float32)
    blocks = list(limit_true_peaks(sound, RATE, 1.0, CEILING_DB))
    assert [one.shape[1] for one in blocks] == [one.shape[1] for one in read_blocks(sound)]
    np.testing.assert_array_equal(np.concatenate(blocks, axis=1), sound)


def test_a_gain_counts_before_the_ceiling() -> None:
    sound = HARD["noise"] * np.float32(0.1)
    raised = np.concatenate(list(limit_true_peaks(sound, RATE, 20.0, CEILING_DB)), axis=1)
    same = np.concatenate(list(limit_true_peaks(sound * np.float32(20), RATE, 1.0, CEILING_DB)), axis=1)
    np.testing.assert_allclose(raised, same, atol=1e-6)


def test_the_peaks_are_the_same_whatever_the_pieces() -> None:
    sound = HARD["between the samples"][:, : RATE // 2]
    whole = find_true_peaks(sound, 0, RATE // 2, 0.0)
    pieces = [find_true_peaks(sound, at, 1000, 0.0) for at in range(0, RATE // 2, 1000)]
    np.testing.assert_allclose(np.concatenate(pieces), whole, atol=1e-12)
    assert whole[RATE // 10] == pytest.approx(1.3, abs=0.01)
