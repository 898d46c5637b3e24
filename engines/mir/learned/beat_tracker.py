"""Beat tracker: hidden Markov model over tempo and position in the beat, one forward step per network output.

After Krebs, Böck and Widmer, "An efficient state-space model for joint tempo and meter tracking", ISMIR 2015.
Positions are a hundredth of a second apart, so a step of the network moves each by two. A state gives the time since
the last beat and the tempo, so the next beat is predicted before it falls.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from bridge.core.arrays import Float64Array, Int64Array
from bridge.core.jit import njit
from engines.mir.learned.features import STEPS_PER_SECOND
from engines.saved_state import SavedState

POSITIONS_PER_STEP = 2
POSITIONS_PER_SECOND = STEPS_PER_SECOND * POSITIONS_PER_STEP
SLOWEST_BPM, FASTEST_BPM = 40.0, 240.0
TRANSITION_LAMBDA = 120.0
"""Tempo changes at beats only; the probability of a change falls by e for each 1/120 of it."""
OBSERVATION_LAMBDA = 20.0
"""The first 1/20 of the interval is the beat; the rest is not."""
UNINFORMATIVE_PROBABILITY = 1.0 / OBSERVATION_LAMBDA
"""The beat probability that favours no position."""
RESET_PROBABILITY = 1e-12
"""Per step: everything is different from now on, by the prior, as after a jump or in a new song."""
PRIOR_OCTAVES = 0.6
PRIOR_EXPONENT = 0.03
"""How much of the prior counts again at each step: over seconds it decides between tempi that fit equally well."""
OCTAVE_RATIO, BEYOND_OCTAVE_FACTOR = 2.05, 0.86
"""Tempi further than this ratio from the prior's lose so much of their probability at each step: where the music
allows half or double the tempo, that decides, and nowhere else."""
BEYOND_CLAMP_FACTOR = 0.5
"""The same for tempi beyond a clamp: gone within half a second."""
OFF_TEMPO_FACTOR, HOLD_S, HOLD_OCTAVES = 0.98, 2.0, 0.06
"""A tempo that was reported for HOLD_S is held: all further than so many octaves from it lose so much of their
probability at each step. A song rarely goes on at half or three quarters of its tempo when its hits thin out."""
ANTIPHASE_FACTOR, ANTIPHASE_DISTANCE = 0.98, 0.3
"""The phase that was reported is held, too: positions further than the second, in beats, from it lose so much of their
probability at each step. Where off-beats are as strong as beats, the phase would flip back and forth."""
POOLED_TEMPO_SHARE = 0.04
"""Tempi this close to the likeliest are pooled with it."""
ACTIVE_PROBABILITY, SILENT_S = 0.12, 2.5
"""Without a step whose beat probability exceeds this for so long, there is no beat."""
MIN_PHASE_AGREEMENT = 0.4
"""Mean vector length of the phases, 0 to 1, from which beats are reported."""


@dataclass(frozen=True)
class BeatPhase:
    """``since_beat_s``: from the last beat to the time of the step. ``period_s``: of a beat. ``confidence``: 0 to 1."""

    since_beat_s: float
    period_s: float
    confidence: float


@njit()
def advance(
    posterior: Float64Array, into: Float64Array, starts: Int64Array, lengths: Int64Array, transition: Float64Array,
    prior: Float64Array, factors: Float64Array, held_phase: float, antiphase_factors: Float64Array, probability: float,
    observation_lambda: float, reset: float, positions: int,
) -> None:  # fmt: skip
    """One step of the forward algorithm: ``posterior`` moved on by ``positions``, times the likelihood, normalised.

    ``transition`` (tempi, tempi): from a row's tempo to a column's at a beat. ``prior`` (tempi,): the distribution
    after a reset, spread over the positions of each. ``factors`` (tempi,): a weight per tempo.
    ``held_phase``: the phase, 0 to 1, that is held, negative for none. ``antiphase_factors`` (tempi,): the weight of
    positions far from it.
    """
    tempi = lengths.shape[0]
    for j in range(tempi):
        start, length = starts[j], lengths[j]
        for position in range(positions, length):
            into[start + position] = posterior[start + position - positions]
        for position in range(positions):
            into[start + position] = 0.0
    for i in range(tempi):
        last = starts[i] + lengths[i] - positions
        for position in range(positions):
            weight = posterior[last + position]
            if weight > 1e-12:
                for j in range(tempi):
                    into[starts[j] + position] += weight * transition[i, j]
    total = 0.0
    off_beat = (1.0 - probability) / (observation_lambda - 1.0)
    for j in range(tempi):
        start, length = starts[j], lengths[j]
        fresh = reset * prior[j] / length
        edge = length / observation_lambda
        for position in range(length):
            likelihood = probability if position < edge else off_beat
            value = ((1.0 - reset) * into[start + position] + fresh) * likelihood * factors[j]
            if held_phase >= 0.0:
                distance = position / length - held_phase
                if abs(distance - round(distance)) > ANTIPHASE_DISTANCE:
                    value *= antiphase_factors[j]
            into[start + position] = value
            total += value
    for i in range(into.shape[0]):
        into[i] /= total


class BeatTracker(SavedState):
    """Takes the beat probability of each step; returns the beat phase, if there is a beat."""

    saved_fields = (
        "posterior",
        "silent_steps",
        "prior_bpm",
        "clamp",
        "held_bpm",
        "rival_bpm",
        "rival_steps",
        "held_phase",
    )

    def __init__(self) -> None:
        shortest, longest = (round(60.0 / bpm * POSITIONS_PER_SECOND) for bpm in (FASTEST_BPM, SLOWEST_BPM))
        self._lengths = np.arange(shortest, longest + 1, dtype=np.int64)
        self._starts = np.concatenate([[0], np.cumsum(self._lengths)[:-1]]).astype(np.int64)
        ratios = self._lengths[None, :] / self._lengths[:, None]
        transition = np.exp(-TRANSITION_LAMBDA * np.abs(ratios - 1.0))
        transition[transition < 1e-6] = 0.0
        self._transition = np.ascontiguousarray(transition / transition.sum(1, keepdims=True))
        positions = np.concatenate([np.arange(n) for n in self._lengths])
        self._phasors = np.exp(2j * np.pi * positions / np.repeat(self._lengths, self._lengths))
        self.posterior = np.zeros(int(self._lengths.sum()))
        self._next = np.zeros_like(self.posterior)
        self.prior_bpm, self.clamp, self.held_phase = 120.0, inf, -1.0
        self.reset()
        self.update(UNINFORMATIVE_PROBABILITY)  # compiles now
        self.reset()

    def reset(self) -> None:
        """Everything as at the start: any phase, tempi by the prior."""
        self.silent_steps = round(SILENT_S * STEPS_PER_SECOND)
        self._release_tempo()
        self._update_prior()
        self.posterior[:] = np.repeat(self._prior / self._lengths, self._lengths)

    def _update_prior(self) -> None:
        octaves = np.log2(60.0 * POSITIONS_PER_SECOND / self._lengths / self.prior_bpm)
        bell = np.exp(-0.5 * (octaves / PRIOR_OCTAVES) ** 2)
        prior = bell / self._lengths
        self._prior = np.asarray(prior / prior.sum(), np.float64)
        beyond = np.maximum(np.abs(octaves) - np.log2(1.0 + min(self.clamp, OCTAVE_RATIO - 1.0)), 0.0)
        factor = BEYOND_OCTAVE_FACTOR if self.clamp == inf else BEYOND_CLAMP_FACTOR
        self._prior_factors = np.where(beyond > 0.0, factor, 1.0) * bell**PRIOR_EXPONENT

    def restore(self, state: dict[str, NDArray[np.generic]]) -> None:
        super().restore(state)
        self._update_prior()

    def set_prior(self, bpm: float, clamp: float = inf) -> None:
        """Prefer tempi near ``bpm`` where the music leaves it open, and allow none beyond ``clamp`` (a share of it)."""
        if (bpm, clamp) != (self.prior_bpm, self.clamp):
            self.prior_bpm, self.clamp = bpm, clamp
            self._update_prior()
            self._release_tempo()

    def shift_half_beat(self) -> None:
        """The phase was half a beat off: what was the middle of the interval is the beat."""
        for start, length in zip(self._starts, self._lengths, strict=True):
            here = slice(start, start + length)
            self.posterior[here] = np.roll(self.posterior[here], -(length // 2))
        if self.held_phase >= 0.0:
            self.held_phase = (self.held_phase + 0.5) % 1.0

    def update(self, probability: float) -> BeatPhase | None:
        """Push a step's beat probability, or UNINFORMATIVE_PROBABILITY."""
        probability = min(max(probability, 0.01), 0.99)
        hold, antiphase = self._compute_hold_factors()
        advance(
            self.posterior, self._next, self._starts, self._lengths, self._transition, self._prior,
            self._prior_factors * hold, self.held_phase, antiphase, probability,
            OBSERVATION_LAMBDA, RESET_PROBABILITY, POSITIONS_PER_STEP,
        )  # fmt: skip
        self.posterior, self._next = self._next, self.posterior
        self.silent_steps = 0 if probability > ACTIVE_PROBABILITY else self.silent_steps + 1
        phase = self._estimate_phase() if self.silent_steps <= SILENT_S * STEPS_PER_SECOND else None
        if phase is None:
            self._release_tempo()
        else:
            self._hold_tempo(60.0 / phase.period_s)
            self._hold_phase(phase)
        return phase

    def _release_tempo(self) -> None:
        self.held_bpm, self.rival_bpm, self.rival_steps, self.held_phase = 0.0, 0.0, 0, -1.0

    def _hold_tempo(self, bpm: float) -> None:
        """A step's tempo: it moves the held tempo, or replaces it once it has lasted."""
        if _is_near(bpm, self.held_bpm):
            self.held_bpm += 0.02 * (bpm - self.held_bpm)
        elif _is_near(bpm, self.rival_bpm):
            self.rival_bpm += 0.02 * (bpm - self.rival_bpm)
            self.rival_steps += 1
            if self.rival_steps > HOLD_S * STEPS_PER_SECOND:
                self.held_bpm, self.rival_steps = self.rival_bpm, 0
        else:
            self.rival_bpm, self.rival_steps = bpm, 0

    def _hold_phase(self, phase: BeatPhase) -> None:
        """A step's phase: it is held in the next step, once a tempo is."""
        positions = (phase.since_beat_s + 1.0 / STEPS_PER_SECOND) / phase.period_s + 0.5 / OBSERVATION_LAMBDA
        self.held_phase = positions % 1.0 if self.held_bpm else -1.0

    def _compute_hold_factors(self) -> tuple[Float64Array, Float64Array]:
        """A factor for each tempo, and another for its positions in antiphase."""
        if not self.held_bpm:
            return np.ones(len(self._lengths)), np.ones(len(self._lengths))
        held_length = 60.0 * POSITIONS_PER_SECOND / self.held_bpm
        low, high = (held_length * 2.0**octaves for octaves in (-HOLD_OCTAVES, HOLD_OCTAVES))
        held = (self._lengths >= low) & (self._lengths <= high)
        return np.where(held, 1.0, OFF_TEMPO_FACTOR), np.where(held, ANTIPHASE_FACTOR, 1.0)

    def _estimate_phase(self) -> BeatPhase | None:
        tempi = np.add.reduceat(self.posterior, self._starts)
        best = int((tempi * self._prior * self._lengths).argmax())
        length = self._lengths[best]
        bounds = [length * (1 - POOLED_TEMPO_SHARE), length * (1 + POOLED_TEMPO_SHARE) + 1]
        low, high = np.searchsorted(self._lengths, bounds)
        share = float(tempi[low:high].sum())
        here = slice(self._starts[low], self._starts[high] if high < len(self._starts) else None)
        mean_vector = complex((self.posterior[here] * self._phasors[here]).sum()) / max(share, 1e-12)
        if abs(mean_vector) < MIN_PHASE_AGREEMENT:
            return None
        positions = float((tempi[low:high] * self._lengths[low:high]).sum() / max(share, 1e-12))
        phase = float(np.angle(mean_vector) / (2 * np.pi)) % 1.0
        period_s = positions / POSITIONS_PER_SECOND
        since_beat_s = (phase - 0.5 / OBSERVATION_LAMBDA) * period_s  # the beat is the middle of its 1/20
        return BeatPhase(since_beat_s, period_s, min(abs(mean_vector) * share**0.5, 1.0))


def _is_near(bpm: float, other_bpm: float) -> bool:
    return other_bpm > 0.0 and abs(np.log2(bpm / other_bpm)) <= HOLD_OCTAVES
