"""Time in a WAV's PEAK chunk, which libsndfile writes: cleared, so that the same sound gives the same bytes."""

from __future__ import annotations

import struct
from pathlib import Path


def clear_peak_time(path: Path) -> None:
    """Clear the time of writing in the PEAK chunk of a float WAV or RF64; nothing where there is no such chunk."""
    with path.open("r+b") as file:
        at = 12
        while True:
            file.seek(at)
            head = file.read(8)
            if len(head) < 8 or head[:4] == b"data":
                return
            if head[:4] == b"PEAK":
                file.seek(at + 12)  # name, length, version
                file.write(bytes(4))
                return
            length = struct.unpack("<I", head[4:])[0]
            at += 8 + length + length % 2
