"""The spectrum outside the graph: torch's conventions, and back to the same samples."""

from __future__ import annotations

import numpy as np
import pytest

from engines.separation.models.torch_stft import Stft
from tests.engines.separation.models.graphs import noise


@pytest.mark.parametrize("frames", [1, 2, 15, 16, 17, 100, 1000, 1023])
@pytest.mark.parametrize("normalised", [False, True])
@pytest.mark.parametrize("padding", ["reflect", "constant"])
def test_the_way_back_gives_the_same_samples(frames: int, normalised: bool, padding: str) -> None:
    stft = Stft(64, 16, padding, normalised)  # type: ignore[arg-type]
    mix = noise(frames)
    np.testing.assert_allclose(stft.synthesise(stft.analyse(mix), frames), mix, atol=1e-6)


def test_a_hop_that_divides_no_window_gives_the_same_samples_too() -> None:
    stft, mix = Stft(2048, 441), noise(5000)
    np.testing.assert_allclose(stft.synthesise(stft.analyse(mix), 5000), mix, atol=1e-6)


@pytest.mark.parametrize(("normalised", "scale"), [(False, 1.0), (True, 1.0 / 8.0)])
def test_a_column_is_the_windowed_fourier_sum_around_its_frame(normalised: bool, scale: float) -> None:
    mix, at = noise(200), 5 * 16
    column = Stft(64, 16, normalised=normalised).analyse(mix)[:, :, 5]
    frames = np.arange(64)
    hann = np.sin(np.pi * frames / 64) ** 2
    wave = np.exp(-2j * np.pi * np.outer(np.arange(33), frames) / 64)
    np.testing.assert_allclose(column, (mix[:, at - 32 : at + 32] * hann) @ wave.T * scale, atol=1e-5)


def test_the_first_column_hears_the_signal_reflected_without_its_first_frame() -> None:
    mix = noise(200)
    reflected = np.concatenate([mix[:, 32:0:-1], mix], axis=1)
    expected = np.fft.rfft(reflected[:, :64] * np.sin(np.pi * np.arange(64) / 64) ** 2)
    np.testing.assert_allclose(Stft(64, 16).analyse(mix)[:, :, 0], expected, atol=1e-5)


def test_columns_and_frames_are_each_others_inverse() -> None:
    stft = Stft(2048, 441)
    assert stft.count_columns(352800) == 801
    assert stft.count_frames(801) == 352800
    assert stft.analyse(noise(4410)).shape == (2, 1025, 11)
