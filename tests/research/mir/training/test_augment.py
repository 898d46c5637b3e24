"""Side-chain pump of sustained sounds, and onset labels of stems."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

from research.datasets.library import RATE
from research.mir.onset_labels import detect_onsets, merge_onsets
from research.mir.training.augment import apply_sidechain_pump


@pytest.mark.parametrize("seed", range(8))
def test_the_gain_repeats_with_the_beats_and_never_rises_above_one(seed: int) -> None:
    beats = np.arange(-0.2, 9.0, 0.5)
    shaped = apply_sidechain_pump(np.ones(8 * RATE, np.float32), beats, np.random.default_rng(seed))
    assert 0.0 <= shaped.min() < 0.6 < shaped.max() <= 1.0
    four = 2 * RATE  # four beats: the longest pattern
    assert np.abs(shaped[: 2 * four] - shaped[four : 3 * four]).mean() < 0.01  # but for steps that round otherwise


def test_what_sustains_is_louder_off_the_beat_than_on_it() -> None:
    beats = np.arange(0.0, 9.0, 0.5)
    gains = [
        apply_sidechain_pump(np.ones(8 * RATE, np.float32), beats, np.random.default_rng(seed)) for seed in range(60)
    ]
    beat = np.mean([gain.reshape(16, -1).mean(0) for gain in gains], axis=0)
    assert beat[: len(beat) // 8].mean() < 0.6 * beat[len(beat) // 2 : 5 * len(beat) // 8].mean()


def test_without_beats_nothing_changes() -> None:
    wave = np.random.default_rng(1).standard_normal(RATE).astype(np.float32)
    np.testing.assert_array_equal(apply_sidechain_pump(wave, np.zeros(0), np.random.default_rng(1)), wave)


@pytest.mark.parametrize("kind", ["click", "pluck"])
def test_strokes_are_detected_to_ten_milliseconds(kind: str) -> None:
    random = np.random.default_rng(3)
    truth = np.cumsum(random.uniform(0.15, 0.6, 30))
    wave = np.zeros(round((truth[-1] + 1.0) * RATE), np.float32)
    for at in truth:
        time = np.arange(12000) / RATE
        body = random.standard_normal(12000) * np.exp(-300 * time)
        if kind == "pluck":
            hz = random.uniform(100, 800)
            body = sum(np.sin(2 * np.pi * hz * n * time) / n for n in range(1, 6)) * np.exp(-30 * time)
        wave[round(at * RATE) :][:12000] += (0.3 * body).astype(np.float32)
    found = detect_onsets(wave)
    assert np.abs(found[None, :] - truth[:, None]).min(1).max() < 0.012
    assert len(found) <= len(truth) + 2


def test_silence_has_no_strokes_and_what_begins_together_is_one() -> None:
    assert not len(detect_onsets(np.zeros(RATE, np.float32)))
    assert not len(detect_onsets(np.zeros(100, np.float32)))
    assert merge_onsets([np.array([1.0, 2.0]), np.array([1.01, 3.0]), np.zeros(0)]).tolist() == [1.0, 2.0, 3.0]
    assert not len(merge_onsets([]))
