"""Chords and keys out of what the network says ten times a second: held until something else is surer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.core.events import QUALITIES, QUALITY_INTERVALS, Chord, Key
from engines.saved_state import SavedState

Doubles = NDArray[np.float64]

CLASSES = 12
MINOR = np.array([3 in intervals for intervals in QUALITY_INTERVALS], np.float64)
"""Of each quality: 1 with a minor third."""
NONE = CLASSES * len(QUALITIES)
"""The state in which no chord sounds; the others are quality * 12 + root."""
STAY = 0.85
"""Chance that a chord goes on for another tenth of a second."""
SHARPNESS = 1.0
"""The exponent of what is heard: looks a tenth of a second apart share most of their window."""
SURE = 0.45
PATIENCE = 3
"""Looks that a new chord is waited for at most: its beginning is told so much later than the network hears it."""
KEY_S = 12.0
KEY_MARGIN = 0.08
TONIC_UNHEARD = 0.05
"""What a key counts whose own chord never sounds, where others count the share of the time in which theirs does: the
network takes Eb after C for C minor, since both have the same notes."""
KEY_FIRST_S = 4.0
LOOKS_A_SECOND = 10


def chances(logits: Doubles) -> Doubles:
    """Softmax over the last axis."""
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(weights / weights.sum(-1, keepdims=True))


class ChordTracker(SavedState):
    """Takes the chances of roots, qualities and basses; tells a chord when it has become another."""

    saved_fields = ("weights", "low", "found", "rivals")

    def __init__(self) -> None:
        self.weights = np.full(NONE + 1, 1.0 / (NONE + 1))
        self.low = np.zeros(CLASSES + 1)
        self.rivals = np.zeros(PATIENCE, np.int64)
        self.reset()

    def reset(self) -> None:
        self.weights[:] = 1.0 / (NONE + 1)
        self.low[:] = 0.0
        self.rivals[:] = NONE
        self.found = NONE

    def hear(self, root: Doubles, quality: Doubles, bass: Doubles) -> tuple[Chord, int] | None:
        """A look: chances (13,), those of the qualities of each root (12, 8), (13,).

        A new chord and how many looks ago it began, 0 to PATIENCE - 1.
        """
        heard = np.append((quality * root[:CLASSES, None]).T.ravel(), root[CLASSES])
        moved = STAY * self.weights + (1.0 - STAY) / (NONE + 1)
        self.weights[:] = moved * np.maximum(heard, 1e-5) ** SHARPNESS
        self.weights /= self.weights.sum()
        self.rivals[:-1] = self.rivals[1:]
        self.rivals[-1] = int(heard.argmax())
        self.low[:] = 0.6 * self.low + 0.4 * bass
        best = int(self.weights.argmax())
        if best == self.found or self.weights[best] < SURE:
            return None
        ago = 0
        while ago + 1 < PATIENCE and self._alike(int(self.rivals[-2 - ago]), best):
            ago += 1
        self.found = best
        return self._chord(best), ago

    @staticmethod
    def _alike(one: int, other: int) -> bool:
        return one == other if NONE in (one, other) else one % CLASSES == other % CLASSES

    def _chord(self, found: int) -> Chord:
        sure = float(self.weights[found])
        if found == NONE:
            return Chord(-1, 0, -1, sure)
        quality, root = divmod(found, CLASSES)
        plain = Chord(root, quality, root, sure)
        low = int(self.low.argmax())
        inverted = low != root and self.low[low] > 0.6 and low in plain.pitch_classes
        return Chord(root, quality, low, sure) if inverted else plain


class KeyTracker(SavedState):
    """Takes the chances of keys and chords; tells a key when it has become another."""

    saved_fields = ("average", "sounded", "looks", "key")

    def __init__(self) -> None:
        self.average, self.sounded = np.zeros(2 * CLASSES), np.zeros(2 * CLASSES)
        self.reset()

    def reset(self) -> None:
        self.average[:] = 1.0 / len(self.average)
        self.sounded[:] = 0.0
        self.looks, self.key = 0, -1

    def hear(self, chance: Doubles, root: Doubles, quality: Doubles) -> Key | None:
        """A look: chances of keys (24,), of roots and none (13,), and of the qualities of each root (12, 8)."""
        tonal = 1.0 - float(root[CLASSES])
        minor = quality @ MINOR
        share = tonal / (KEY_S * LOOKS_A_SECOND)
        self.average += (chance - self.average) * share
        self.sounded += (
            np.concatenate([root[:CLASSES] * (1.0 - minor), root[:CLASSES] * minor]) - self.sounded
        ) * share
        self.looks += int(tonal > 0.5)
        weights = self.average * (self.sounded + TONIC_UNHEARD)
        weights /= weights.sum()
        best = int(weights.argmax())
        if self.looks < KEY_FIRST_S * LOOKS_A_SECOND or best == self.key:
            return None
        if self.key >= 0 and weights[best] < weights[self.key] + KEY_MARGIN:
            return None
        self.key = best
        return Key(best % CLASSES, best // CLASSES, float(min(weights[best], 1.0)))
