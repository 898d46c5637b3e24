"""Log bands: the input features of the networks."""

from __future__ import annotations

import numpy as np
import pytest

from engines.mir.learned.features import (
    HARMONY_BANDS,
    HARMONY_WINDOW_S,
    RHYTHM_BANDS,
    RHYTHM_WINDOW_S,
    STEPS_PER_HARMONY_STEP,
    STEPS_PER_SECOND,
    choose_window_frames,
    compute_log_bands,
    get_step_end,
    is_fast_fft_size,
    list_step_ends,
    make_harmony_log_bands,
    make_rhythm_log_bands,
)


def tone(hz: float, rate: int, seconds: float = 1.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(round(rate * seconds)) / rate)).astype(np.float32)


@pytest.mark.parametrize("rate", [22050, 44100, 48000, 50000, 96000, 44056])
def test_there_are_fifty_steps_a_second_at_every_rate(rate: int) -> None:
    ends = [get_step_end(step, rate) for step in range(50 * 60)]
    assert ends[-1] == 60 * rate
    assert set(np.diff(ends)) <= {rate // STEPS_PER_SECOND, rate // STEPS_PER_SECOND + 1}


def test_every_step_of_a_piece_has_all_of_its_audio() -> None:
    for frames in (881, 882, 883, 44100, 100000):
        ends = list_step_ends(frames, 44100)
        assert (ends <= frames).all()
        assert get_step_end(len(ends), 44100) > frames
        harmony_ends = list_step_ends(frames, 44100, STEPS_PER_HARMONY_STEP)
        assert len(harmony_ends) == len(ends) // STEPS_PER_HARMONY_STEP


@pytest.mark.parametrize("midi", [24, 33, 48, 60, 69, 84, 100])
def test_a_tone_is_loudest_at_its_own_pitch(midi: int) -> None:
    hz = 440.0 * 2 ** ((midi - 69) / 12)
    log_bands = compute_log_bands(tone(hz, 44100), make_harmony_log_bands(44100), np.array([44100]))[0]
    assert log_bands.shape == (HARMONY_BANDS,)
    low = midi < 40  # a window of 0.37 s resolves semitones from about 100 Hz on
    assert abs((int(log_bands.argmax()) - 1) / 3 - (midi - 24)) <= (2.0 if low else 0.34)


@pytest.mark.parametrize("rate", [22050, 48000, 96000])
@pytest.mark.parametrize("hz", [82.4, 440.0, 1975.5])
def test_features_are_the_same_at_every_rate(rate: int, hz: float) -> None:
    for make in (make_rhythm_log_bands, make_harmony_log_bands):
        here = compute_log_bands(tone(hz, rate), make(rate), np.array([rate]))
        usual = compute_log_bands(tone(hz, 44100), make(44100), np.array([44100]))
        assert np.abs(here - usual).max() < 0.04  # bins lie a little beside those of 44.1 kHz


def test_silence_is_zero_and_full_scale_about_one() -> None:
    log_bands = make_rhythm_log_bands(44100)
    assert (log_bands.compute(np.zeros(log_bands.window, np.float32)) == 0).all()
    loud = log_bands.compute(2 * tone(1000.0, 44100)[: log_bands.window])
    assert loud.shape == (RHYTHM_BANDS,)
    assert 0.75 < loud.max() < 1.05


def test_before_the_start_there_is_silence() -> None:
    log_bands = make_rhythm_log_bands(44100)
    first = compute_log_bands(tone(440.0, 44100), log_bands, np.array([0]))
    assert (first == 0).all()


@pytest.mark.parametrize("rate", [22050, 44056, 44100, 48000, 88200, 96000, 192000])
def test_windows_last_the_same_at_every_rate_and_their_spectra_are_fast(rate: int) -> None:
    for seconds in (RHYTHM_WINDOW_S, HARMONY_WINDOW_S):
        frames = choose_window_frames(rate, seconds)
        assert is_fast_fft_size(frames)
        assert frames / rate == pytest.approx(seconds, rel=0.006)
    assert not is_fast_fft_size(17833)
