"""Mixture consistency: what the stems lack to the mix is spread over them.

Wisdom et al., "Differentiable consistency constraints for improved deep speech enhancement", ICASSP 2019: the
nearest set of stems that sums to the mix, by equal parts or by the energy of each.
"""

from __future__ import annotations

import numpy as np

from bridge.core.audio import Audio
from engines.separation.postprocess.postprocessor import Postprocessor

LEAST = 1e-10
"""Energy, of a full-scale frame, that every stem is taken to have: in silence the parts are equal."""


class Consistency(Postprocessor):
    """Cost: none to speak of. Changes nothing where the stems sum to the mix already."""

    label = "consistency"
    summary = "What the stems lack to the mix is spread over them equally; free."

    def separate(self, mix: Audio, rate: int) -> Audio:
        stems = self.inner.separate(mix, rate)
        lack = mix - stems.sum(axis=0)
        stems += self._find_shares(stems)[:, None, None] * lack
        return stems

    def _find_shares(self, stems: Audio) -> Audio:
        """The part of each stem in what lacks, shape (stems,), summing to one."""
        return np.full(len(stems), 1.0 / len(stems), np.float32)


class EnergyConsistency(Consistency):
    """By the energy of each stem in the piece: a stem that is silent stays so."""

    label = "consistency.energy"
    summary = "What the stems lack to the mix is spread over them by their energy; free."

    def _find_shares(self, stems: Audio) -> Audio:
        energies = np.einsum("scf,scf->s", stems, stems) + np.float32(LEAST)
        return np.asarray(energies / energies.sum(), dtype=np.float32)
