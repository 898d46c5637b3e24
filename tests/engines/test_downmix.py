"""Two sides as one channel: ordinary ones to the bit, and such as cancel."""

from __future__ import annotations

import numpy as np
import pytest

from engines.downmix import Downmix
from tests.engines.mir.signals import RATE, band


def downmix(sides: np.ndarray, piece: int = 512) -> np.ndarray:
    downmix = Downmix(RATE)
    found = []
    for first in range(0, sides.shape[1], piece):
        here = sides[:, first : first + piece]
        mono = here.mean(axis=0)
        downmix.correct(here, mono)
        found.append(mono)
    return np.concatenate(found)


def music(seconds: float = 6.0) -> np.ndarray:
    return np.asarray(band(lambda beat: beat * RATE / 2, round(2 * seconds))[0])


def test_of_ordinary_sides_it_is_the_mean_to_the_bit() -> None:
    mono = music()
    wide = np.stack([mono, np.roll(mono, 300) * 0.4])
    alone = np.stack([mono, np.zeros_like(mono)])
    noise = np.random.default_rng(1).normal(0, 0.1, (2, len(mono))).astype(np.float32)  # as wide as can be
    for sides in (np.stack([mono, mono]), wide, alone, noise, wide[:1], np.zeros((2, RATE), np.float32)):
        assert np.array_equal(downmix(sides), sides.mean(axis=0))


@pytest.mark.parametrize("right", [-1.0, -0.97, -0.8])
@pytest.mark.parametrize("piece", [512, 65_536, 1000])
def test_where_the_sides_cancel_one_is_inverted_from_the_first_frame_on(right: float, piece: int) -> None:
    mono = music()
    sides = np.stack([mono, np.float32(right) * mono])
    expected = 0.5 * (sides[0] - sides[1])
    assert np.abs(downmix(sides, piece) - expected).max() < 1e-6


def test_a_side_that_is_inverted_for_a_while_is_followed_without_a_click() -> None:
    at = np.arange(6 * RATE) / RATE
    mono = (0.5 * np.sin(2 * np.pi * 220 * at)).astype(np.float32)
    sign = np.where((at > 2) & (at < 4), -1, 1).astype(np.float32)
    found = downmix(np.stack([mono, sign * mono]))
    level = np.sqrt(np.convolve(found**2, np.ones(4410) / 4410, "same"))
    assert level[round(3.0 * RATE) : round(3.9 * RATE)].min() > 0.3
    assert level[round(4.6 * RATE) : round(5.8 * RATE)].min() > 0.3
    assert np.abs(np.diff(found)).max() < 0.06  # the sine's own steps have 0.016, the side's own break has 0


def test_samples_that_are_no_numbers_do_not_stay() -> None:
    mono = music()
    sides = np.stack([mono, -mono])
    sides[0, 600] = np.nan
    assert np.abs(downmix(sides) - mono)[1024:].max() < 1e-6


def test_its_state_can_be_kept_and_taken_up() -> None:
    sides = np.stack([music(), -music()])
    one, other = Downmix(RATE), Downmix(RATE)
    one.correct(sides[:, :RATE], np.zeros(RATE, np.float32))
    other.restore(one.state())
    monos = [np.zeros(RATE, np.float32) for _ in range(2)]
    for downmix, mono in zip((one, other), monos, strict=True):
        downmix.correct(sides[:, RATE : 2 * RATE], mono)
    assert np.array_equal(monos[0], monos[1])
