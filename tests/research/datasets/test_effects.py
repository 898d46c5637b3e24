"""Effects, measured on tones, impulses and noise."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.core.arrays import Float32Array
from research.datasets.effects import (
    add_echo,
    apply_filter,
    apply_pan,
    compress,
    convolve,
    make_room_response,
    overdrive,
    widen,
)
from research.datasets.production import produce
from research.datasets.sources import RATE


def tone(hz: float, level: float = 0.5, seconds: float = 1.0) -> Float32Array:
    wave = level * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE)) / RATE)
    return np.repeat(wave[None].astype(np.float32), 2, 0)


def rms_db(wave: Float32Array) -> float:
    return float(10 * np.log10((wave[:, RATE // 4 :] ** 2).mean()))


@pytest.mark.parametrize(
    ("kind", "hz", "change_db"),
    [("low", 100.0, 0.0), ("low", 4000.0, -24.6), ("high", 8000.0, 0.0), ("high", 100.0, -40.0), ("peak", 1000.0, 6.0)],
)
def test_a_filter_changes_a_tone_by_what_its_design_says(kind: str, hz: float, change_db: float) -> None:
    wave = tone(hz)
    change = rms_db(apply_filter(wave, kind, 1000.0, 0.707, 6.0)) - rms_db(wave)
    assert change == pytest.approx(change_db, abs=1.5)


def test_shelves_raise_their_side_only() -> None:
    for kind, inside, outside in (("lowshelf", 60.0, 8000.0), ("highshelf", 12000.0, 100.0)):
        for hz, gain in ((inside, 6.0), (outside, 0.0)):
            wave = tone(hz)
            assert rms_db(apply_filter(wave, kind, 800.0, 0.707, 6.0)) - rms_db(wave) == pytest.approx(gain, abs=0.5)


def test_compression_takes_from_loud_and_not_from_soft() -> None:
    wave = np.concatenate([tone(300, 0.8), tone(300, 0.05)], axis=1)
    pressed = compress(wave, 18.0, 4.0, 0.002, 0.05)
    assert np.abs(pressed[:, RATE // 2 : RATE]).max() < 0.4
    assert np.abs(pressed[:, -RATE // 4 :]).max() == pytest.approx(0.05, rel=0.05)


def test_overdrive_stays_within_full_scale_and_has_no_dc() -> None:
    wave = overdrive(tone(200), 30.0, 0.2)
    assert np.abs(wave).max() < 1.5
    assert abs(float(wave[:, RATE // 2 :].mean())) < 0.01


def test_convolution_by_blocks_is_convolution() -> None:
    random = np.random.default_rng(1)
    wave = random.standard_normal((2, 9000)).astype(np.float32)
    response = random.standard_normal((2, 300)).astype(np.float32)
    whole = np.stack([np.convolve(a, b)[:9000] for a, b in zip(wave, response, strict=True)])
    assert np.allclose(convolve(wave, response), whole, atol=1e-3)


def test_a_room_decays_by_60_db_in_its_time() -> None:
    response = make_room_response(np.random.default_rng(2), 1.0, 20000.0)
    start, end = (float((response[:, a : a + 2000] ** 2).mean()) for a in (4000, 40000))
    assert 10 * np.log10(start / end) == pytest.approx(60 * 36000 / RATE, abs=6)


def test_an_echo_repeats_after_its_time_and_fades() -> None:
    wave = np.zeros((2, 4000), np.float32)
    wave[:, 0] = 1.0
    out = add_echo(wave, 1000 / RATE, 0.5, 0.0, False)
    first, second = np.abs(out[0, 990:1100]).max(), np.abs(out[0, 1990:2100]).max()
    assert first > 0.3 and second < 0.7 * first


def test_width_zero_is_mono_and_panning_keeps_the_power() -> None:
    wave = np.random.default_rng(3).standard_normal((2, 1000)).astype(np.float32)
    mono = widen(wave, 0.0)
    assert np.allclose(mono[0], mono[1])
    left = apply_pan(np.ones((2, 4), np.float32), -0.7)
    assert float((left[:, 0] ** 2).sum()) == pytest.approx(2.0, rel=1e-5)
    assert left[0, 0] > left[1, 0]


@pytest.mark.parametrize("stem", ["drums", "bass", "vocals", "other"])
def test_a_produced_stem_has_no_dc_and_does_not_clip(stem: str) -> None:
    for seed in range(4):
        wave = produce(tone(220.0) + np.float32(0.1), stem, np.random.default_rng(seed))
        assert np.isfinite(wave).all()
        assert 10 ** (-9.1 / 20) < np.abs(wave).max() < 10 ** (-0.9 / 20)
        assert abs(float(wave[:, RATE // 2 :].mean())) < 5e-3


def test_production_is_the_same_for_the_same_seed() -> None:
    one, two = (produce(tone(220.0), "other", np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(one, two)
