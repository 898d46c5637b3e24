"""What is played where no chord is foreseen: the last one, the key's own, drums alone, nothing."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.core.events import LEVELS, Chord
from engines.accompaniment.harmony.trellis import NOTHING, TRACK
from engines.accompaniment.harmony.vocabulary import UNKNOWN, chord_of, state_of
from engines.accompaniment.score import NO_CHORD
from engines.saved_state import SavedState

FORESEEN, HELD, TONIC, DRUMS, SILENCE = range(len(LEVELS))
HELD_BEATS, TONIC_BEATS, DRUMS_BEATS = 8, 24, 56
"""So many beats after the last that was foreseen each step of the ladder ends."""


@dataclass(frozen=True, slots=True)
class PredictedChord:
    """The ``chord`` of a beat, how ``sure`` (0 to 1) and from which of CHORD_SOURCES."""

    chord: Chord = NO_CHORD
    sure: float = 0.0
    source: int = NOTHING

    @property
    def known(self) -> bool:
        """Whether there is something to play: a chord, or the user's own word that there is none."""
        return self.source == TRACK or (self.source != NOTHING and self.chord.root >= 0)


class ChordFallback(SavedState):
    """``last``: the state of the last chord that was foreseen. ``missed``: beats since then. ``at``: the level."""

    saved_fields = ("last", "missed", "at")

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.last, self.missed, self.at = UNKNOWN, 0, SILENCE

    def choose(self, foreseen: PredictedChord, key: int) -> PredictedChord:
        """What to play at the next beat, and `at` which level; ``key``: tonic, 12 more in minor, -1 unknown."""
        if foreseen.known:
            self.missed, self.at = 0, FORESEEN
            if foreseen.chord.root >= 0:
                self.last = state_of(foreseen.chord)
            return foreseen
        self.missed += 1
        chord = NO_CHORD
        if self.last == UNKNOWN and key < 0:
            self.at = SILENCE  # nothing was ever heard
        elif self.last != UNKNOWN and self.missed <= HELD_BEATS:
            self.at, chord = HELD, chord_of(self.last, 1.0)
        elif key >= 0 and self.missed <= TONIC_BEATS:
            self.at, chord = TONIC, chord_of(key, 1.0)  # its number is that of its triad
        else:
            self.at = DRUMS if self.missed <= DRUMS_BEATS else SILENCE
        return PredictedChord(chord, 0.0, NOTHING)
