from __future__ import annotations

import pytest

from bridge.core.chords import QUALITIES, QUALITY_NUMBERS
from bridge.core.events import Chord
from engines.mir.harte import to_harte


@pytest.mark.parametrize(
    ("chord", "label"),
    [
        (Chord(0, QUALITY_NUMBERS["m7"], 3, 0.9), "C:min7/b3"),
        (Chord(0, QUALITY_NUMBERS[""], 0, 0.9), "C:maj"),
        (Chord(1, QUALITY_NUMBERS["7"], 11, 0.9), "Db:7/b7"),
        (Chord(9, QUALITY_NUMBERS["m"], -1, 0.9), "A:min"),
        (Chord(7, QUALITY_NUMBERS["sus4"], 0, 0.9), "G:sus4/4"),
        (Chord(-1, 0, -1, 0.9), "N"),
    ],
)
def test_a_chord_is_spelt_as_annotations_spell_it(chord: Chord, label: str) -> None:
    assert to_harte(chord) == label


def test_every_chord_means_the_same_notes_to_mir_eval() -> None:
    chords = pytest.importorskip("mir_eval.chord")
    for quality in range(len(QUALITIES)):
        for root in range(12):
            for bass in range(12):
                chord = Chord(root, quality, bass, 1.0)
                read_root, notes, read_bass = chords.encode(to_harte(chord))
                assert (root, (bass - root) % 12) == (read_root, read_bass)
                # mir_eval counts the bass in
                expected = {(pitch - root) % 12 for pitch in (*chord.pitch_classes, bass)}
                assert {i for i, there in enumerate(notes) if there} == expected
