"""Downmix of two sides to one that also works where the sides cancel, as with one that is wired the wrong way round.

The mean of the sides is what a listener takes, and of ordinary music to the bit. Where it is all but silent beside the
difference of the sides, one of them is inverted first. What comes decides for itself and for what comes after it,
within a second; a change is faded over one piece.
"""

from __future__ import annotations

from math import exp, isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import CHANNELS
from engines.saved_state import SavedState

Samples = NDArray[np.floating[Any]]

CANCELS, ADDS = 0.02, 0.5
"""The sides cancel where their mean has less than so much of the power of half their difference (-17 dB), until it has
so much of it again."""
LASTING_S = 0.15
"""Over so long powers are weighed (time constant)."""
PIECE_FRAMES = 512
SILENT = 1e-12
"""A power, full scale is 1: of less nothing is said."""


class Downmix(SavedState):
    """Of one source. ``mean`` and ``difference``: recent powers; ``inverted``: the right side is taken inverted.

    ``inverted_frames``: of how many frames it was.
    """

    saved_fields = ("mean", "difference", "inverted", "inverted_frames")

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self.reset()

    def reset(self) -> None:
        self.mean, self.difference = 0.0, 0.0
        self.inverted, self.inverted_frames = 0, 0

    def add(self, sides: Samples, mono: Samples) -> None:
        """Correct ``mono`` (frames,), the mean of ``sides`` (channels, frames), where it is silent for cancelling."""
        if len(sides) != CHANNELS:
            return
        for first in range(0, len(mono), PIECE_FRAMES):
            piece = slice(first, first + PIECE_FRAMES)
            silent, before = self.mean + self.difference < SILENT, self.inverted
            self._weigh(sides[0, piece], sides[1, piece])
            if not (before or self.inverted):
                continue
            left, right = sides[0, piece], sides[1, piece]
            self.inverted_frames += len(right)
            before = self.inverted if silent else before  # there is nothing to fade
            sign = 1.0 - 2.0 * np.linspace(before, self.inverted, len(right), dtype=np.float32)
            mono[piece] = 0.5 * (left + sign * right)

    def _weigh(self, left: Samples, right: Samples) -> None:
        """Take a piece of both sides, and say whether they cancel."""
        count = len(left)
        both = float(np.dot(left, left) + np.dot(right, right)) / (4 * count)
        across = float(np.dot(left, right)) / (2 * count)
        if not (isfinite(both) and isfinite(across)):
            return
        kept = exp(-count / (LASTING_S * self._rate))
        self.mean = kept * self.mean + (1.0 - kept) * max(both + across, 0.0)
        self.difference = kept * self.difference + (1.0 - kept) * max(both - across, 0.0)
        if self.mean + self.difference < SILENT:
            return
        limit = ADDS if self.inverted else CANCELS
        self.inverted = int(self.mean < limit * self.difference)
