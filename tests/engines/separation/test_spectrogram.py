"""There and back, and long pieces in parts."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.core.audio import Audio
from engines.separation.spectrogram import (
    FADE_S,
    HOP,
    PIECE_S,
    WINDOW,
    analyse,
    process_in_pieces,
    synthesise,
)


@pytest.mark.parametrize("frames", [1, HOP - 1, HOP, WINDOW, 3 * WINDOW + 17])
def test_the_waves_come_back_whatever_their_length(frames: int) -> None:
    waves = np.random.default_rng(1).normal(0, 0.1, (3, 2, frames)).astype(np.float32)
    np.testing.assert_allclose(synthesise(analyse(waves), frames), waves, atol=1e-6)


def test_the_spectra_hold_the_energy_of_the_waves() -> None:
    wave = np.random.default_rng(1).normal(0, 0.1, 10 * WINDOW).astype(np.float32)
    power = np.abs(analyse(wave)) ** 2
    both_sides = 2 * power.sum() - power[:, 0].sum() - power[:, -1].sum()
    assert both_sides / WINDOW == pytest.approx((wave**2).sum(), rel=1e-4)


@pytest.mark.parametrize("pieces", [0.5, 1.0, 1.5, 2.784, 3.2, 7.0])
def test_what_is_unchanged_in_parts_is_unchanged_in_the_whole(pieces: float) -> None:
    rate = 50
    frames = int(pieces * PIECE_S * rate)
    stems = np.random.default_rng(1).normal(0, 1, (2, 2, frames)).astype(np.float32)
    lengths = []

    def keep(mix: Audio, part: Audio) -> Audio:
        lengths.append(mix.shape[1])
        np.testing.assert_array_equal(part.sum(axis=0), mix)
        return part.copy()

    done = process_in_pieces(keep, stems.sum(axis=0), stems, rate)
    np.testing.assert_allclose(done, stems, atol=1e-6)
    assert max(lengths) <= PIECE_S * rate


def test_parts_that_disagree_fade_into_each_other() -> None:
    rate = 50
    stems = np.ones((1, 2, int(2 * (PIECE_S - FADE_S) * rate)), np.float32)
    levels = iter([0.0, 1.0])
    done = process_in_pieces(lambda _mix, part: part * np.float32(next(levels)), stems[0], stems, rate)
    assert (done[0, 0, 0], done[0, 0, -1]) == (0.0, 1.0)
    assert np.abs(np.diff(done[0, 0])).max() < 1.1 / (FADE_S * rate)
