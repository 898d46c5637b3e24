"""Held chord: recognises the chord that the user holds on a keyboard."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from bridge.core.chords import MAJOR, MINOR, PITCH_CLASSES, QUALITIES, find_intervals
from bridge.core.events import Midi, TimedEvent
from bridge.core.midi import DRUM_CHANNEL, get_channel, is_note, is_note_on
from engines.accompaniment.harmony.chord_states import UNKNOWN
from engines.saved_state import SavedState

SETTLE_S = 0.04
"""The notes of one chord begin within this time of one another."""
MIN_PITCH_CLASSES = 3
"""Pitch classes; fewer are a melody, a bass or a fifth, and name no chord."""
SIXTHS = tuple({*triad.intervals, 9} for triad in (MAJOR, MINOR))
"""Over their lowest note these are triads with a sixth; by their notes alone they would be others' sevenths."""
FIFTH = {7}
"""Sevenths are often held without it."""


def recognise_state(pitches: Collection[int]) -> int:
    """The chord of MIDI ``pitches``, as a player would read it; UNKNOWN where it has no name here.

    The lowest note is the root where that gives a name; notes beside a chord on the lowest are its colour.
    """
    classes = {pitch % PITCH_CLASSES for pitch in pitches}
    if len(classes) < MIN_PITCH_CLASSES:
        return UNKNOWN
    bass = min(pitches) % PITCH_CLASSES
    above = _to_intervals(bass, classes)
    for root in (bass, *sorted(classes - {bass})):
        if root != bass and above in SIXTHS:
            break
        found = find_intervals(frozenset(_to_intervals(root, classes)))
        if found is not None and (root == bass or not QUALITIES[found].root_is_lowest):
            return found * PITCH_CLASSES + root
    within = [
        number
        for number, quality in enumerate(QUALITIES)
        if above >= set(quality.intervals) - (FIFTH if len(quality.intervals) > MIN_PITCH_CLASSES else set())
    ]
    if not within:
        return UNKNOWN
    return max(within, key=lambda number: (len(QUALITIES[number].intervals), -number)) * PITCH_CLASSES + bass


def _to_intervals(root: int, classes: Collection[int]) -> set[int]:
    return {(one - root) % PITCH_CLASSES for one in classes}


class HeldChord(SavedState):
    """Receives MIDI notes and returns a chord once its last note has settled.

    ``down`` (128,): notes held, by pitch, of all channels but the drums'. ``began``: the frame of the first note-on
    since the last chord was returned, -1: none. ``moved``: that of the last note-on. ``reported``: the chord held.
    """

    saved_fields = ("down", "began", "moved", "reported")

    def __init__(self) -> None:
        self.down = np.zeros(128, np.int64)
        self.settle_frames = 0
        self.reset()

    def reset(self) -> None:
        self.down[:] = 0
        self.began, self.moved, self.reported = -1, 0, UNKNOWN

    def push_midi(self, events: Sequence[TimedEvent]) -> None:
        for event in events:
            data = event.payload.data if isinstance(event.payload, Midi) else b""
            if not is_note(data) or get_channel(data) == DRUM_CHANNEL:
                continue
            pitch, on = data[1] & 0x7F, is_note_on(data)
            self.down[pitch] = max(self.down[pitch] + (1 if on else -1), 0)
            if on:
                self.began = event.frame if self.began < 0 else self.began
                self.moved = event.frame
        if not self.down.any():
            self.reported = UNKNOWN

    @property
    def is_held(self) -> bool:
        """Whether a chord is held."""
        return self.reported != UNKNOWN

    def pop_chord(self, now: int) -> tuple[int, int] | None:
        """A chord that has settled by frame ``now`` and was not returned yet: its state and the frame of its start."""
        if self.began < 0 or now - self.moved < self.settle_frames:
            return None
        first_frame, self.began = self.began, -1
        state = recognise_state(np.flatnonzero(self.down).tolist())
        if state in (UNKNOWN, self.reported):
            return None
        self.reported = state
        return state, first_frame
