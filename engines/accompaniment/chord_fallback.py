"""Chord fallback, for beats without a predicted chord: the last chord, the key's own, drums alone, silence."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.core.events import LEVELS, Chord, to_chord, to_state
from engines.accompaniment.harmony.chord_states import UNKNOWN
from engines.accompaniment.harmony.trellis import NOTHING, TRACK
from engines.accompaniment.score import NO_CHORD
from engines.saved_state import SavedState

FORESEEN, HELD, TONIC, DRUMS, SILENCE = range(len(LEVELS))
HELD_BEATS, TONIC_BEATS, DRUMS_BEATS = 8, 24, 56
"""Beats after the last predicted chord at which each fallback level ends."""


@dataclass(frozen=True, slots=True)
class PredictedChord:
    """The ``chord`` of a beat, its ``confidence`` (0 to 1), and from which of CHORD_SOURCES."""

    chord: Chord = NO_CHORD
    confidence: float = 0.0
    source: int = NOTHING

    @property
    def known(self) -> bool:
        """Whether there is something to play: a chord, or the sheet's N.C."""
        return self.source == TRACK or (self.source != NOTHING and self.chord.root >= 0)


class ChordFallback(SavedState):
    """``last``: the state of the last predicted chord. ``missed``: beats since then. ``level``: of LEVELS."""

    saved_fields = ("last", "missed", "level")

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.last, self.missed, self.level = UNKNOWN, 0, SILENCE

    def choose(self, foreseen: PredictedChord, key: int) -> PredictedChord:
        """What to play at the next beat, and `level` which level; ``key``: tonic, 12 more in minor, -1 unknown."""
        if foreseen.known:
            self.missed, self.level = 0, FORESEEN
            if foreseen.chord.root >= 0:
                self.last = to_state(foreseen.chord)
            return foreseen
        self.missed += 1
        chord = NO_CHORD
        if self.last == UNKNOWN and key < 0:
            self.level = SILENCE  # no chord and no key yet
        elif self.last != UNKNOWN and self.missed <= HELD_BEATS:
            self.level, chord = HELD, to_chord(self.last, 1.0)
        elif key >= 0 and self.missed <= TONIC_BEATS:
            self.level, chord = TONIC, to_chord(key, 1.0)  # its number is that of its triad
        else:
            self.level = DRUMS if self.missed <= DRUMS_BEATS else SILENCE
        return PredictedChord(chord, 0.0, NOTHING)
