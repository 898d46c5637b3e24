"""Where the harmony turns: on beats, not between them, and mostly where a bar begins. It is known some beats late.

So it cannot say where a beat is, but it can say of the beats that were told whether they were the right ones: what the
bar counter counts with, and whether the pulse runs half a beat beside the music, as it does on dance music whose
loudest strokes are off the beat.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engines.saved_state import SavedState

Doubles = NDArray[np.float64]

LOOKS = 14
FROM_S, TO_S = 0.05, 0.35
"""What sounds so long before a beat is compared with what sounds so long after it."""
KEPT = 0.97
"""How much of what speaks for or against the pulse counts on a beat later."""
BESIDE = 1.0
"""So much more has to turn between the beats than on them, in sum, before the pulse is half a beat beside the music."""
BEATS = 8
"""Beats that may wait for their look at most; of a longer wait nobody knows which was which."""


class HarmonicChangeDetector(SavedState):
    """The last looks at the harmony, and the beats told that await a look at what came after them; in frames.

    ``beside``: how much more turned between the beats than on them lately.
    ``roots`` (LOOKS, 13): chances, the newest last. ``frames`` (LOOKS,): when those were, -1
    before the first.
    """

    saved_fields = ("roots", "frames", "beats", "halves", "count", "beside")

    def __init__(self, rate: int) -> None:
        self._from, self._to = FROM_S * rate, TO_S * rate
        self.roots = np.zeros((LOOKS, 13))
        self.frames = np.zeros(LOOKS)
        self.beats, self.halves = np.zeros(BEATS), np.zeros(BEATS)
        self.count = 0
        self.reset()

    def reset(self) -> None:
        self.roots[:] = 0.0
        self.frames[:] = -1.0
        self.beats[:], self.halves[:] = 0.0, 0.0
        self.count, self.beside = 0, 0.0

    def told(self, beat: int, period: float) -> None:
        """A beat falls at frame ``beat``, the next one ``period`` later."""
        if self.count == BEATS:
            self._drop()
        self.beats[self.count], self.halves[self.count] = beat, period / 2
        self.count += 1

    def _drop(self) -> None:
        for waiting in (self.beats, self.halves):
            waiting[:-1] = waiting[1:].copy()
        self.count -= 1

    def is_beside(self) -> bool:
        """Whether the pulse runs half a beat beside the music; then it is taken for mended."""
        if self.beside < BESIDE:
            return False
        self.beside, self.count = 0.0, 0
        return True

    def look(self, root: Doubles, frame: float) -> list[tuple[int, float]]:
        """Chances of roots (13,) at ``frame``: of each beat past which this looks, how many were told after it and
        how much the harmony turned there, 0 to 1; nothing of those around which no chord sounded."""
        self.roots[:-1], self.frames[:-1] = self.roots[1:].copy(), self.frames[1:].copy()
        self.roots[-1], self.frames[-1] = root, frame
        heard = []
        while self.count and self.beats[0] + self.halves[0] + self._to <= frame:
            turned = self._turned(float(self.beats[0]))
            between = self._turned(float(self.beats[0] + self.halves[0]))
            self._drop()
            if turned is not None:
                heard.append((self.count, turned))
                self.beside = KEPT * self.beside + ((between or 0.0) - turned)
        return heard

    def _turned(self, beat: float) -> float | None:
        """One less the overlap of what sounds before and after ``beat`` (Bhattacharyya's coefficient)."""
        apart = self.frames - beat
        known = self.frames >= 0
        before = self.roots[known & (apart <= -self._from) & (apart >= -self._to)]
        after = self.roots[known & (apart >= self._from) & (apart <= self._to)]
        if not len(before) or not len(after):
            return None
        one, other = before.mean(0), after.mean(0)
        if max(one[-1], other[-1]) > 0.5:
            return None
        return float(1.0 - np.sqrt(one * other).sum())
