"""The grid in Hz: one set of masks for every rate, and nothing lost on the way."""

from __future__ import annotations

import numpy as np
import pytest

from engines.separation.frequency_grid import (
    BINS,
    POINTS,
    WINDOW,
    compute_points_hz,
    compute_pooling,
    compute_spreading,
)


def spread(
    masks: np.ndarray[tuple[int, ...], np.dtype[np.float32]], rate: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    lower, upper = compute_spreading(rate)
    return masks[..., lower] * (1 - upper) + masks[..., lower + 1] * upper


@pytest.mark.parametrize("rate", [44100, 48000])
def test_masks_that_sum_to_one_at_the_points_do_so_at_every_bin(rate: int) -> None:
    masks = np.random.default_rng(1).dirichlet(np.ones(4), POINTS).T.astype(np.float32)
    np.testing.assert_allclose(spread(masks, rate).sum(0), 1.0, atol=1e-6)


@pytest.mark.parametrize("rate", [44100, 48000])
def test_every_point_pools_a_mean_of_bins_around_it(rate: int) -> None:
    weights = compute_pooling(rate)
    np.testing.assert_allclose(weights.sum(1), 1.0, atol=1e-5)
    centres = weights @ (np.arange(BINS) * rate / WINDOW).astype(np.float32)
    inside = slice(1, POINTS - 2)  # the last points pool all that lies above them
    assert np.all(np.abs(centres[inside] / compute_points_hz()[inside] - 1.0) < 0.12)


def test_low_points_are_the_bins_themselves_at_44100() -> None:
    np.testing.assert_array_equal(compute_pooling(44100)[:60, :60], np.eye(60, dtype=np.float32))


def test_the_same_tone_falls_on_the_same_point_at_both_rates() -> None:
    places = []
    for rate in (44100, 48000):
        tone = np.sin(2 * np.pi * 5000.0 * np.arange(WINDOW) / rate) * np.hanning(WINDOW)
        places.append(int(np.argmax(compute_pooling(rate) @ np.abs(np.fft.rfft(tone)) ** 2)))
    assert abs(places[0] - places[1]) <= 1
    assert abs(float(compute_points_hz()[places[0]]) - 5000.0) < 60.0
