"""The cells of a mixture say the same about an error as its spectra do."""

from __future__ import annotations

import numpy as np
import pytest

from engines.separation.frequency_grid import POINTS, WINDOW, compute_pooling, compute_spreading
from research.separation.training.targets import STRIDE, TargetCells, compute_cells, get_analysis_window

RATES = [44100, 48000]


def stems_of(seed: int = 1) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    random = np.random.default_rng(seed)
    return (random.standard_normal((4, 2, WINDOW + 5 * STRIDE)) * 0.1).astype(np.float32)


def spectra_of(stems: np.ndarray[tuple[int, ...], np.dtype[np.float32]], overlap: int, step: int):  # type: ignore[no-untyped-def]
    analysis, scale = get_analysis_window(overlap)
    part = stems[:, :, step * STRIDE : step * STRIDE + WINDOW] * analysis
    sides = 0.5 * np.stack([part[:, 0] + part[:, 1], part[:, 0] - part[:, 1]], 1)
    return np.fft.rfft(sides, axis=-1) * np.sqrt(scale)


def error(target: TargetCells, mask: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    error = mask * mask * target.mix[:, None] - 2 * mask * target.common + target.own
    total: np.ndarray[tuple[int, ...], np.dtype[np.float32]] = error.sum((-1, -2))
    return total


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("overlap", [256, 64])
def test_the_error_of_a_constant_mask_is_that_of_the_spectra(rate: int, overlap: int) -> None:
    stems = stems_of()
    target = error(compute_cells(stems, rate, overlap), 0.3)
    spectra = spectra_of(stems, overlap, 3)
    wrong = 0.3 * spectra.sum(0) - spectra
    np.testing.assert_allclose(target[3], (np.abs(wrong) ** 2).sum((1, 2)), rtol=1e-4)


def test_the_network_hears_what_the_live_kernel_pools() -> None:
    stems = stems_of(2)
    target = compute_cells(stems, 48000, 128)
    mid, side = spectra_of(stems, 128, 2).sum(0)
    weights = compute_pooling(48000)
    expected = np.stack(
        [weights @ np.abs(mid) ** 2, weights @ np.abs(side) ** 2, weights @ (2 * (mid * side.conj()).real)]
    )
    np.testing.assert_allclose(target.power[2], expected, rtol=1e-3, atol=1e-9)


def test_an_equalizer_changes_its_own_stem_and_the_mixture_with_it() -> None:
    stems = stems_of(3)
    gains = np.ones((4, WINDOW // 2 + 1), np.float32)
    gains[1] = 2.0
    plain, equalized = compute_cells(stems, 44100, 256), compute_cells(stems, 44100, 256, gains)
    np.testing.assert_allclose(equalized.own[:, 1], 4 * plain.own[:, 1], rtol=1e-4)
    np.testing.assert_allclose(equalized.own[:, 0], plain.own[:, 0], rtol=1e-4)
    louder = stems.copy()
    louder[1] *= 2.0
    np.testing.assert_allclose(equalized.mix, compute_cells(louder, 44100, 256).mix, rtol=1e-3, atol=1e-9)


def test_a_full_scale_tone_in_the_middle_is_near_one() -> None:
    stems = np.zeros((4, 2, WINDOW), np.float32)
    bin_ = 20
    stems[2] = np.sin(2 * np.pi * bin_ * np.arange(WINDOW) / WINDOW)
    target = compute_cells(stems, 44100, 256)
    lower, _ = compute_spreading(44100)
    assert target.power.shape == (1, 3, POINTS)
    assert target.power[0, 0, lower[bin_]] == pytest.approx(1.0, rel=0.05)
    assert target.power[0, 1].max() < 1e-6
