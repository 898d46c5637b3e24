"""Iterative blending: each stem is mixed with the original and separated once more.

x_t = r x_0 + (1 - r) y_(t-1) a stem, y_t = that stem of f(x_t). Zang, Li and Kong, "Training-free multi-step audio
source separation", 2025 (arXiv 2505.19534). There r is searched for the best of a metric; a user's song has none to
search by, so r is fixed here.
"""

from __future__ import annotations

import numpy as np

from bridge.core.audio import Audio
from bridge.errors import EngineError
from engines.separation.postprocess.postprocessor import Postprocessor
from engines.separation.separator import Separator


class Blending(Postprocessor):
    """Cost: one more separation for each stem and round. The stems may no longer sum to the mix."""

    label = "blending"
    summary = "Each stem, half mixed with the original, is separated again; 5 times the computing for 4 stems."

    def __init__(self, inner: Separator, ratio: float = 0.5, rounds: int = 1) -> None:
        if not 0.0 <= ratio <= 1.0:
            raise EngineError(f"blending: ratio {ratio} lies outside 0..1", "1 hears the mix alone")
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
