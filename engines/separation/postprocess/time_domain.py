"""Postprocessors in the time domain: blending, cascade, consistency, observation adding, test-time augmentation.

Sources:

- Blending: Zang, Li and Kong, "Training-free multi-step audio source separation", 2025 (arXiv 2505.19534).
- Consistency: Wisdom et al., "Differentiable consistency constraints for improved deep speech enhancement", ICASSP
  2019.
- Observation adding: Ochiai, Iwamoto et al., "Rethinking processing distortions: disentangling the impact of speech
  enhancement errors on speech recognition performance", 2024 (arXiv 2404.14860); first in Iwamoto et al., Interspeech
  2022.
- Test-time augmentation is usual in the separation challenges.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bridge.core.audio import Audio
from bridge.errors import EngineError, did_you_mean
from engines.separation.postprocess.postprocessor import Postprocessor
from engines.separation.separator import Separator

LEAST_ENERGY = 1e-10
"""Energy added to every stem's, in full-scale frames: in silence the shares are equal."""


class Blending(Postprocessor):
    """Iterative blending: each stem is mixed with the original and separated once more.

    x_t = r x_0 + (1 - r) y_(t-1) for each stem, y_t = that stem of f(x_t). The paper searches r for the best value of a
    metric; for a user's song there is no metric to search by, so r is fixed. Cost: one more separation for each stem
    and round. The stems may no longer sum to the mix.
    """

    label = "blending"
    summary = "Each stem, half mixed with the original, is separated again; 5 times the computing for 4 stems."

    def __init__(self, inner: Separator, ratio: float = 0.5, rounds: int = 1) -> None:
        if not 0.0 <= ratio <= 1.0:
            raise EngineError(f"blending: ratio {ratio} lies outside 0..1", "at 1 the separator gets the mix alone")
        super().__init__(inner)
        self._ratio = np.float32(ratio)
        self._rounds = rounds

    def separate(self, mix: Audio, rate: int) -> Audio:
        stems = self.inner.separate(mix, rate)
        for _ in range(self._rounds):
            for i in range(len(stems)):
                blend = self._ratio * mix + (1 - self._ratio) * stems[i]
                stems[i] = self.inner.separate(blend, rate)[i]
        return stems


class Cascade(Postprocessor):
    """One stem first, then the rest from the mix without it. Cost: one more separation.

    The second pass's part of the ``first`` stem is added to the first pass's, so the stems sum to the mix where
    those of the separator do.
    """

    label = "cascade"
    summary = "Vocals first, then the rest from what they leave; twice the computing."

    def __init__(self, inner: Separator, first: str = "vocals") -> None:
        super().__init__(inner)
        self._first = first

    def separate(self, mix: Audio, rate: int) -> Audio:
        first = find_stem(self.stems, self._first, self.label)
        if len(self.stems) < 2:
            raise EngineError("cascade: one stem leaves nothing to separate", "use a separator with two stems or more")
        found = self.inner.separate(mix, rate)[first].copy()
        stems = self.inner.separate(mix - found, rate)
        stems[first] += found
        return stems


def find_stem(stems: Sequence[str], stem: str, who: str) -> int:
    """Index of ``stem`` in ``stems``."""
    if stem not in stems:
        raise EngineError(f"{who}: the separator has no stem {stem!r}", did_you_mean(stem, stems))
    return list(stems).index(stem)


class Consistency(Postprocessor):
    """Mixture consistency: the residual of the mix minus the stems is spread over the stems by equal parts.

    That is the nearest set of stems that sums to the mix. Cost: negligible. It changes nothing where the stems sum
    to the mix already.
    """

    label = "consistency"
    summary = "What the stems lack to the mix is spread over them equally; free."

    def separate(self, mix: Audio, rate: int) -> Audio:
        stems = self.inner.separate(mix, rate)
        lack = mix - stems.sum(axis=0)
        stems += self._find_shares(stems)[:, None, None] * lack
        return stems

    def _find_shares(self, stems: Audio) -> Audio:
        """The share of each stem in the residual, shape (stems,), summing to one."""
        return np.full(len(stems), 1.0 / len(stems), np.float32)


class EnergyConsistency(Consistency):
    """Shares by the energy of each stem: a silent stem stays silent."""

    label = "consistency.energy"
    summary = "What the stems lack to the mix is spread over them by their energy; free."

    def _find_shares(self, stems: Audio) -> Audio:
        energies = np.einsum("scf,scf->s", stems, stems) + np.float32(LEAST_ENERGY)
        return np.asarray(energies / energies.sum(), dtype=np.float32)


class Observation(Postprocessor):
    """Observation adding: a little of the mix in every stem masks artefacts. Cost: none.

    (1 - share) of the stem and ``share`` of the mix, so that the stem keeps its level.

    For a single stem by itself, for playback or recognition. The stems no longer sum to the mix: do not mix them.
    """

    label = "observation"
    summary = "5 % of the mix in every stem covers artefacts; free. The stems do not sum to the mix any more."

    def __init__(self, inner: Separator, share: float = 0.05) -> None:
        if not 0.0 <= share <= 1.0:
            raise EngineError(f"observation: share {share} lies outside 0..1", "0.05 is a good start")
        super().__init__(inner)
        self._share = np.float32(share)

    def separate(self, mix: Audio, rate: int) -> Audio:
        stems = self.inner.separate(mix, rate)
        stems += self._share * (mix - stems)
        return stems


class Averaging(Postprocessor):
    """Test-time augmentation: the mean of separations with both polarities and both orders of the channels.

    Each variant of the mix is separated, the change is undone on the stems, and the mean is taken: errors that differ
    between variants shrink. Cost: four times that of the separator. A separator whose masks depend on
    powers alone ignores the polarity: there `SwapAveraging` gives the same.
    """

    label = "averaging"
    summary = "The mean over both polarities and both orders of the channels; 4 times the computing."
    polarities: tuple[int, ...] = (1, -1)

    def separate(self, mix: Audio, rate: int) -> Audio:
        total = np.zeros((len(self.stems), *mix.shape), np.float32)
        variants = [(sign, order) for sign in self.polarities for order in (1, -1)]
        for sign, order in variants:
            augmented = np.ascontiguousarray(sign * mix[::order])
            total += sign * self.inner.separate(augmented, rate)[:, ::order]
        total /= len(variants)
        return total


class SwapAveraging(Averaging):
    """Both orders of the channels. Cost: twice that of the separator."""

    label = "averaging.swap"
    summary = "The mean over both orders of the channels; twice the computing."
    polarities = (1,)
