"""Bar counter: Bayes filter over the beat's number in the bar and the beats per bar, one step per beat.

Evidence for a downbeat is compared with that at the beats around it. Its absolute value says nothing about the metre:
where the network hardly responds to any beat, a longer bar, which has fewer downbeats, would explain the song better.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

from bridge.core.engine import State
from engines.saved_state import SavedState, add_prefix, strip_prefix

METRE_PRIORS: Mapping[int, float] = {3: 0.14, 4: 0.8, 6: 0.06}
"""Beats per bar, and their prior probability."""
METRE_CHANGE_PROBABILITY = 0.004
"""Per bar."""
SLIP_PROBABILITY = 0.004
"""Per beat: the count was wrong, or the music jumped."""
DOWNBEAT_EXPONENT = 0.35
"""Of the downbeat likelihood: neighbouring steps of the network are not independent of one another."""
CHANGE_LOG_GAIN = 3.5
"""Log likelihood ratio that a bar begins at a full harmonic change, and not where the harmony stays."""
BASELINE_BEATS = 24
"""Evidence is compared with that at so many beats, whole bars of every metre."""
BASELINE_DEVIATIONS = 0.5
"""So many standard deviations above its mean evidence counts for neither."""

SWITCH_RATIO = 6.0
"""The count goes on until another is so many times likelier: a bar without a downbeat is no reason to jump."""
METRE_RATIOS: Mapping[int, float] = {3: 6.0, 4: 6.0, 6: 20.0}
"""A metre replaces another when it is so many times likelier. Bars of six need more proof than of four: two bars of
three, and three halves of a bar of four, look much the same."""


class EvidenceBaseline(SavedState):
    """Running mean and variance of log likelihood ratios of a downbeat."""

    saved_fields = ("mean", "variance", "count")

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.mean, self.variance, self.count = 0.0, 0.0, 0

    def compare(self, log_ratio: float) -> float:
        """Push ``log_ratio``; how far it lies above the baseline."""
        self.count = min(self.count + 1, BASELINE_BEATS)
        distance = log_ratio - self.mean
        self.mean += distance / self.count
        self.variance += (distance * (log_ratio - self.mean) - self.variance) / self.count
        return log_ratio - self.mean - BASELINE_DEVIATIONS * sqrt(max(self.variance, 0.0))


class BarCounter(SavedState):
    """Counts beats in bars; downbeat probabilities and harmonic changes correct the count."""

    saved_fields = ("posterior", "current")

    def __init__(self) -> None:
        self._metres = np.concatenate([np.full(n, n) for n in METRE_PRIORS])
        self._numbers = np.concatenate([np.arange(n) for n in METRE_PRIORS])
        self._prior = np.concatenate([np.full(n, share / n) for n, share in METRE_PRIORS.items()])
        self._firsts = np.flatnonzero(self._numbers == 0)
        self._metre_priors = np.array(list(METRE_PRIORS.values()))
        self._metre_ratios = np.array(list(METRE_RATIOS.values()))
        self.posterior = self._prior.copy()
        self._downbeats, self._changes = EvidenceBaseline(), EvidenceBaseline()
        self.reset()

    def reset(self) -> None:
        """Any metre, any place in it."""
        self.posterior[:] = self._prior
        self.current = -1
        for baseline in (self._downbeats, self._changes):
            baseline.reset()

    def state(self) -> State:
        parts = (("downbeats", self._downbeats), ("changes", self._changes))
        return super().state() | {
            name: value for part, its in parts for name, value in add_prefix(part, its.state()).items()
        }

    def restore(self, state: State) -> None:
        super().restore(state)
        self._downbeats.restore(strip_prefix("downbeats", state))
        self._changes.restore(strip_prefix("changes", state))

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
        here = self._get_next(self.current)
        metre = self._choose_metre(here)
        best = int(np.where(self._metres == metre, self.posterior, -1.0).argmax())
        if here < 0 or self._metres[here] != metre or self.posterior[best] > SWITCH_RATIO * self.posterior[here]:
            here = best
        self.current = here
        return int(self._numbers[here]), metre, float(self.posterior[here])

    def _choose_metre(self, here: int) -> int:
        """The beats per bar, given the state to which the count leads, -1 before the first."""
        shares = np.add.reduceat(self.posterior, self._firsts)
        metres = self._metres[self._firsts]
        if here < 0:
            return int(metres[shares.argmax()])
        counted = int(self._metres[here])
        ratios = shares / self._metre_ratios
        best = int(ratios.argmax())
        return int(metres[best]) if ratios[best] > shares[metres == counted][0] else counted

    def _get_next(self, state: int) -> int:
        """The state one beat later in the same metre; -1 before the first."""
        if state < 0:
            return -1
        return state + 1 if self._numbers[state] + 1 < self._metres[state] else state - int(self._numbers[state])

    def push_harmonic_change(self, beats_ago: int, change: float) -> None:
        """How much the harmony changed, 0 to 1, at the beat before the last ``beats_ago``."""
        first = (self._numbers - beats_ago) % self._metres == 0
        self._weigh(first, self._changes.compare(CHANGE_LOG_GAIN * change))

    def push_downbeat(self, probability: float) -> None:
        """The network's downbeat probability at the beat that `advance` counted last."""
        probability = min(max(probability, 0.02), 0.98)
        log_ratio = DOWNBEAT_EXPONENT * log(probability / (1.0 - probability))
        self._weigh(self._numbers == 0, self._downbeats.compare(log_ratio))

    def _weigh(self, first: NDArray[np.bool_], log_ratio: float) -> None:
        """Multiply the probability of the states ``first``."""
        self.posterior *= np.where(first, np.exp(log_ratio), 1.0)
        self.posterior /= self.posterior.sum()
