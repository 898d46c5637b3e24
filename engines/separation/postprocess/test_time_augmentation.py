"""Test-time augmentation: the mean of separations with both polarities and with left and right swapped.

Each variant of the mix is separated, the change is undone on the stems, and the mean is taken; errors that differ
between variants shrink. Usual in the separation challenges.
"""

from __future__ import annotations

import numpy as np

from bridge.core.audio import Audio
from engines.separation.postprocess.postprocessor import Postprocessor


class Averaging(Postprocessor):
    """Both polarities, both orders of the channels. Cost: four times that of the separator.

    A separator whose masks depend on powers alone ignores the polarity: there `SwapAveraging` gives the same.
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
