"""Mastering: the target loudness is met below the ceiling, and what cannot be met is said."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.core.audio import Audio
from engines.mastering.loudness import measure_loudness
from engines.mastering.mastering import Target, master_sound

RATE = 48000


def make_music(seconds: float, level: float, crest: float) -> Audio:
    """Noise with a click of ``crest`` times its level twice a second."""
    sound = np.random.default_rng(5).normal(0, level, (2, round(seconds * RATE)))
    sound[:, :: RATE // 2] *= crest
    return sound.astype(np.float32)


@pytest.mark.parametrize(("level", "lufs", "ceiling"), [(0.02, -14.0, -1.0), (0.3, -23.0, -1.0), (0.2, -9.0, -0.5)])
def test_the_target_is_met_below_the_ceiling(level: float, lufs: float, ceiling: float) -> None:
    mastered = master_sound(make_music(5, level, 8), RATE, Target(lufs, ceiling))
    measured = measure_loudness(mastered.read_blocks(), RATE)
    assert measured == mastered.loudness
    assert measured.integrated_lufs == pytest.approx(lufs, abs=0.2)
    assert measured.true_peak_dbtp is not None
    assert measured.true_peak_dbtp <= ceiling + 0.1
    assert mastered.notes == ()


def test_white_noise_that_is_far_too_loud_stays_below_the_ceiling() -> None:
    sound = np.random.default_rng(3).uniform(-1.5, 1.5, (2, 2 * RATE)).astype(np.float32)
    true_peak = master_sound(sound, RATE, Target(None, -1.0)).loudness.true_peak_dbtp
    assert true_peak is not None
    assert -1.5 <= true_peak <= -0.9


def test_without_a_target_every_bit_is_left() -> None:
    sound = make_music(1, 0.5, 3)
    mastered = master_sound(sound, RATE, Target())
    np.testing.assert_array_equal(np.concatenate(list(mastered.read_blocks()), axis=1), sound)
    assert (mastered.gain_db, mastered.limit_dbtp) == (0.0, None)


def test_a_gain_without_peaks_above_the_ceiling_is_a_gain_alone() -> None:
    sound = make_music(2, 0.1, 1)
    mastered = master_sound(sound, RATE, Target(-30.0, -1.0))
    assert mastered.limit_dbtp is None
    out = np.concatenate(list(mastered.read_blocks()), axis=1)
    np.testing.assert_allclose(out, sound * 10 ** (mastered.gain_db / 20), rtol=1e-6)


def test_a_target_out_of_reach_is_said_with_what_came_out() -> None:
    mastered = master_sound(make_music(3, 0.2, 1), RATE, Target(-3.0, -6.0))
    assert len(mastered.notes) == 1
    assert "LUFS instead of -3: the ceiling is too low for it: give a higher --ceiling-dbtp" in mastered.notes[0]


def test_silence_keeps_its_level_with_the_reason() -> None:
    mastered = master_sound(np.zeros((2, RATE), np.float32), RATE, Target(-14.0, -1.0))
    assert mastered.notes == ("it has no loudness, as it is silent, or below -70 LUFS: its level is left",)
    assert mastered.gain_db == 0.0
