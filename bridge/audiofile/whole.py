"""Whole recordings: an audio file, or a part of it, in memory, for training and measuring."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bridge.audiofile.song import Song
from bridge.core.audio import CHANNELS, Audio


def read_whole(path: Path, seconds: float = 0.0, offset_s: float = 0.0) -> tuple[Audio, int]:
    """The file at ``path`` from ``offset_s`` on, shape (2, frames), float32, and its rate in Hz.

    ``seconds``: of it, 0 for all. Past the file's end there are no frames. Raises: ConfigError.
    """
    with Song(path) as song:
        wanted = round(seconds * song.rate) or None
        blocks, frames = [np.zeros((CHANNELS, 0), np.float32)], 0
        for block in song.blocks(round(offset_s * song.rate)):
            blocks.append(block if wanted is None else block[:, : wanted - frames])
            frames += blocks[-1].shape[1]
            if frames == wanted:
                break
        return np.concatenate(blocks, axis=1), song.rate
