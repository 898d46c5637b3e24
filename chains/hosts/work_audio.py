"""Work audio: float32 arrays in files without a name, so that long signals need no memory of their own."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np

from bridge.core.audio import CHANNELS, Audio

_SMALL_FRAMES = 1 << 21
"""Frames up to which memory is used: 16 MiB, less than a plugin takes for itself."""


def make_work_audio(frames: int, folder: Path) -> Audio:
    """Silence, shape (2, frames): in memory where short, else in a file of ``folder`` that has no name any more.

    The whole file is reserved, so that a full disk is an error here and no fault of memory later.

    Raises:
        OSError: The disk is full, or the folder cannot be written.
    """
    if frames <= _SMALL_FRAMES:
        return np.zeros((CHANNELS, frames), np.float32)
    with tempfile.TemporaryFile(dir=folder) as file:
        size = CHANNELS * frames * np.dtype(np.float32).itemsize
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
        else:
            file.truncate(size)
        return np.memmap(file, np.float32, "r+", shape=(CHANNELS, frames))
