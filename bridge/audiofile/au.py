"""AU containers (Sun, NeXT): a header of six numbers, then samples."""

from __future__ import annotations

import struct

from bridge.audiofile.extent import Chunks, find_extent, is_only_zeros, is_tag
from bridge.audiofile.plain import ContainerInfo
from bridge.audiofile.window import Window

_SUBTYPES = {1: "ULAW", 2: "PCM_S8", 3: "PCM_16", 4: "PCM_24", 5: "PCM_32", 6: "FLOAT", 7: "DOUBLE", 27: "ALAW"}
_UNKNOWN = 0xFFFFFFFF


def read_au(window: Window) -> ContainerInfo | None:
    """Read the container of the AU file in ``window``; None where its header is incomplete. Raises: OSError."""
    head = window.read_at(0, 24)
    if len(head) < 24:
        return None
    order = "<" if head[:4] == b"dns." else ">"
    start, declared, encoding, rate, channels = struct.unpack(order + "IIIII", head[4:])
    start = min(max(start, 24), window.size)
    ends = find_extent(window, start, None if declared == _UNKNOWN else declared, Chunks(_chunks_follow, padded=1))
    subtype = _SUBTYPES.get(encoding, "")
    return ContainerInfo(start, ends.end, channels, rate, subtype, order == ">", (), ends.missing, ends.note)


def _chunks_follow(window: Window, at: int) -> bool:
    """An AU file has no chunks."""
    head = window.read_at(at, 12)
    return len(head) < 8 or is_tag(head) or is_only_zeros(window, at)
