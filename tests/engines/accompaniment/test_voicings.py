from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from bridge.core.chords import QUALITIES
from bridge.core.events import Chord
from engines.accompaniment.parts.voicings import find_voicing, make_power_chord

CHORDS = [Chord(root, quality, root, 1.0) for root in range(12) for quality in range(len(QUALITIES))]
LAYOUTS = [(3, 52, 79), (4, 52, 79), (5, 40, 76), (6, 48, 84), (4, 45, 79)]


@pytest.mark.parametrize(("voices", "low", "high"), LAYOUTS)
def test_every_chord_is_whole_in_range_and_clear(voices: int, low: int, high: int) -> None:
    for chord in CHORDS:
        notes = find_voicing(chord, voices, low, high, ())
        assert len(notes) == voices
        assert low <= notes[0]
        assert notes[-1] <= high
        classes = {note % 12 for note in notes}
        assert classes <= {*chord.pitch_classes}
        assert chord.pitch_classes[1] in classes
        assert chord.pitch_classes[-1] in classes or len(chord.pitch_classes) == 3
        for below, above in pairwise(notes):
            assert 2 <= above - below <= 12
            assert below >= 52 or above - below >= 5
            assert below >= 43 or above - below >= 7


@pytest.mark.parametrize(("voices", "low", "high"), LAYOUTS)
def test_voices_that_know_the_chord_before_move_less(voices: int, low: int, high: int) -> None:
    random = np.random.default_rng(1)
    led: list[tuple[int, ...]] = [()]
    cold: list[tuple[int, ...]] = [()]
    for number in random.integers(len(CHORDS), size=400):
        led.append(find_voicing(CHORDS[number], voices, low, high, led[-1]))
        cold.append(find_voicing(CHORDS[number], voices, low, high, ()))

    def moves(voicings: list[tuple[int, ...]]) -> list[float]:
        return [float(np.abs(np.subtract(a, b)).mean()) for a, b in pairwise(voicings[1:])]

    assert np.mean(moves(led)) < 0.88 * np.mean(moves(cold))
    assert max(moves(led)) <= 4.0  # semitones a voice


def test_the_same_chord_stays_where_it_is() -> None:
    for chord in CHORDS:
        notes = find_voicing(chord, 4, 52, 79, find_voicing(chord, 4, 52, 79, ()))
        assert find_voicing(chord, 4, 52, 79, notes) == notes


def test_fewer_voices_where_a_range_has_no_room() -> None:
    notes = find_voicing(CHORDS[0], 6, 60, 74, ())
    assert 3 <= len(notes) < 6


@pytest.mark.parametrize("chord", CHORDS)
def test_a_power_chord_is_root_fifth_and_octave(chord: Chord) -> None:
    root, fifth, octave = make_power_chord(chord, 40, 76)
    assert (root % 12, fifth % 12, octave - root) == (chord.root, chord.pitch_classes[2], 12)
    assert 40 <= root < 52
