"""Where the beat is: every tempo and phase weighed at once, step by step, by what the network hears.

A hidden Markov model of (tempo, place in the beat) as in Krebs, Böck and Widmer, "An efficient state-space model for
joint tempo and meter tracking", ISMIR 2015, run forwards only. Places are a hundredth of a second apart, so a step
of the network moves each by two. A state says when the beat was and how fast it goes; so the next one is known before
it falls.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from bridge.core.jit import njit
from engines.mir.learned.features import STEPS_A_SECOND
from engines.saved_state import SavedState

Doubles = NDArray[np.float64]
Indices = NDArray[np.int64]

PLACES_A_STEP = 2
PLACES_A_SECOND = STEPS_A_SECOND * PLACES_A_STEP
SLOWEST_BPM, FASTEST_BPM = 40.0, 240.0
CONSTANCY = 120.0
"""How loath tempo is to change at a beat: the chance of a change falls by e for each 1/120 of it."""
NARROW = 20.0
"""The beat is the first twentieth of its interval; the rest is not."""
UNHEARD = 1.0 / NARROW
"""A chance that says nothing: all places are as likely as they were."""
LEAK = 1e-12
"""Chance a step that all is different from now on, by the prior: a jump, a new song."""
PRIOR_OCTAVES = 0.6
PULL = 0.03
"""How much of the prior counts again each step: over seconds it decides between tempi that the music likes alike."""
OCTAVE, OUTSIDE = 2.05, 0.86
"""Tempi further than this factor from the one that the user prefers lose so much of their weight each step: where the
music allows half or double, that decides, and nowhere else."""
BEYOND = 0.5
"""The same for tempi beyond a clamp: gone within half a second."""
KEEPS, KEPT_S, KEPT_OCTAVES = 0.98, 2.0, 0.06
"""A tempo that was told for KEPT_S is kept: all further than so many octaves from it lose so much of their weight each
step. A song rarely goes on at half its tempo or at three quarters, however its strokes thin out."""
NEAR = 0.04
"""Tempi this close to the likeliest speak for it."""
SOUNDING, SILENT_S = 0.12, 2.5
"""Without a step whose beat is likelier than this for so long, there is no beat."""
SURE = 0.4
"""How much the phases have to agree, 0 to 1, before beats are told."""


@dataclass(frozen=True)
class BeatPhase:
    """``ago_s``: how long before the moment that the step speaks of the last beat was; ``period_s`` of the beat;
    ``confidence`` 0 to 1."""

    ago_s: float
    period_s: float
    confidence: float


@njit()
def advance(
    weights: Doubles, into: Doubles, starts: Indices, lengths: Indices, change: Doubles, prior: Doubles, liked: Doubles,
    chance: float, narrow: float, leak: float, places: int,
) -> None:  # fmt: skip
    """One step of the forward algorithm: ``weights`` moved on by ``places`` and weighed by ``chance``, summing to one.

    ``change`` (tempi, tempi): from a row's tempo to a column's as a beat falls. ``prior`` (tempi,): where what leaks
    goes, spread over the places of each. ``liked`` (tempi,): a factor.
    """
    tempi = lengths.shape[0]
    for j in range(tempi):
        start, length = starts[j], lengths[j]
        for place in range(places, length):
            into[start + place] = weights[start + place - places]
        for place in range(places):
            into[start + place] = 0.0
    for i in range(tempi):
        last = starts[i] + lengths[i] - places
        for place in range(places):
            weight = weights[last + place]
            if weight > 1e-12:
                for j in range(tempi):
                    into[starts[j] + place] += weight * change[i, j]
    total = 0.0
    off = (1.0 - chance) / (narrow - 1.0)
    for j in range(tempi):
        start, length = starts[j], lengths[j]
        fresh = leak * prior[j] / length
        edge = length / narrow
        for place in range(length):
            heard = chance if place < edge else off
            value = ((1.0 - leak) * into[start + place] + fresh) * heard * liked[j]
            into[start + place] = value
            total += value
    for i in range(into.shape[0]):
        into[i] /= total


class BeatTracker(SavedState):
    """Takes the beat's probability of each step; says where the pulse is, if there is one."""

    saved_fields = ("weights", "quiet", "prior_bpm", "clamp", "kept_bpm", "rival_bpm", "lasted")

    def __init__(self) -> None:
        shortest, longest = (round(60.0 / bpm * PLACES_A_SECOND) for bpm in (FASTEST_BPM, SLOWEST_BPM))
        self._lengths = np.arange(shortest, longest + 1, dtype=np.int64)
        self._starts = np.concatenate([[0], np.cumsum(self._lengths)[:-1]]).astype(np.int64)
        ratios = self._lengths[None, :] / self._lengths[:, None]
        change = np.exp(-CONSTANCY * np.abs(ratios - 1.0))
        change[change < 1e-6] = 0.0
        self._change = np.ascontiguousarray(change / change.sum(1, keepdims=True))
        places = np.concatenate([np.arange(n) for n in self._lengths])
        self._turn = np.exp(2j * np.pi * places / np.repeat(self._lengths, self._lengths))
        self.weights = np.zeros(int(self._lengths.sum()))
        self._next = np.zeros_like(self.weights)
        self.prior_bpm, self.clamp = 120.0, inf
        self.reset()
        self.hear(UNHEARD)  # compiles now
        self.reset()

    def reset(self) -> None:
        """Everything as at the start: any phase, tempi by the prior."""
        self.quiet = round(SILENT_S * STEPS_A_SECOND)
        self._keep_none()
        self._weigh_tempi()
        self.weights[:] = np.repeat(self._prior / self._lengths, self._lengths)

    def _weigh_tempi(self) -> None:
        octaves = np.log2(60.0 * PLACES_A_SECOND / self._lengths / self.prior_bpm)
        like = np.exp(-0.5 * (octaves / PRIOR_OCTAVES) ** 2)
        prior = like / self._lengths
        self._prior = np.asarray(prior / prior.sum(), np.float64)
        far = np.maximum(np.abs(octaves) - np.log2(1.0 + min(self.clamp, OCTAVE - 1.0)), 0.0)
        self._liked = np.where(far > 0.0, OUTSIDE if self.clamp == inf else BEYOND, 1.0) * like**PULL

    def restore(self, state: dict[str, NDArray[np.generic]]) -> None:
        super().restore(state)
        self._weigh_tempi()

    def prefer(self, bpm: float, clamp: float = inf) -> None:
        """Tempi near ``bpm`` are likelier from now on, where the music leaves it open; beyond ``clamp`` (a share of
        it) there are none."""
        if (bpm, clamp) != (self.prior_bpm, self.clamp):
            self.prior_bpm, self.clamp = bpm, clamp
            self._weigh_tempi()
            self._keep_none()

    def shift(self) -> None:
        """The pulse was half a beat beside the music: what was the middle of the interval is the beat."""
        for start, length in zip(self._starts, self._lengths, strict=True):
            here = slice(start, start + length)
            self.weights[here] = np.roll(self.weights[here], -(length // 2))

    def hear(self, chance: float) -> BeatPhase | None:
        """Take a step's probability of a beat, or UNHEARD."""
        chance = min(max(chance, 0.01), 0.99)
        advance(
            self.weights, self._next, self._starts, self._lengths, self._change, self._prior,
            self._liked * self._keeping(), chance, NARROW, LEAK, PLACES_A_STEP,
        )  # fmt: skip
        self.weights, self._next = self._next, self.weights
        self.quiet = 0 if chance > SOUNDING else self.quiet + 1
        pulse = self._pulse() if self.quiet <= SILENT_S * STEPS_A_SECOND else None
        if pulse is None:
            self._keep_none()
        else:
            self._keep(60.0 / pulse.period_s)
        return pulse

    def _keep_none(self) -> None:
        self.kept_bpm, self.rival_bpm, self.lasted = 0.0, 0.0, 0

    def _keep(self, bpm: float) -> None:
        """A step's tempo: it moves the one that is kept, or takes its place once it has lasted."""
        if _near(bpm, self.kept_bpm):
            self.kept_bpm += 0.02 * (bpm - self.kept_bpm)
        elif _near(bpm, self.rival_bpm):
            self.rival_bpm += 0.02 * (bpm - self.rival_bpm)
            self.lasted += 1
            if self.lasted > KEPT_S * STEPS_A_SECOND:
                self.kept_bpm, self.lasted = self.rival_bpm, 0
        else:
            self.rival_bpm, self.lasted = bpm, 0

    def _keeping(self) -> Doubles:
        """A factor for each tempo."""
        if not self.kept_bpm:
            return np.ones(len(self._lengths))
        low, high = (60.0 * PLACES_A_SECOND / self.kept_bpm * 2.0**octaves for octaves in (-KEPT_OCTAVES, KEPT_OCTAVES))
        return np.where((self._lengths >= low) & (self._lengths <= high), 1.0, KEEPS)

    def _pulse(self) -> BeatPhase | None:
        tempi = np.add.reduceat(self.weights, self._starts)
        best = int((tempi * self._prior * self._lengths).argmax())
        length = self._lengths[best]
        low, high = np.searchsorted(self._lengths, [length * (1 - NEAR), length * (1 + NEAR) + 1])
        share = float(tempi[low:high].sum())
        here = slice(self._starts[low], self._starts[high] if high < len(self._starts) else None)
        phase = complex((self.weights[here] * self._turn[here]).sum()) / max(share, 1e-12)
        if abs(phase) < SURE:
            return None
        places = float((tempi[low:high] * self._lengths[low:high]).sum() / max(share, 1e-12))
        turned = float(np.angle(phase) / (2 * np.pi)) % 1.0
        period_s = places / PLACES_A_SECOND
        ago_s = (turned - 0.5 / NARROW) * period_s  # the beat is the middle of its twentieth
        return BeatPhase(ago_s, period_s, min(abs(phase) * share**0.5, 1.0))


def _near(bpm: float, other_bpm: float) -> bool:
    return other_bpm > 0.0 and abs(np.log2(bpm / other_bpm)) <= KEPT_OCTAVES
