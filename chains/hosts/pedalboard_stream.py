"""Pedalboard stream: a signal through one stereo processor of Pedalboard, or two mono ones, block by block.

Pedalboard keeps back the first frames of a stream, as many as the latency; from then on it gives out what it takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bridge.core.audio import Audio

if TYPE_CHECKING:
    import pedalboard


class PedalboardStream:
    """Feeds processors and counts frames.

    Attributes:
        processors: One for both channels, or one for each.
    """

    def __init__(self, processors: Sequence[pedalboard.Plugin], rate: int) -> None:
        self.processors = tuple(processors)
        self._rate = float(rate)
        self.frames_in = 0
        self.frames_out = 0

    def reset(self) -> None:
        """Continue from silence. Needed before the first block too: loading has filled Pedalboard's counter."""
        for processor in self.processors:
            processor.reset()
        self.frames_in = self.frames_out = 0

    def feed(self, block: Audio, buffer_frames: int) -> Audio:
        """Process a block, shape (2, frames), ``buffer_frames`` at a time; the newest (2, n) frames come out."""
        if len(self.processors) == 1:
            out = self.processors[0].process(block, self._rate, buffer_frames, reset=False)
        else:
            parts = [
                one.process(block[channel : channel + 1], self._rate, buffer_frames, reset=False)
                for channel, one in enumerate(self.processors)
            ]
            least = min(part.shape[1] for part in parts)
            out = np.concatenate([part[:, part.shape[1] - least :] for part in parts])
        self.frames_in += block.shape[1]
        self.frames_out += out.shape[1]
        return out
