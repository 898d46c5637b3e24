"""Tail end: where what rings on behind the end of a source has become silent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import Audio

MOST_TAIL_S = 10.0
"""Longest tail where neither the options nor the chain's file say one; see `Chain.tail_s`."""
SILENT_PEAK = 10.0 ** (-90.0 / 20.0)
"""Peak below which a tail has ended: -90 dBFS, the last bit of 16."""
_SEARCH_FRAMES = 1 << 16


@dataclass(frozen=True, slots=True)
class Tail:
    """What is rendered behind the end of a source.

    ``length_s``: in seconds. ``is_most``: it is cut where it has become silent.
    """

    length_s: float
    is_most: bool = False


def find_tail_end(audio: Audio, from_frame: int) -> int:
    """The frame, ``from_frame`` or later, from which on ``audio``, shape (2, frames), is silent.

    It is searched from the end, so that pauses between echoes are no end.
    """
    for stop in range(audio.shape[1], from_frame, -_SEARCH_FRAMES):
        start = max(from_frame, stop - _SEARCH_FRAMES)
        sounding: NDArray[np.intp] = np.flatnonzero((np.abs(audio[:, start:stop]) >= SILENT_PEAK).any(axis=0))
        if sounding.size:
            return start + int(sounding[-1]) + 1
    return min(from_frame, int(audio.shape[1]))
