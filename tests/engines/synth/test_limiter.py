"""The limiter: nothing above the ceiling, and what is below it untouched, so many frames later."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from bridge.core.audio import Audio
from engines.synth.limiter import CEILING_DB, LATENCY_FRAMES, RELEASE_S, Limiter, limit

FRAMES = 256
CEILING = 10 ** (CEILING_DB / 20)


def through(
    audio: np.ndarray[tuple[int, int], np.dtype[np.float32]],
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    limiter, out = Limiter(44100, FRAMES), np.zeros_like(audio)
    for first in range(0, audio.shape[1], FRAMES):
        limiter.process(audio[:, first : first + FRAMES], out[:, first : first + FRAMES])
    return out


@settings(max_examples=60, deadline=None)
@given(arrays.arrays(np.float32, (2, 3 * FRAMES), elements=st.floats(-30, 30, width=32)))
def test_no_sample_exceeds_the_ceiling(audio: Audio) -> None:
    assert np.abs(through(audio)).max() <= CEILING * (1 + 1e-6)


def test_what_is_below_the_ceiling_comes_as_it_was_and_as_late_as_declared() -> None:
    audio = np.random.default_rng(1).uniform(-0.85, 0.85, (2, 8 * FRAMES)).astype(np.float32)
    out = through(audio)
    assert not out[:, :LATENCY_FRAMES].any()
    np.testing.assert_array_equal(out[:, LATENCY_FRAMES:], audio[:, :-LATENCY_FRAMES])


def test_both_channels_have_one_gain_so_that_nothing_moves_to_a_side() -> None:
    audio = np.stack([np.full(8 * FRAMES, 2.0), np.full(8 * FRAMES, 0.5)]).astype(np.float32)
    settled = through(audio)[:, -FRAMES:]
    np.testing.assert_allclose(settled[0], CEILING, rtol=1e-5)
    np.testing.assert_allclose(settled[1], CEILING / 4, rtol=1e-5)


def test_after_a_peak_the_gain_comes_back_with_the_release() -> None:
    audio = np.full((2, 64 * FRAMES), 0.5, np.float32)
    audio[:, 1000] = 4.0
    gains = through(audio)[0, LATENCY_FRAMES:] / 0.5
    after = 1000 + int(RELEASE_S * 44100)
    expected = 1 - (1 - CEILING / 4) * np.exp(-1)
    assert gains[after] == pytest.approx(expected, abs=0.01)
    assert gains[1000 - 2 * LATENCY_FRAMES] == 1.0
    assert gains[-1000] == pytest.approx(1.0, abs=0.05)


def test_limited_is_the_same_without_the_delay_for_any_length() -> None:
    audio = np.random.default_rng(2).normal(0, 0.8, (2, 5000)).astype(np.float32)
    padded = np.pad(audio, ((0, 0), (0, -5000 % FRAMES + FRAMES)))
    whole = limit(audio, 44100)
    assert whole.shape == audio.shape
    np.testing.assert_allclose(whole, through(padded)[:, LATENCY_FRAMES : LATENCY_FRAMES + 5000], atol=1e-6)
