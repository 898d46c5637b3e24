"""Wave header: channels, rate and length of a WAV file in an archive, from its chunks before the samples.

RIFF, and RF64 (EBU Tech 3306 v1.1), with the chunks ``fmt `` and ``data`` in this order, as Broadcast Wave has them.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import IO

_MOST_CHUNKS, _MOST_CHUNK_BYTES = 64, 1 << 20
"""Most chunks before ``data``, and most bytes of one whose content is read."""
_IN_DS64 = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class WaveHeader:
    """``frames``: as the header says; the samples are not looked at. ``end``: the byte behind the last sample."""

    channels: int
    rate: int
    frames: int
    end: int

    @property
    def duration_s(self) -> float:
        """The length of the sound."""
        return self.frames / self.rate


def read_wave_header(file: IO[bytes]) -> WaveHeader | None:
    """Read the header from the start of a file; None where it is no WAV file, or a cut one.

    Raises:
        OSError, zipfile.BadZipFile: The file cannot be read.
    """
    head = file.read(12)
    if len(head) < 12 or head[:4] not in (b"RIFF", b"RF64") or head[8:] != b"WAVE":
        return None
    at = 12
    long_bytes = 0
    fmt = b""
    for _ in range(_MOST_CHUNKS):
        chunk = file.read(8)
        if len(chunk) < 8:
            return None
        name, size = struct.unpack("<4sI", chunk)
        at += 8
        if name == b"data":
            return _make_header(fmt, long_bytes if size == _IN_DS64 else size, at)
        content = file.read(size + size % 2) if size <= _MOST_CHUNK_BYTES else b""
        if len(content) < size:
            return None
        at += size + size % 2
        if name == b"ds64" and size >= 16:
            long_bytes = int(struct.unpack("<Q", content[8:16])[0])
        if name == b"fmt ":
            fmt = content
    return None


def _make_header(fmt: bytes, data_bytes: int, start: int) -> WaveHeader | None:
    if len(fmt) < 16:
        return None
    _, channels, rate, _, frame_bytes = struct.unpack("<HHIIH", fmt[:14])
    if not channels or not rate or not frame_bytes:
        return None
    return WaveHeader(channels, rate, data_bytes // frame_bytes, start + data_bytes)
