"""Chord labels in the syntax of Harte et al., "Symbolic representation of musical chords", ISMIR 2005.

Chord annotations and mir_eval use it: ``C:min7/b3``, ``N`` for no chord.
"""

from __future__ import annotations

from bridge.core.chords import QUALITIES
from bridge.core.events import NOTE_NAMES, Chord

NO_CHORD = "N"
DEGREES = ("1", "b2", "2", "b3", "3", "4", "b5", "5", "b6", "6", "b7", "7")
"""Degrees of the major scale by semitones above the root."""


def to_harte(chord: Chord) -> str:
    """``chord`` in Harte's syntax; the bass is written where it is another note than the root."""
    if chord.root < 0:
        return NO_CHORD
    label = f"{NOTE_NAMES[chord.root]}:{QUALITIES[chord.quality].harte}"
    if chord.bass in (-1, chord.root):
        return label
    return f"{label}/{DEGREES[(chord.bass - chord.root) % 12]}"
