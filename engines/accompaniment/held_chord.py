"""Chords that the user holds on a keyboard, by their notes."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from bridge.core.events import QUALITIES, QUALITY_INTERVALS, Midi, TimedEvent
from engines.accompaniment.harmony.vocabulary import CLASSES, UNKNOWN
from engines.saved_state import SavedState

SETTLE_S = 0.04
"""The notes of one chord are struck within so long of one another."""
FEWEST = 3
"""Pitch classes; fewer are a melody, a bass or a fifth, and name no chord."""
SIXTHS = ({0, 4, 7, 9}, {0, 3, 7, 9})
"""Over their lowest note these are triads with a sixth; by their notes alone they would be others' sevenths."""
FIFTH = {7}
"""Sevenths are often held without it."""
ON_THE_BASS = ("aug", "sus4")
"""Every note of these could be the root, or two of them: the lowest is."""
DRUMS_CHANNEL = 9


def state_named(pitches: Collection[int]) -> int:
    """The chord of MIDI ``pitches``, as a player would read it; UNKNOWN where it has no name here.

    The lowest note is the root where that gives a name; notes beside a chord on the lowest are its colour.
    """
    classes = {pitch % CLASSES for pitch in pitches}
    if len(classes) < FEWEST:
        return UNKNOWN
    bass = min(pitches) % CLASSES
    above = _above(bass, classes)
    for root in (bass, *sorted(classes - {bass})):
        if root != bass and above in SIXTHS:
            break
        for quality, intervals in enumerate(QUALITY_INTERVALS):
            if _above(root, classes) == set(intervals) and (root == bass or QUALITIES[quality] not in ON_THE_BASS):
                return quality * CLASSES + root
    within = [
        quality
        for quality, intervals in enumerate(QUALITY_INTERVALS)
        if above >= set(intervals) - (FIFTH if len(intervals) > FEWEST else set())
    ]
    if not within:
        return UNKNOWN
    return max(within, key=lambda quality: (len(QUALITY_INTERVALS[quality]), -quality)) * CLASSES + bass


def _above(root: int, classes: Collection[int]) -> set[int]:
    return {(one - root) % CLASSES for one in classes}


class HeldChord(SavedState):
    """Takes notes as they come; says a chord once the last of its notes has settled.

    ``down`` (128,): notes held, by pitch, of all channels but the drums'. ``struck``: the frame at which the hand came
    down, -1: it has not since the last chord was said. ``moved``: that of the last note. ``said``: the chord held.
    """

    saved_fields = ("down", "struck", "moved", "said")

    def __init__(self) -> None:
        self.down = np.zeros(128, np.int64)
        self.settle_frames = 0
        self.reset()

    def reset(self) -> None:
        self.down[:] = 0
        self.struck, self.moved, self.said = -1, 0, UNKNOWN

    def hear(self, events: Sequence[TimedEvent]) -> None:
        for event in events:
            data = event.payload.data if isinstance(event.payload, Midi) else b""
            if len(data) != 3 or data[0] & 0xF0 not in (0x80, 0x90) or data[0] & 0x0F == DRUMS_CHANNEL:
                continue
            pitch, on = data[1] & 0x7F, data[0] & 0xF0 == 0x90 and data[2] > 0
            self.down[pitch] = max(self.down[pitch] + (1 if on else -1), 0)
            if on:
                self.struck = event.frame if self.struck < 0 else self.struck
                self.moved = event.frame
        if not self.down.any():
            self.said = UNKNOWN

    @property
    def hold(self) -> bool:
        """Whether a chord is held."""
        return self.said != UNKNOWN

    def chord(self, now: int) -> tuple[int, int] | None:
        """A chord that has settled by frame ``now`` and was not said yet: its state, and the frame it is held from."""
        if self.struck < 0 or now - self.moved < self.settle_frames:
            return None
        struck, self.struck = self.struck, -1
        state = state_named(np.flatnonzero(self.down).tolist())
        if state in (UNKNOWN, self.said):
            return None
        self.said = state
        return state, struck
