"""Downmix of stereo to mono that survives out-of-phase channels, such as one with inverted polarity.

The mono signal is the mean of left and right; for ordinary music it is exactly that, to the bit. Where the mean (mid)
is nearly silent beside the difference (side), the right channel is inverted first. Recent power decides, with a time
constant of LASTING_S; a change is faded over one piece.
"""

from __future__ import annotations

from math import exp, isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import CHANNELS
from engines.saved_state import SavedState

Samples = NDArray[np.floating[Any]]

CANCELLING_RATIO, ADDING_RATIO = 0.02, 0.5
"""Left and right cancel when the power of their mean falls below CANCELLING_RATIO (-17 dB) of the power of half their
difference, and until it is above ADDING_RATIO of it again."""
LASTING_S = 0.15
"""Time constant of the power averages."""
PIECE_FRAMES = 512
SILENT_POWER = 1e-12
"""Power below which nothing is decided; full scale is 1."""


class Downmix(SavedState):
    """State of one source's downmix. ``mean`` and ``difference``: recent powers.

    ``inverted``: whether the right channel is inverted. ``inverted_frames``: for how many frames it was.
    """

    saved_fields = ("mean", "difference", "inverted", "inverted_frames")

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self.reset()

    def reset(self) -> None:
        self.mean, self.difference = 0.0, 0.0
        self.inverted, self.inverted_frames = 0, 0

    def correct(self, sides: Samples, mono: Samples) -> None:
        """Correct ``mono`` (frames,), the mean of ``sides`` (channels, frames), where the channels cancel."""
        if len(sides) != CHANNELS:
            return
        for first in range(0, len(mono), PIECE_FRAMES):
            piece = slice(first, first + PIECE_FRAMES)
            silent, before = self.mean + self.difference < SILENT_POWER, self.inverted
            self._update(sides[0, piece], sides[1, piece])
            if not (before or self.inverted):
                continue
            left, right = sides[0, piece], sides[1, piece]
            self.inverted_frames += len(right)
            before = self.inverted if silent else before  # there is nothing to fade
            sign = 1.0 - 2.0 * np.linspace(before, self.inverted, len(right), dtype=np.float32)
            mono[piece] = 0.5 * (left + sign * right)

    def _update(self, left: Samples, right: Samples) -> None:
        """Update the powers with a piece of both channels, and whether they cancel."""
        count = len(left)
        both = float(np.dot(left, left) + np.dot(right, right)) / (4 * count)
        across = float(np.dot(left, right)) / (2 * count)
        if not (isfinite(both) and isfinite(across)):
            return
        kept = exp(-count / (LASTING_S * self._rate))
        self.mean = kept * self.mean + (1.0 - kept) * max(both + across, 0.0)
        self.difference = kept * self.difference + (1.0 - kept) * max(both - across, 0.0)
        if self.mean + self.difference < SILENT_POWER:
            return
        limit = ADDING_RATIO if self.inverted else CANCELLING_RATIO
        self.inverted = int(self.mean < limit * self.difference)
