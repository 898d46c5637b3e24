"""Wave64 boxes (Sony): chunks as in WAV, named by GUIDs, with sizes of 64 bits that count their own head."""

from __future__ import annotations

import struct

from bridge.audiofile.extent import Chunks, extent, is_tag, only_zeros
from bridge.audiofile.wav import Wav, format_of
from bridge.audiofile.window import Window

_TAIL = bytes.fromhex("f3acd3118cd100c04f8edb8a")
_FMT, _DATA = b"fmt " + _TAIL, b"data" + _TAIL
_HEAD = 24
_FIRST = 40
_MOST_CHUNKS = 10_000


def read_w64(window: Window) -> Wav | None:
    """The box of the Wave64 file in ``window``; None where it has no format or no samples. Raises: OSError."""
    found: dict[bytes, tuple[int, int]] = {}
    at = _FIRST
    for _ in range(_MOST_CHUNKS):
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
    ends = extent(window, start, None if declared >= 1 << 62 else declared, Chunks(_follow, padded=8))
    return format_of(window.read_at(fmt, min(fmt_bytes, 40)), start, ends, "<")


def _follow(window: Window, at: int) -> bool:
    for _ in range(_MOST_CHUNKS):
        head = window.read_at(at, _HEAD)
        if len(head) < 8 or is_tag(head):
            return True
        size = struct.unpack("<Q", head[16:])[0] if len(head) == _HEAD else 0
        if size < _HEAD or at + size > window.size:
            return only_zeros(window, at)
        at += (size + 7) // 8 * 8
    return False
