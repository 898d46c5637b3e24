"""Pitch chain: pitch and notes of one monophonic source."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.core.events import Note
from engines.mir.learned.features import STEPS_PER_SECOND, get_step_end
from engines.mir.learned.pitch_chain import NoteTracker, YinPitch

RATE = 44100


def voice(notes: list[tuple[float, float]], rate: int = RATE, partials: int = 6) -> np.ndarray:
    """``notes``: (MIDI number, seconds; 0 is a rest), each with overtones and a soft decay."""
    waves = []
    for midi, seconds in notes:
        time = np.arange(round(seconds * rate)) / rate
        if midi == 0:
            waves.append(np.zeros(len(time)))
            continue
        hz = 440.0 * 2 ** ((midi - 69) / 12)
        wave = sum(np.sin(2 * np.pi * hz * k * time) / k for k in range(1, partials + 1) if hz * k < rate / 2)
        edges = np.minimum(1.0, np.minimum(time / 0.005, (time[-1] - time) / 0.01))
        waves.append(0.2 * wave * edges * np.exp(-time))
    return np.concatenate(waves).astype(np.float32)


def track_notes(wave: np.ndarray, rate: int = RATE) -> list[tuple[float, Note]]:
    """The notes of ``wave`` with the second at which each begins or ends."""
    pitch, tracker, notes = YinPitch(rate), NoteTracker(), []
    padded = np.concatenate([np.zeros(pitch.window, np.float32), wave])
    for step in range(len(wave) * STEPS_PER_SECOND // rate):
        window = padded[get_step_end(step, rate) : get_step_end(step, rate) + pitch.window]
        found, confidence = pitch.estimate(window)
        rms = float(np.sqrt((window[-rate // STEPS_PER_SECOND :] ** 2).mean()))
        for note, ago in tracker.update(found, confidence, rms):
            notes.append(((step + 1 - ago) / STEPS_PER_SECOND, note))
    return notes


@pytest.mark.parametrize("midi", [28.0, 33.0, 40.3, 52.0, 60.0, 69.5, 81.0])
@pytest.mark.parametrize("rate", [44100, 48000])
def test_a_steady_tone_has_its_pitch(midi: float, rate: int) -> None:
    pitch = YinPitch(rate)
    found, confidence = pitch.estimate(voice([(midi, 0.5)], rate)[1000 : 1000 + pitch.window])
    assert found == pytest.approx(midi, abs=0.05)
    assert confidence > 0.9


def test_noise_and_silence_have_no_pitch() -> None:
    pitch = YinPitch(RATE)
    assert pitch.estimate(np.zeros(pitch.window, np.float32)) == (0.0, 0.0)
    random = np.random.default_rng(3)
    assert pitch.estimate(random.standard_normal(pitch.window).astype(np.float32))[0] == 0.0


def test_a_line_is_reported_note_by_note() -> None:
    line = [(40.0, 0.4), (43.0, 0.4), (0.0, 0.3), (45.0, 0.5), (40.0, 0.4), (0.0, 0.4)]
    notes = track_notes(voice(line))
    begun = [(second, note.pitch) for second, note in notes if note.on]
    assert [round(pitch) for _, pitch in begun] == [40, 43, 45, 40]
    assert np.abs(np.array([second for second, _ in begun]) - [0.0, 0.4, 1.1, 1.6]).max() < 0.12
    assert [note.on for _, note in notes] == [1, 0] * 4


def test_a_retriggered_note_begins_again() -> None:
    notes = track_notes(voice([(45.0, 0.4), (45.0, 0.4), (45.0, 0.4), (0.0, 0.3)]))
    assert sum(note.on for _, note in notes) == 3


def test_a_vibrato_is_one_note() -> None:
    time = np.arange(2 * RATE) / RATE
    phase = 2 * np.pi * np.cumsum(220.0 * 2 ** (0.4 * np.sin(2 * np.pi * 5.5 * time) / 12)) / RATE
    notes = track_notes((0.3 * np.sin(phase)).astype(np.float32))
    assert sum(note.on for _, note in notes) == 1


def test_what_begins_ends_before_another_begins() -> None:
    random = np.random.default_rng(4)
    line = [
        (float(random.integers(36, 70)) * (random.random() < 0.8), float(random.uniform(0.05, 0.4))) for _ in range(60)
    ]
    ons = [note.on for _, note in track_notes(voice(line))]
    assert ons == [1, 0] * (len(ons) // 2) + [1] * (len(ons) % 2)


def test_a_louder_note_has_a_higher_velocity() -> None:
    loud, soft = (track_notes(gain * voice([(50.0, 0.5)]))[0][1].velocity for gain in (1.0, 0.1))
    assert 1 <= soft < loud - 20 <= 107
