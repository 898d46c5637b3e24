"""Bar counter: Bayes filter over the beat's number in the bar and the beats per bar, one step per beat."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engines.saved_state import SavedState

METRE_PRIORS: Mapping[int, float] = {3: 0.14, 4: 0.8, 6: 0.06}
"""Beats per bar, and their prior probability."""
METRE_CHANGE_PROBABILITY = 0.004
"""Per bar."""
SLIP_PROBABILITY = 0.004
"""Per beat: the count was wrong, or the music jumped."""
DOWNBEAT_EXPONENT = 0.35
"""Of the downbeat likelihood: neighbouring steps of the network are not independent of one another."""

CHANGE_LOG_GAIN = 3.0
"""Log likelihood ratio that a bar begins at a full harmonic change."""
NO_CHANGE_LOG_LOSS = 0.5
"""The same, lost where the harmony does not change at all."""

SWITCH_RATIO = 6.0
"""The count goes on until another is so many times likelier: a bar without a downbeat is no reason to jump."""


class BarCounter(SavedState):
    """Counts beats in bars; downbeat probabilities and harmonic changes correct the count."""

    saved_fields = ("posterior", "current")

    def __init__(self) -> None:
        self._metres = np.concatenate([np.full(n, n) for n in METRE_PRIORS])
        self._numbers = np.concatenate([np.arange(n) for n in METRE_PRIORS])
        self._prior = np.concatenate([np.full(n, share / n) for n, share in METRE_PRIORS.items()])
        self._firsts = np.flatnonzero(self._numbers == 0)
        self._metre_priors = np.array(list(METRE_PRIORS.values()))
        self.posterior = self._prior.copy()
        self.current = -1

    def reset(self) -> None:
        """Any metre, any place in it."""
        self.posterior[:] = self._prior
        self.current = -1

    def advance(self) -> tuple[int, int, float]:
        """Count the next beat: its number in the bar from 0, the beats per bar, and the confidence, 0 to 1."""
        moved = np.empty_like(self.posterior)
        moved[1:] = self.posterior[:-1]
        ends = self._firsts - 1
        ends[0] = len(moved) - 1
        wrapped = self.posterior[np.roll(ends, -1)]
        changed = METRE_CHANGE_PROBABILITY * wrapped.sum() * self._metre_priors
        moved[self._firsts] = (1 - METRE_CHANGE_PROBABILITY) * wrapped + changed
        self.posterior[:] = (1 - SLIP_PROBABILITY) * moved + SLIP_PROBABILITY * self._prior
        best, here = int(self.posterior.argmax()), self._get_next(self.current)
        if here < 0 or self.posterior[best] > SWITCH_RATIO * self.posterior[here]:
            here = best
        self.current = here
        return int(self._numbers[here]), int(self._metres[here]), float(self.posterior[here])

    def _get_next(self, state: int) -> int:
        """The state one beat later in the same metre; -1 before the first."""
        if state < 0:
            return -1
        return state + 1 if self._numbers[state] + 1 < self._metres[state] else state - int(self._numbers[state])

    def push_harmonic_change(self, beats_ago: int, change: float) -> None:
        """How much the harmony changed, 0 to 1, at the beat before the last ``beats_ago``."""
        first = (self._numbers - beats_ago) % self._metres == 0
        self.posterior *= np.where(first, np.exp(CHANGE_LOG_GAIN * change - NO_CHANGE_LOG_LOSS * (1.0 - change)), 1.0)
        self.posterior /= self.posterior.sum()

    def push_downbeat(self, probability: float) -> None:
        """The network's downbeat probability at the beat that `advance` counted last."""
        probability = min(max(probability, 0.02), 0.98)
        likelihood = np.where(self._numbers == 0, probability, 1.0 - probability)
        self.posterior *= likelihood**DOWNBEAT_EXPONENT
        self.posterior /= self.posterior.sum()
