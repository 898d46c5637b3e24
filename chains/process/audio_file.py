"""Audio segments: float32 audio in files of our own that a host process and its parent both map.

Files instead of shared memory objects: those are unlinked by whichever Python process ends first (before 3.13).
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from bridge.drafts import draft_for, sweep_drafts
from bridge.errors import BridgeError
from chains.process.messages import AudioSegment

Samples: TypeAlias = NDArray[np.float32]
BYTES_PER_SAMPLE = 4
"""Size of a float32."""
_MOVED_FRAMES = 1 << 20
"""Frames that are moved at a time."""


def create_segment(path: Path, channels: int, frames: int) -> AudioSegment:
    """Create a silent segment at ``path``. Its space is reserved: a mapped file that finds the disk full later ends
    the process with SIGBUS.

    Raises:
        BridgeError: There is a file already, or no space for one.
    """
    segment = AudioSegment(str(path), channels, frames)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise BridgeError(f"{path}: cannot be made ({error.strerror})", "check the folder's permissions") from error
    try:
        _reserve(descriptor, _count_bytes(segment))
    except OSError as error:
        path.unlink(missing_ok=True)
        size = f"{_count_bytes(segment) / 1e6:.1f} MB"
        reason = "no space left" if error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT) else error.strerror
        raise BridgeError(f"{path.parent}: {reason} for {size} of audio", "free some space, then try again") from error
    finally:
        os.close(descriptor)
    return segment


@contextmanager
def open_segment(target: Path, channels: int, frames: int) -> Iterator[AudioSegment]:
    """A silent segment in a hidden draft beside ``target``; it is gone behind the ``with`` statement, whatever happens.

    The draft of a process that was killed is removed by the next one that opens a segment in that folder.

    Raises:
        BridgeError: There is no space for it.
    """
    sweep_drafts(target.parent)
    path = draft_for(target)
    try:
        yield create_segment(path, channels, frames)  # Ctrl-C may come in the midst of it
    finally:
        path.unlink(missing_ok=True)


def map_segment(segment: AudioSegment, *, writable: bool = False) -> Samples:
    """The audio of a segment, shape (channels, frames); what is written into it is seen by all that map it.

    Raises:
        BridgeError: The file is missing, or has another size.
    """
    try:
        size = Path(segment.path).stat().st_size
    except OSError as error:
        raise BridgeError(f"{segment.path}: cannot be read ({error.strerror})", "the segment has to exist") from error
    if size != _count_bytes(segment):
        wanted = f"{segment.channels} channels of {segment.frames} frames"
        raise BridgeError(f"{segment.path}: {size} bytes are not {wanted} of float32", "create it with create_segment")
    if size == 0:  # an empty file cannot be mapped
        return np.zeros((segment.channels, segment.frames), np.float32)
    return np.memmap(segment.path, np.float32, "r+" if writable else "r", shape=(segment.channels, segment.frames))


def cut_segment(segment: AudioSegment, frames: int) -> AudioSegment:
    """Cut a segment, which nobody else has mapped, to its first ``frames``; what is left, in the same file.

    Raises:
        BridgeError: As `map_segment`.
    """
    if frames >= segment.frames:
        return segment
    kept = AudioSegment(segment.path, segment.channels, frames)
    samples = map_segment(segment, writable=True).reshape(-1)
    for channel in range(1, segment.channels):  # one channel lies behind the other; they move to the front
        for start in range(0, frames, _MOVED_FRAMES):
            count = min(_MOVED_FRAMES, frames - start)
            source, target = channel * segment.frames + start, channel * frames + start
            samples[target : target + count] = samples[source : source + count].copy()
    del samples
    os.truncate(segment.path, _count_bytes(kept))
    return kept


def write_segment(path: Path, audio: Samples) -> AudioSegment:
    """Create a segment with ``audio``, shape (channels, frames).

    Raises:
        BridgeError: As `create_segment`.
    """
    segment = create_segment(path, audio.shape[0], audio.shape[1])
    map_segment(segment, writable=True)[...] = audio
    return segment


def _count_bytes(segment: AudioSegment) -> int:
    return segment.channels * segment.frames * BYTES_PER_SAMPLE


def _reserve(descriptor: int, size: int) -> None:
    if size and hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
    else:  # macOS and Windows, untested
        os.ftruncate(descriptor, size)
