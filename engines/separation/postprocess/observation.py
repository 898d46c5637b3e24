"""Observation adding: a little of the mix in every stem masks artefacts.

Ochiai, Iwamoto et al., "Rethinking processing distortions: disentangling the impact of speech enhancement errors on
speech recognition performance", 2024 (arXiv 2404.14860); first in Iwamoto et al., Interspeech 2022.
"""

from __future__ import annotations

import numpy as np

from bridge.core.audio import Audio
from bridge.errors import EngineError
from engines.separation.postprocess.postprocessor import Postprocessor
from engines.separation.separator import Separator


class Observation(Postprocessor):
    """Cost: none. (1 - share) of the stem and ``share`` of the mix, so that the stem keeps its level.

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
