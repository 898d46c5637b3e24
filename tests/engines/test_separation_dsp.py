"""DSP separation: the stems of simple sounds, and that their sum is the mix."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.core.audio import STEMS, Audio
from bridge.errors import EngineError
from engines.separation.dsp import HOP, SYNTHESIS, DspSeparation, make_windows
from tests.engines.driving import clicks, separate, sine

LATENCY = 256


def shares(stems: dict[str, Audio]) -> dict[str, float]:
    """Each stem's part of the energy."""
    energy = {name: float((array.astype(np.float64) ** 2).sum()) for name, array in stems.items()}
    return {name: value / sum(energy.values()) for name, value in energy.items()}


def noise(seconds: float, rate: int = 44100) -> Audio:
    return np.random.default_rng(3).normal(0, 0.2, (2, int(seconds * rate))).astype(np.float32)


def test_the_two_windows_add_up_to_one() -> None:
    analysis, synthesis = make_windows()
    product = analysis[-SYNTHESIS:] * synthesis
    np.testing.assert_allclose(product[:HOP] + product[HOP:], 1.0, atol=1e-6)


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000, 96000])
def test_the_stems_sum_to_the_mix_256_frames_later(rate: int) -> None:
    mix = noise(1.0, rate)
    stems = separate(DspSeparation(), mix, rate)
    total = np.sum([stems[name] for name in STEMS], axis=0)
    np.testing.assert_allclose(total[:, LATENCY:], mix[:, : total.shape[1] - LATENCY], atol=1e-6)
    assert not total[:, :LATENCY].any()


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
def test_a_low_tone_goes_to_the_bass_at_any_rate(rate: int) -> None:
    wave = 0.5 * np.sin(2 * np.pi * 60 * np.arange(2 * rate) / rate)
    stems = separate(DspSeparation(), np.tile(wave, (2, 1)).astype(np.float32), rate)
    assert shares(stems)["bass"] > 0.98


def test_clicks_go_to_the_drums() -> None:
    mix = np.zeros((2, 88200), np.float32)
    mix[:, 500::11025] = 0.9
    assert shares(separate(DspSeparation(), mix))["drums"] > 0.98


def test_bursts_of_noise_go_to_the_drums() -> None:
    assert shares(separate(DspSeparation(), clicks(120, 3.0)[0]))["drums"] > 0.9


def test_a_tone_in_the_middle_goes_to_the_vocals() -> None:
    assert shares(separate(DspSeparation(), sine(440, 2.0)))["vocals"] > 0.95


def test_a_tone_at_the_side_goes_to_other() -> None:
    assert shares(separate(DspSeparation(), sine(440, 2.0, right=0.0)))["other"] > 0.95


def test_a_click_over_a_tone_leaves_the_tone_where_it_was() -> None:
    mix = sine(60, 3.0)
    mix[:, 66150] += 0.9
    stems = separate(DspSeparation(), mix)
    assert abs(stems["drums"][0, 66150 + LATENCY]) > 0.7
    assert shares(stems)["bass"] > 0.98


def test_the_bass_control_moves_the_border() -> None:
    mix = sine(300, 2.0)
    assert shares(separate(DspSeparation(), mix, values={"separation.bass_hz": 500.0}))["bass"] > 0.95
    assert shares(separate(DspSeparation(), mix, values={"separation.bass_hz": 120.0}))["bass"] < 0.05


def test_a_hard_cut_gives_noise_and_tone_less_in_common_than_a_soft_one() -> None:
    mix = sine(440, 2.0) + clicks(240, 2.0)[0]
    hard, soft = (
        separate(DspSeparation(), mix, values={"separation.softness": softness})["drums"] for softness in (0.0, 1.0)
    )
    window = np.hanning(44100)
    at_tone = [np.abs(np.fft.rfft(drums[0, -44100:] * window))[440] for drums in (hard, soft)]
    assert at_tone[0] < 0.8 * at_tone[1]


def test_sound_ends_in_exact_silence() -> None:
    mix = np.concatenate([noise(0.5), np.zeros((2, 8192), np.float32)], axis=1)
    stems = separate(DspSeparation(), mix)
    assert not any(array[:, -4096:].any() for array in stems.values())


def test_values_beyond_any_audio_count_as_silence() -> None:
    mix = noise(1.0)
    mix[:, 20000:20100] = 1e30
    stems = separate(DspSeparation(), mix)
    assert all(np.isfinite(array).all() and np.abs(array).max() < 3.0 for array in stems.values())


def test_an_impossible_rate_is_refused_with_a_hint() -> None:
    with pytest.raises(EngineError, match="8000"):
        DspSeparation().prepare(100, HOP)
