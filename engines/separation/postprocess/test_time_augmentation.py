"""Averaging over what must not matter: the polarity of the mix, and which channel is the left one.

The mix is separated in each disguise, the disguise taken off the stems, and the mean kept; errors that differ from
one to the other shrink. The usual "test-time augmentation" of the separation challenges.
"""

from __future__ import annotations

import numpy as np

from bridge.core.audio import Audio
from engines.separation.postprocess.postprocessor import Postprocessor


class Averaging(Postprocessor):
    """Both polarities, both orders of the channels. Cost: four times that of the separator.

    A separator whose masks depend on powers alone does not hear the polarity: there `SwapAveraging` gives the same.
    """

    label = "averaging"
    summary = "The mean over both polarities and both orders of the channels; 4 times the computing."
    polarities: tuple[int, ...] = (1, -1)

    def separate(self, mix: Audio, rate: int) -> Audio:
        total = np.zeros((len(self.stems), *mix.shape), np.float32)
        ways = [(sign, order) for sign in self.polarities for order in (1, -1)]
        for sign, order in ways:
            disguised = np.ascontiguousarray(sign * mix[::order])
            total += sign * self.inner.separate(disguised, rate)[:, ::order]
        total /= len(ways)
        return total


class SwapAveraging(Averaging):
    """Both orders of the channels. Cost: twice that of the separator."""

    label = "averaging.swap"
    summary = "The mean over both orders of the channels; twice the computing."
    polarities = (1,)
