"""Whole-file reader: an audio file, or an excerpt, in memory, for training and measuring."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bridge.audiofile.song import Song
from bridge.core.audio import CHANNELS, Audio


def read_whole(path: Path, seconds: float = 0.0, offset_s: float = 0.0) -> tuple[Audio, int]:
    """Read an audio file or an excerpt: shape (2, frames), float32, and its rate in Hz.

    Args:
        path: The file.
        seconds: Length of the excerpt, 0 for all. It ends with the file.
        offset_s: Start of the excerpt.

    Raises:
        ConfigError: The file cannot be read.
    """
    with Song(path) as song:
        wanted = round(seconds * song.rate) or None
        blocks, frames = [np.zeros((CHANNELS, 0), np.float32)], 0
        for block in song.read_blocks(round(offset_s * song.rate)):
            blocks.append(block if wanted is None else block[:, : wanted - frames])
            frames += blocks[-1].shape[1]
            if frames == wanted:
                break
        return np.concatenate(blocks, axis=1), song.rate
