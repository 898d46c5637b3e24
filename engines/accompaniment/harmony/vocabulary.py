"""Chord states: chords as numbers, how alike two of them are, and what is derived of each quality."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.core.arrays import Float64Array
from bridge.core.chords import NO_CHORD_STATE, PITCH_CLASSES, QUALITIES
from bridge.core.events import Chord

States = NDArray[np.int64]

CLASSES = PITCH_CLASSES
NONE = NO_CHORD_STATE
"""The state in which no chord sounds; the others are quality * 12 + root."""
COUNT = NONE + 1
UNKNOWN = -1
"""Of a beat of which nothing is known."""
THIRDS = np.array([quality.has_minor_third for quality in QUALITIES], np.int64)
"""Of each quality: 1 with a minor third, else 0."""


def to_state(chord: Chord) -> int:
    return chord.quality * CLASSES + chord.root if chord.root >= 0 else NONE


def to_chord(state: int, confidence: float) -> Chord:
    if state == NONE:
        return Chord(-1, 0, -1, confidence)
    quality, root = divmod(state, CLASSES)
    return Chord(root, quality, root, confidence)


def _make_likeness() -> Float64Array:
    """Shape (COUNT, COUNT): 1 for the same chord, less for one of the same root, of the same notes, for none 0."""
    like = np.eye(COUNT)
    notes = [
        {(root + step) % CLASSES for step in quality.intervals} for quality in QUALITIES for root in range(CLASSES)
    ]
    for one in range(NONE):
        for other in range(NONE):
            shared = len(notes[one] & notes[other]) / len(notes[one] | notes[other])
            same_root = one % CLASSES == other % CLASSES
            if one != other:
                like[one, other] = 0.6 + 0.3 * shared if same_root else 0.6 * max(shared - 0.4, 0.0)
    return like


LIKENESS = _make_likeness()
"""How alike two chords are as evidence that the music repeats: a recogniser takes Am7 for C and back again."""
