from __future__ import annotations

import numpy as np
import pytest

from bridge.core.chords import QUALITIES
from bridge.core.events import NOTE_NAMES
from engines.accompaniment.harmony.chord_recognition import TickNote, recognise_chords

BEAT = 480


def labels(notes: list[TickNote], beats: int) -> list[str]:
    edges = [beat * BEAT for beat in range(beats + 1)]
    return [chord.label for chord in recognise_chords(notes, edges, [beat % 4 == 0 for beat in range(beats)])]


def block(beat: float, length: float, *pitches: int) -> list[TickNote]:
    return [TickNote(round(beat * BEAT), round((beat + length) * BEAT), pitch, 90) for pitch in pitches]


@pytest.mark.parametrize("quality", range(len(QUALITIES)))
def test_every_chord_that_is_struck_whole_is_found(quality: int) -> None:
    for root in range(12):
        pitches = [48 + root, *(60 + (root + step) % 12 for step in QUALITIES[quality].intervals)]
        assert labels(block(0, 4, *pitches), 4) == [NOTE_NAMES[root] + QUALITIES[quality].suffix] * 4


def test_chords_change_on_the_beat_on_which_they_change() -> None:
    notes = block(0, 2, 48, 60, 64, 67) + block(2, 2, 43, 59, 62, 67) + block(4, 4, 45, 60, 64, 69)
    assert labels(notes, 8) == ["C", "C", "G", "G", "Am", "Am", "Am", "Am"]


def test_a_broken_chord_is_one_chord() -> None:
    notes = [note for bar, tones in enumerate(((48, 55, 64, 67), (45, 52, 60, 64), (41, 48, 57, 60)))
             for beat, pitch in enumerate(tones) for note in block(4 * bar + beat, 1, pitch)]  # fmt: skip
    assert labels(notes, 12) == ["C"] * 4 + ["Am"] * 4 + ["F"] * 4


def test_a_walking_bass_and_passing_notes_change_no_chord() -> None:
    notes = block(0, 4, 60, 63, 67) + block(4, 4, 60, 65, 68)
    for beat, pitch in enumerate((36, 38, 39, 43, 41, 43, 44, 48)):
        notes += block(beat, 1, pitch)
    for eighth in range(16):
        notes += block(eighth / 2, 0.5, 72 + (0, 2, 3, 7)[eighth % 4] if eighth < 8 else 77)
    assert labels(notes, 8) == ["Cm"] * 4 + ["Fm"] * 4


def test_an_inversion_has_its_lowest_note_as_its_bass() -> None:
    assert labels(block(0, 4, 52, 60, 67, 72), 4) == ["C/E"] * 4


def test_a_rest_of_a_beat_keeps_the_chord_and_silence_has_none() -> None:
    assert labels(block(0, 3, 48, 60, 64, 67) + block(4, 4, 48, 60, 64, 67), 8) == ["C"] * 8
    quiet = labels(block(0, 4, 48, 60, 64, 67), 16)
    assert quiet[:4] == ["C"] * 4
    assert quiet[8:] == ["N"] * 8


def test_random_notes_give_some_chord_for_each_beat() -> None:
    random = np.random.default_rng(3)
    notes: list[TickNote] = []
    for _ in range(200):
        notes += block(random.uniform(0, 30), random.uniform(0.1, 3), int(random.integers(128)))
    assert len(labels(notes, 32)) == 32
    assert labels([], 3) == ["N"] * 3
