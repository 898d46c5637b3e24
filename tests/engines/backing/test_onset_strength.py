from __future__ import annotations

import numpy as np
import pytest

from engines.backing.onset_strength import SLOTS_A_SECOND, STEPS_A_SECOND
from tests.engines.backing.songs import measure_strength
from tests.engines.mir.signals import clicks


@pytest.mark.parametrize("rate", [8000, 44_100, 48_000, 96_000])
def test_growth_and_edges_stand_where_a_click_begins_whatever_the_rate(rate: int) -> None:
    strength = measure_strength(clicks([1.0, 2.503], 4.0, rate), rate)
    assert strength.duration_s == 4.0
    assert len(strength.levels) == pytest.approx(4 * STEPS_A_SECOND, abs=1)
    assert len(strength.powers) == len(strength.edges) == pytest.approx(4 * SLOTS_A_SECOND, abs=1)
    first, second = (np.flatnonzero(strength.edges > 0)[[0, -1]] / SLOTS_A_SECOND).tolist()
    assert first == pytest.approx(1.0, abs=0.001)
    assert 2.503 < second < 2.53
    envelope = strength.compute_onset_envelope()
    half = len(envelope) // 2
    strongest = np.array([envelope[:half].argmax(), half + envelope[half:].argmax()]) / STEPS_A_SECOND
    assert strongest.tolist() == pytest.approx([1.0, 2.503], abs=0.015)


def test_it_is_the_same_in_whatever_pieces_the_song_comes() -> None:
    audio = np.random.default_rng(1).normal(0, 0.1, (2, 30_011)).astype(np.float32)
    whole = measure_strength(audio, piece=1 << 20)
    for piece in (257, 4096):
        other = measure_strength(audio, piece=piece)
        assert np.allclose(other.levels, whole.levels, rtol=1e-9)
        assert np.allclose(other.powers, whole.powers, rtol=1e-9)
        assert np.allclose(other.edges, whole.edges, rtol=1e-9)


def test_a_tone_is_in_its_band_and_its_power_is_measured() -> None:
    at = np.arange(44_100) / 44_100
    audio = np.repeat(0.5 * np.sin(2 * np.pi * 1000 * at)[None], 2, axis=0).astype(np.float32)
    strength = measure_strength(audio)
    levels = strength.levels[50:150].mean(0)
    assert levels.argmax() == 2
    assert np.delete(levels, 2).max() < 1e-3 * levels[2]
    assert strength.measure_power(0.2, 0.8) == pytest.approx(0.125, rel=0.01)
    assert not strength.is_silent


def test_silence_is_silent() -> None:
    strength = measure_strength(np.zeros((2, 44_100), np.float32))
    assert strength.is_silent
    assert not strength.compute_onset_envelope().any()
