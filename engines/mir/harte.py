"""Chord labels in the syntax of Harte et al., "Symbolic representation of musical chords", ISMIR 2005.

Chord annotations and mir_eval use it: ``C:min7/b3``, ``N`` for no chord.
"""

from __future__ import annotations

from bridge.core.events import NOTE_NAMES, QUALITIES, Chord

NO_CHORD = "N"
HARTE_QUALITIES: dict[str, str] = {
    "": "maj", "m": "min", "7": "7", "maj7": "maj7", "m7": "min7", "dim": "dim", "aug": "aug", "sus4": "sus4",
    "6": "maj6", "m6": "min6", "dim7": "dim7", "m7b5": "hdim7", "mmaj7": "minmaj7", "9": "9", "maj9": "maj9",
    "m9": "min9", "sus2": "sus2",
}  # fmt: skip
"""By the names in `QUALITIES`; some more are here than it has today."""
DEGREES = ("1", "b2", "2", "b3", "3", "4", "b5", "5", "b6", "6", "b7", "7")
"""Degrees of the major scale by semitones above the root."""


def to_harte(chord: Chord) -> str:
    """``chord`` in Harte's syntax; the bass is written where it is another note than the root."""
    if chord.root < 0:
        return NO_CHORD
    label = f"{NOTE_NAMES[chord.root]}:{HARTE_QUALITIES[QUALITIES[chord.quality]]}"
    if chord.bass in (-1, chord.root):
        return label
    return f"{label}/{DEGREES[(chord.bass - chord.root) % 12]}"
