from __future__ import annotations

from itertools import combinations, pairwise
from statistics import fmean

import numpy as np
import pytest

from bridge.core.chords import QUALITIES
from bridge.core.events import Chord
from engines.accompaniment.parts.voicings import find_voicing, make_power_chord

CHORDS = [Chord(root, quality, root, 1.0) for root in range(12) for quality in range(len(QUALITIES))]
LAYOUTS = [(3, 52, 79), (4, 52, 79), (5, 40, 76), (6, 48, 84), (4, 45, 79)]


def is_clear(notes: tuple[int, ...]) -> bool:
    gaps = [(below, above - below) for below, above in pairwise(notes)]
    return all(2 <= gap <= 12 and (below >= 52 or gap >= 5) and (below >= 43 or gap >= 7) for below, gap in gaps)


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
        assert is_clear(notes)


@pytest.mark.parametrize(("voices", "low", "high"), [(3, 60, 72), (4, 61, 75), (3, 45, 61), (3, 40, 88)])
def test_no_other_inversion_moves_less(voices: int, low: int, high: int) -> None:
    chords, middle = [chord for chord in CHORDS if len(chord.pitch_classes) == voices], (low + high) / 2
    before = find_voicing(chords[0], voices, low, high, ())
    for number in np.random.default_rng(1).integers(len(chords), size=60):
        tones = {*chords[number].pitch_classes}
        places = [note for note in range(low, high + 1) if note % 12 in tones and abs(note - middle) <= 15]
        inversions = [
            notes
            for notes in combinations(places, voices)
            if is_clear(notes) and {note % 12 for note in notes} == tones and abs(fmean(notes) - middle) <= 6
        ]
        if not inversions:
            continue
        found = find_voicing(chords[number], voices, low, high, before)
        least = min(np.abs(np.subtract(one, before)).sum() for one in inversions)
        assert np.abs(np.subtract(found, before)).sum() <= least
        before = found


def test_a_chromatic_rise_does_not_drift_to_the_end_of_a_wide_range() -> None:
    before: tuple[int, ...] = ()
    for semitones in range(36):
        before = find_voicing(Chord(semitones % 12, 0, semitones % 12, 1.0), 3, 40, 88, before)
        assert abs(fmean(before) - 64) <= 6


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
