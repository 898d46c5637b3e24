"""Mixture consistency: the residual of the mix minus the stems is spread over the stems.

Wisdom et al., "Differentiable consistency constraints for improved deep speech enhancement", ICASSP 2019: the
nearest set of stems that sums to the mix, by equal parts or by the energy of each.
"""

from __future__ import annotations

import numpy as np

from bridge.core.audio import Audio
from engines.separation.postprocess.postprocessor import Postprocessor

LEAST = 1e-10
"""Energy added to every stem's, in full-scale frames: in silence the shares are equal."""


class Consistency(Postprocessor):
    """Cost: negligible. Changes nothing where the stems sum to the mix already."""

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
        energies = np.einsum("scf,scf->s", stems, stems) + np.float32(LEAST)
        return np.asarray(energies / energies.sum(), dtype=np.float32)
