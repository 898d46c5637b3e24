"""Demo synthesiser: in tune, bounded, free of clicks."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.core.time import TempoChange, TempoMap
from bridge.demo.synth import SNARE, SynthNote, render, render_bass, render_keys, render_pad, render_syllable

RATE = 44100


def peak_hz(wave: np.ndarray, low_hz: float, high_hz: float) -> float:
    mono = wave if wave.ndim == 1 else wave.mean(axis=0)
    spectrum = np.abs(np.fft.rfft(mono * np.hanning(len(mono)), 1 << 18))
    hz = np.fft.rfftfreq(1 << 18, 1 / RATE)
    within = (hz >= low_hz) & (hz <= high_hz)
    return float(hz[within][np.argmax(spectrum[within])])


@pytest.mark.parametrize("pitch", [31, 43])
def test_the_bass_is_in_tune(pitch: int) -> None:
    want = 440 * 2 ** ((pitch - 69) / 12)
    assert peak_hz(render_bass(pitch, RATE, RATE, 0.8), want * 0.7, want * 1.4) == pytest.approx(want, rel=0.005)


@pytest.mark.parametrize("voice", [render_keys, render_pad])
def test_keys_and_pad_are_in_tune_and_stereo(voice: object) -> None:
    assert callable(voice)
    wave = voice(60, RATE, RATE, 0.8)
    assert wave.shape == (2, RATE)
    assert peak_hz(wave, 200, 330) == pytest.approx(261.63, rel=0.005)
    assert np.max(np.abs(wave[0] - wave[1])) > 0.05


def test_the_singer_is_in_tune_and_changes_vowels() -> None:
    rng = np.random.default_rng(1)
    ah, ee = (render_syllable(rng, None, SynthNote(0, 480, 69, 100, v), v, RATE, RATE, 0.8) for v in ("a", "i"))
    assert peak_hz(ah[RATE // 4 :], 380, 500) == pytest.approx(440, rel=0.015)
    level = [np.abs(np.fft.rfft(wave[RATE // 4 : RATE // 2])) for wave in (ah, ee)]
    around_1100, around_440 = slice(200, 320), slice(100, 125)
    darker, brighter = (s[around_1100].max() / s[around_440].max() for s in reversed(level))
    assert brighter > 2 * darker


def test_a_note_begins_and_ends_without_a_step() -> None:
    for wave in (render_bass(36, 9000, RATE, 1.0), render_keys(60, 9000, RATE, 1.0), render_pad(60, 9000, RATE, 1.0)):
        assert np.max(np.abs(np.atleast_2d(wave)[:, [0, -1]])) < 0.01


def test_the_saw_has_no_alias_above_the_noise() -> None:
    """Between the harmonics of a steady bass note there is nothing."""
    wave = render_bass(40, 2 * RATE, RATE, 1.0)[RATE // 2 : RATE // 2 + (1 << 15)]
    spectrum = np.abs(np.fft.rfft(wave * np.blackman(len(wave))))
    hz = np.fft.rfftfreq(len(wave), 1 / RATE)
    f0 = 440 * 2 ** ((40 - 69) / 12)
    between = (np.abs(hz / f0 % 1 - 0.5) < 0.2) & (hz > 200)
    assert spectrum[between].max() < spectrum.max() * 1e-3


def test_notes_past_the_end_are_cut_and_silence_stays_silence() -> None:
    tempo = TempoMap([TempoChange(0.0, 120.0)], RATE)
    empty: dict[str, list[SynthNote]] = {"drums": [], "bass": [], "lead": [], "keys": [], "pad": []}
    silent = render(empty, tempo, RATE // 4, seed=1)
    assert all(not wave.any() for wave in silent.values())
    late = render(empty | {"drums": [SynthNote(4800, 10, SNARE, 100)]}, tempo, RATE // 4, seed=1)
    assert not late["drums"].any()
