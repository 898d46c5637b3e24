"""Harmonic change detector: how much the chord roots change at each beat, by Bhattacharyya's coefficient.

Harmony changes on beats, not between them, and mostly where a bar begins. A change is known some beats late. So it
cannot say where a beat is, but it can say whether the reported beats were the right ones. The bar counter uses that.
It also shows a beat phase half a beat off, as happens in dance music whose loudest hits are off the beat.
"""

from __future__ import annotations

import numpy as np

from bridge.core.arrays import Float64Array
from engines.saved_state import SavedState

HISTORY_STEPS = 14
"""Harmony steps that are kept."""
CONTEXT_START_S, CONTEXT_END_S = 0.05, 0.35
"""The roots from so long to so long before a beat are compared with those as long after it."""
EVIDENCE_DECAY = 0.97
"""Per beat, of the evidence for a phase that is half a beat off."""
HALF_BEAT_EVIDENCE = 1.0
"""The phase is half a beat off when changes between beats exceed those on beats by this sum."""
MAX_PENDING_BEATS = 8
"""Beats that wait for the roots after them; older ones are dropped."""


class HarmonicChangeDetector(SavedState):
    """The latest root probabilities, and the reported beats that wait for the roots after them; times in frames.

    ``half_beat_evidence``: how much more the harmony changed between beats than on them lately.
    ``roots`` (HISTORY_STEPS, 13): probabilities, the newest last. ``frames`` (HISTORY_STEPS,): their frames, -1 before
    the first.
    """

    saved_fields = ("roots", "frames", "beats", "half_periods", "count", "half_beat_evidence")

    def __init__(self, rate: int) -> None:
        self._start, self._end = CONTEXT_START_S * rate, CONTEXT_END_S * rate
        self.roots = np.zeros((HISTORY_STEPS, 13))
        self.frames = np.zeros(HISTORY_STEPS)
        self.beats, self.half_periods = np.zeros(MAX_PENDING_BEATS), np.zeros(MAX_PENDING_BEATS)
        self.count = 0
        self.reset()

    def reset(self) -> None:
        self.roots[:] = 0.0
        self.frames[:] = -1.0
        self.beats[:], self.half_periods[:] = 0.0, 0.0
        self.count, self.half_beat_evidence = 0, 0.0

    def push_beat(self, beat: int, period: float) -> None:
        """A beat falls at frame ``beat``, the next one ``period`` later."""
        if self.count == MAX_PENDING_BEATS:
            self._drop_first()
        self.beats[self.count], self.half_periods[self.count] = beat, period / 2
        self.count += 1

    def _drop_first(self) -> None:
        for pending in (self.beats, self.half_periods):
            pending[:-1] = pending[1:].copy()
        self.count -= 1

    def pop_half_beat_error(self) -> bool:
        """Whether the beat phase is half a beat off; the caller corrects it, so the evidence starts anew."""
        if self.half_beat_evidence < HALF_BEAT_EVIDENCE:
            return False
        self.half_beat_evidence, self.count = 0.0, 0
        return True

    def update(self, root: Float64Array, frame: float) -> list[tuple[int, float]]:
        """Push the probabilities of roots (13,) at ``frame``.

        For each beat that now has enough roots after it: how many beats were reported after it, and how much the
        harmony changed there, 0 to 1. Beats around which no chord sounds are left out.
        """
        self.roots[:-1], self.frames[:-1] = self.roots[1:].copy(), self.frames[1:].copy()
        self.roots[-1], self.frames[-1] = root, frame
        changes = []
        while self.count and self.beats[0] + self.half_periods[0] + self._end <= frame:
            change = self._measure_change(float(self.beats[0]))
            between = self._measure_change(float(self.beats[0] + self.half_periods[0]))
            self._drop_first()
            if change is not None:
                changes.append((self.count, change))
                self.half_beat_evidence = EVIDENCE_DECAY * self.half_beat_evidence + ((between or 0.0) - change)
        return changes

    def _measure_change(self, beat: float) -> float | None:
        """One less Bhattacharyya's coefficient of the roots before and after ``beat``."""
        distance = self.frames - beat
        known = self.frames >= 0
        before = self.roots[known & (distance <= -self._start) & (distance >= -self._end)]
        after = self.roots[known & (distance >= self._start) & (distance <= self._end)]
        if not len(before) or not len(after):
            return None
        one, other = before.mean(0), after.mean(0)
        if max(one[-1], other[-1]) > 0.5:
            return None
        return float(1.0 - np.sqrt(one * other).sum())
