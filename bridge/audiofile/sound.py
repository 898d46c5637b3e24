"""Sound: what every reader of a kind of file gives, before channels and rates are made one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bridge.audiofile.layout import Layout
from bridge.audiofile.remarks import Remarks
from bridge.core.audio import Audio

PIECE_FRAMES = 1 << 14
MOST_CHANNELS = 256
MOST_SILENCE_S = 600.0
"""What is left out where something is missing, at most; a wrong number must not become days of silence."""


@dataclass(frozen=True, slots=True)
class Piece:
    """``samples``: shape (frames, channels), float32, at ``rate`` Hz, its channels as ``layout`` says."""

    samples: Audio
    rate: int
    layout: Layout


class Sound(Protocol):
    """A file that is open. ``frames``: how long it is likely to be, 0 where nothing is known; nothing depends on it."""

    rate: int
    channels: int
    layout: Layout
    frames: int

    def pieces(self, remarks: Remarks) -> Iterator[Piece]:
        """The samples in order, from the first one on.

        Raises: ValueError, with what is wrong, where nothing more can be read.
        """
        ...


def silence(frames: int, channels: int) -> Iterator[Audio]:
    """So many frames of zeros, in pieces."""
    while frames > 0:
        part = min(frames, PIECE_FRAMES)
        yield np.zeros((part, channels), np.float32)
        frames -= part
