"""Sound: the interface of all file readers, before downmix and resampling."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bridge.audiofile.layout import Layout
from bridge.audiofile.remarks import Remarks
from bridge.core.audio import Audio

DECODED_FRAMES = 1 << 14
MOST_CHANNELS = 256
MOST_SILENCE_S = 600.0
"""Longest gap that is filled with silence; a wrong position must not become days of it."""


@dataclass(frozen=True, slots=True)
class DecodedBlock:
    """A block of decoded audio: ``samples`` of shape (frames, channels), float32, at ``rate`` Hz."""

    samples: Audio
    rate: int
    layout: Layout


class Sound(Protocol):
    """An open audio file. ``frames``: estimated length, 0 if unknown; nothing depends on it."""

    rate: int
    channels: int
    layout: Layout
    frames: int

    def decode_blocks(self, remarks: Remarks) -> Iterator[DecodedBlock]:
        """Decode the samples in order, from the first on.

        Raises: ValueError, with what is wrong, where nothing more can be read.
        """
        ...


def make_silence(frames: int, channels: int) -> Iterator[Audio]:
    """Yield blocks of zeros, ``frames`` long in total."""
    while frames > 0:
        part = min(frames, DECODED_FRAMES)
        yield np.zeros((part, channels), np.float32)
        frames -= part
