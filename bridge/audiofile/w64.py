"""Wave64 containers (Sony): chunks as in WAV, named by GUIDs, with 64-bit sizes that include the chunk header."""

from __future__ import annotations

import struct

from bridge.audiofile.extent import MAX_CHUNKS, Chunks, find_extent, is_only_zeros, is_tag
from bridge.audiofile.wav import Wav, parse_format
from bridge.audiofile.window import Window

_TAIL = bytes.fromhex("f3acd3118cd100c04f8edb8a")
_FMT, _DATA = b"fmt " + _TAIL, b"data" + _TAIL
_HEAD = 24
_FIRST = 40


def read_w64(window: Window) -> Wav | None:
    """Read the container of the Wave64 file in ``window``; None without a format or data chunk. Raises: OSError."""
    found: dict[bytes, tuple[int, int]] = {}
    at = _FIRST
    for _ in range(MAX_CHUNKS):
        head = window.read_at(at, _HEAD)
        if len(head) < _HEAD or head[4:16] != _TAIL:
            break
        size = struct.unpack("<Q", head[16:])[0]
        found.setdefault(head[:16], (at + _HEAD, max(size - _HEAD, 0)))
        if size < _HEAD or at + size > window.size:
            break
        at += (size + 7) // 8 * 8
    if _FMT not in found or _DATA not in found:
        return None
    (fmt, fmt_bytes), (start, declared) = found[_FMT], found[_DATA]
    ends = find_extent(window, start, None if declared >= 1 << 62 else declared, Chunks(_chunks_follow, padded=8))
    return parse_format(window.read_at(fmt, min(fmt_bytes, 40)), start, ends, "<")


def _chunks_follow(window: Window, at: int) -> bool:
    for _ in range(MAX_CHUNKS):
        head = window.read_at(at, _HEAD)
        if len(head) < 8 or is_tag(head):
            return True
        size = struct.unpack("<Q", head[16:])[0] if len(head) == _HEAD else 0
        if size < _HEAD or at + size > window.size:
            return is_only_zeros(window, at)
        at += (size + 7) // 8 * 8
    return False
