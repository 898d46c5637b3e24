"""Which beat of the bar it is, and how many a bar has: weighed beat by beat."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engines.saved_state import SavedState

METRES: Mapping[int, float] = {3: 0.14, 4: 0.8, 6: 0.06}
"""Beats a bar, and how likely each is before anything was heard."""
CHANGE = 0.004
"""Chance a bar that the metre changes."""
SLIP = 0.004
"""Chance a beat that the count was wrong, or the music jumped."""
TRUST = 0.35
"""The exponent of what is heard: neighbouring steps of the network are not independent of one another."""

TURNED = 3.0
"""How many times likelier a bar begins where the harmony turns wholly than where it stays, in powers of e."""
STAYED = 0.5
"""The same the other way round, where it stays."""

SURER = 6.0
"""The count goes on until another is so many times likelier: a bar without a downbeat is no reason to jump."""


class BarCounter(SavedState):
    """Counts beats; what is heard at each moves the count."""

    saved_fields = ("weights", "counted")

    def __init__(self) -> None:
        self._metres = np.concatenate([np.full(n, n) for n in METRES])
        self._numbers = np.concatenate([np.arange(n) for n in METRES])
        self._fresh = np.concatenate([np.full(n, share / n) for n, share in METRES.items()])
        self._firsts = np.flatnonzero(self._numbers == 0)
        self._shares = np.array(list(METRES.values()))
        self.weights = self._fresh.copy()
        self.counted = -1

    def reset(self) -> None:
        """Any metre, any place in it."""
        self.weights[:] = self._fresh
        self.counted = -1

    def prefer(self, bar_beats: int) -> None:
        """The host says how many beats a bar has: other metres are given up."""
        if bar_beats in METRES:
            self.weights[self._metres != bar_beats] *= 1e-3
            self.weights /= self.weights.sum()

    def step(self) -> tuple[int, int, float]:
        """The next beat falls: its number in the bar from 0, the bar's beats, and how sure that is, 0 to 1."""
        moved = np.empty_like(self.weights)
        moved[1:] = self.weights[:-1]
        ends = self._firsts - 1
        ends[0] = len(moved) - 1
        wrapped = self.weights[np.roll(ends, -1)]
        moved[self._firsts] = (1 - CHANGE) * wrapped + CHANGE * wrapped.sum() * self._shares
        self.weights[:] = (1 - SLIP) * moved + SLIP * self._fresh
        best, here = int(self.weights.argmax()), self._after(self.counted)
        if here < 0 or self.weights[best] > SURER * self.weights[here]:
            here = best
        self.counted = here
        return int(self._numbers[here]), int(self._metres[here]), float(self.weights[here])

    def _after(self, state: int) -> int:
        """The state a beat later in the same metre; -1 before the first."""
        if state < 0:
            return -1
        return state + 1 if self._numbers[state] + 1 < self._metres[state] else state - int(self._numbers[state])

    def hear_turn(self, beats_ago: int, turned: float) -> None:
        """How much the harmony turned, 0 to 1, at the beat before the last ``beats_ago``."""
        first = (self._numbers - beats_ago) % self._metres == 0
        self.weights *= np.where(first, np.exp(TURNED * turned - STAYED * (1.0 - turned)), 1.0)
        self.weights /= self.weights.sum()

    def hear(self, downbeat: float) -> None:
        """What the network heard at the beat that `step` told last: how likely it was a downbeat."""
        chance = min(max(downbeat, 0.02), 0.98)
        self.weights *= np.where(self._numbers == 0, chance, 1.0 - chance) ** TRUST
        self.weights /= self.weights.sum()
