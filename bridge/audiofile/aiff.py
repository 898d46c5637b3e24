"""AIFF and AIFF-C containers: big-endian chunks in any order, with any declared sizes.

Formats: Apple, "Audio Interchange File Format" 1.3 (1989) and "AIFF-C" draft (1991); the CHAN chunk is Core Audio's.
"""

from __future__ import annotations

import struct

from bridge.audiofile.coreaudio import read_layout
from bridge.audiofile.extent import MAX_CHUNKS, SEARCHED_BYTES, Chunks, find_extent, is_only_zeros, is_tag
from bridge.audiofile.plain import SAMPLE_BYTES, SIGNED_SUBTYPES, ContainerInfo
from bridge.audiofile.window import Window

_CODED = {
    b"fl32": "FLOAT", b"FL32": "FLOAT", b"fl64": "DOUBLE", b"FL64": "DOUBLE", b"alaw": "ALAW", b"ALAW": "ALAW",
    b"ulaw": "ULAW", b"ULAW": "ULAW", b"in24": "PCM_24", b"in32": "PCM_32", b"raw ": "PCM_U8",
}  # fmt: skip
_WHOLE = (b"NONE", b"twos", b"sowt")
_BEHIND = (b"COMM", b"MARK", b"INST", b"NAME", b"AUTH", b"(c) ", b"ANNO", b"COMT", b"APPL", b"ID3 ", b"CHAN", b"AESD",
           b"PEAK", b"MIDI", b"FVER", b"LGWV", b"basc", b"trns", b"cate")  # fmt: skip


def read_aiff(window: Window) -> ContainerInfo | None:
    """Read the container of the AIFF file in ``window``; None without a format or sample chunk. Raises: OSError."""
    found = _find_chunks(window)
    if b"COMM" not in found or b"SSND" not in found:
        return None
    at, size = found[b"COMM"]
    comm = window.read_at(at, min(size, 22))
    if len(comm) < 18:
        return None
    channels, frames, bits = struct.unpack(">HIH", comm[:8])
    code = comm[18:22] if len(comm) >= 22 and window.read_at(8, 4) == b"AIFC" else b"NONE"
    subtype = SIGNED_SUBTYPES.get((bits + 7) // 8, "") if code in _WHOLE else _CODED.get(code, "")
    start, declared = found[b"SSND"]
    offset = struct.unpack(">I", window.read_at(start, 4).ljust(4, b"\0"))[0]
    start += 8 + (offset if offset < window.size - start else 0)
    whole = frames * channels * SAMPLE_BYTES.get(subtype, 0)
    declared = max(declared - 8 - offset, 0) if declared >= 8 else 0
    if not declared and whole and start + whole <= window.size:
        declared = whole
    ends = find_extent(window, start, None if declared > 0xFFFF0000 else declared, Chunks(_chunks_follow, _BEHIND))
    layout = read_layout(window.read_at(*found[b"CHAN"]), channels) if b"CHAN" in found else ()
    big = code != b"sowt"
    return ContainerInfo(
        start, ends.end, channels, _parse_rate(comm[8:18]), subtype, big, layout, ends.missing, ends.note
    )


def _find_chunks(window: Window) -> dict[bytes, tuple[int, int]]:
    """Start and size of the first chunk of each name; COMM and SSND are searched for where a chunk size is wrong."""
    found: dict[bytes, tuple[int, int]] = {}
    at = 12
    for _ in range(MAX_CHUNKS):
        head = window.read_at(at, 8)
        if len(head) < 8 or not _is_name(head[:4]):
            break
        size = struct.unpack(">I", head[4:])[0]
        found.setdefault(head[:4], (at + 8, size if head[:4] == b"SSND" else min(size, SEARCHED_BYTES)))
        at += 8 + size + size % 2
    for name in (b"COMM", b"SSND"):
        for first in (12, max(window.size - SEARCHED_BYTES, 12)):
            place = -1 if name in found else window.read_at(first, SEARCHED_BYTES).find(name)
            if place >= 0:
                size = struct.unpack(">I", window.read_at(first + place + 4, 4).ljust(4, b"\0"))[0]
                found[name] = (first + place + 8, size)
    return found


def _is_name(name: bytes) -> bool:
    return all(0x20 <= byte < 0x7F for byte in name) and name[0] != 0x20


def _chunks_follow(window: Window, at: int) -> bool:
    for _ in range(MAX_CHUNKS):
        head = window.read_at(at, 12)
        if len(head) < 8 or is_tag(head) or head[:4] == b"FORM":
            return True
        size = struct.unpack(">I", head[4:8])[0]
        if not _is_name(head[:4]) or at + 8 + size > window.size:
            return is_only_zeros(window, at)
        at += 8 + size + size % 2
    return False


def _parse_rate(extended: bytes) -> int:
    """Hertz from an 80-bit float; 0 where it is invalid."""
    exponent, mantissa = struct.unpack(">HQ", extended)
    shift = 16383 + 63 - (exponent & 0x7FFF)
    return int(mantissa >> shift) if 0 <= shift < 64 else 0
