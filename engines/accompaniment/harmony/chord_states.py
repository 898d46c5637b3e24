"""Chord states: histories of chords as their numbers (`bridge.core.events.to_state`), and how alike two of them are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.core.arrays import Float64Array
from bridge.core.chords import NO_CHORD_STATE, PITCH_CLASSES, QUALITIES

States = NDArray[np.int64]

COUNT = NO_CHORD_STATE + 1
UNKNOWN = -1
"""Of a beat of which nothing is known."""
THIRDS = np.array([quality.has_minor_third for quality in QUALITIES], np.int64)
"""Of each quality: 1 with a minor third, else 0."""


def _make_likeness() -> Float64Array:
    """Shape (COUNT, COUNT): 1 for the same chord, less for one of the same root, of the same notes, for none 0."""
    like = np.eye(COUNT)
    notes = [
        {(root + step) % PITCH_CLASSES for step in quality.intervals}
        for quality in QUALITIES
        for root in range(PITCH_CLASSES)
    ]
    for one in range(NO_CHORD_STATE):
        for other in range(NO_CHORD_STATE):
            shared = len(notes[one] & notes[other]) / len(notes[one] | notes[other])
            same_root = one % PITCH_CLASSES == other % PITCH_CLASSES
            if one != other:
                like[one, other] = 0.6 + 0.3 * shared if same_root else 0.6 * max(shared - 0.4, 0.0)
    return like


LIKENESS = _make_likeness()
"""Similarity of two chords as evidence that the music repeats: a recogniser confuses Am7 with C."""
