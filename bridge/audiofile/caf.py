"""CAF containers (Apple Core Audio Format): chunks with 64-bit sizes; the data chunk's is often unknown (-1)."""

from __future__ import annotations

import math
import struct

from bridge.audiofile.coreaudio import read_layout
from bridge.audiofile.extent import MAX_CHUNKS, SEARCHED_BYTES, Chunks, find_extent, is_only_zeros, is_tag
from bridge.audiofile.layout import Layout
from bridge.audiofile.plain import SIGNED_SUBTYPES, ContainerInfo
from bridge.audiofile.window import Window

_FLOAT, _LITTLE = 1, 2
_REAL = {4: "FLOAT", 8: "DOUBLE"}
_CODED = {b"alaw": "ALAW", b"ulaw": "ULAW"}
_BEHIND = (b"chan", b"info", b"strg", b"mark", b"regn", b"inst", b"midi", b"ovvw", b"peak", b"umid", b"uuid", b"free",
           b"kuki", b"pakt", b"edct")  # fmt: skip


def read_caf(window: Window) -> ContainerInfo | None:
    """Read the container of the CAF file in ``window``; None without a format or data chunk. Raises: OSError."""
    found: dict[bytes, tuple[int, int]] = {}
    at = 8
    for _ in range(MAX_CHUNKS):
        head = window.read_at(at, 12)
        if len(head) < 12:
            break
        size = struct.unpack(">q", head[4:])[0]
        found.setdefault(head[:4], (at + 12, size))
        if size < 0 or at + 12 + size > window.size:
            break
        at += 12 + size
    if b"desc" not in found or b"data" not in found:
        return None
    fields = window.read_at(found[b"desc"][0], 32)
    if len(fields) < 32:
        return None
    rate, code, flags, packet, frames, channels, bits = struct.unpack(">d4sIIIII", fields)
    wide = (bits + 7) // 8
    subtype = _CODED.get(code, "")
    if code == b"lpcm" and frames in (0, 1) and packet in (0, wide * channels):
        subtype = (_REAL if flags & _FLOAT else SIGNED_SUBTYPES).get(wide, "")
    start, declared = found[b"data"][0] + 4, found[b"data"][1] - 4
    known = None if declared < -4 else max(declared, 0)
    ends = find_extent(window, start, known, Chunks(_chunks_follow, _BEHIND, padded=1))
    layout: Layout = ()
    if b"chan" in found:
        place, size = found[b"chan"]
        layout = read_layout(window.read_at(place, min(max(size, 0), SEARCHED_BYTES)), channels)
    hertz, big = int(rate) if math.isfinite(rate) else 0, not flags & _LITTLE
    return ContainerInfo(start, ends.end, channels, hertz, subtype, big, layout, ends.missing, ends.note)


def _chunks_follow(window: Window, at: int) -> bool:
    for _ in range(MAX_CHUNKS):
        head = window.read_at(at, 12)
        if len(head) < 12 or is_tag(head):
            return True
        size = struct.unpack(">q", head[4:])[0]
        if not all(0x20 <= byte < 0x7F for byte in head[:4]) or size < 0 or at + 12 + size > window.size:
            return is_only_zeros(window, at)
        at += 12 + size
    return False
