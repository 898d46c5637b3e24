"""WAV containers: RIFF, RIFX, RF64 and BW64, with chunks in any order and any declared sizes.

Formats: Microsoft/IBM RIFF 1.0, EBU Tech 3306 (RF64), ITU-R BS.2088 (BW64), WAVEFORMATEXTENSIBLE.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from bridge.audiofile.extent import MAX_CHUNKS, SEARCHED_BYTES, Chunks, Extent, find_extent, is_only_zeros, is_tag
from bridge.audiofile.layout import Layout, from_mask
from bridge.audiofile.plain import ContainerInfo
from bridge.audiofile.window import Window

MPEG, MPEG_III = 0x50, 0x55
_LINEAR, _FLOAT, _ALAW, _MULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_SUBTYPES = {
    (_LINEAR, 1): "PCM_U8", (_LINEAR, 2): "PCM_16", (_LINEAR, 3): "PCM_24", (_LINEAR, 4): "PCM_32",
    (_FLOAT, 4): "FLOAT", (_FLOAT, 8): "DOUBLE", (_ALAW, 1): "ALAW", (_MULAW, 1): "ULAW",
}  # fmt: skip
_HEADS = (b"RIFF", b"RIFX", b"RF64", b"BW64")
_ALL = 0xFFFFFFFF
_MOST_FMT_BYTES = 1 << 12
_JUNK_BYTES = 1 << 14
_BEHIND = (
    b"LIST", b"id3 ", b"ID3 ", b"ID32", b"bext", b"cue ", b"smpl", b"inst", b"fact", b"PEAK", b"iXML", b"axml", b"chna",
    b"JUNK", b"junk", b"afsp", b"acid", b"plst", b"_PMX", b"strc", b"cart", b"levl", b"LGWV", b"PAD ", b"fmt ", b"umid",
    b"minf", b"elm1", b"regn", b"ResU", b"DISP", b"SNDM",
)  # fmt: skip
"""Chunks that programs write after the samples."""


@dataclass(frozen=True, slots=True)
class Wav:
    """``container``: location and format of the samples. ``tag``: WAVE format tag. ``fmt``: the format chunk."""

    container: ContainerInfo
    tag: int
    fmt: bytes = b""


@dataclass(frozen=True, slots=True)
class _Chunk:
    name: bytes
    start: int
    size: int


def read_wav(window: Window) -> Wav | None:
    """Read the container of the WAV file in ``window``; None without a format or data chunk. Raises: OSError."""
    head = window.read_at(0, 12)
    order = ">" if head[:4] == b"RIFX" else "<"
    chunks = list(_read_chunks(window, order))
    found = {chunk.name: chunk for chunk in reversed(chunks)}
    for name in (b"fmt ", b"data"):
        if name not in found and (chunk := _search_chunk(window, name, order)):
            found[name] = chunk
    if b"fmt " not in found or b"data" not in found:
        return None
    data, declared = found[b"data"], _read_declared_size(window, found, head)
    ends = _find_extent(window, data, declared, struct.unpack(order + "I", head[4:8])[0], order)
    fmt = found[b"fmt "]
    return parse_format(window.read_at(fmt.start, min(fmt.size, _MOST_FMT_BYTES)), data.start, ends, order)


def _read_chunks(window: Window, order: str) -> Iterator[_Chunk]:
    """Yield the chunks up to and including the first that does not fit into the file."""
    at = 12
    for _ in range(MAX_CHUNKS):
        head = window.read_at(at, 8)
        if len(head) < 8 or not _is_name(head[:4]):
            return
        size = struct.unpack(order + "I", head[4:])[0]
        yield _Chunk(head[:4], at + 8, size)
        at += 8 + size
        if at > window.size:
            return
        if size % 2 and not _is_name(window.read_at(at, 4)):  # some programs leave the padding out
            at += 1


def _is_name(name: bytes) -> bool:
    return len(name) == 4 and all(0x20 <= byte < 0x7F for byte in name) and name[0] != 0x20


def _search_chunk(window: Window, name: bytes, order: str) -> _Chunk | None:
    """Search for a chunk that cannot be reached by chunk sizes."""
    head = window.read_at(0, SEARCHED_BYTES)
    at = head.find(name, 12)
    if at < 0 or at + 8 > len(head):
        return None
    return _Chunk(name, at + 8, struct.unpack(order + "I", head[at + 4 : at + 8])[0])


def _read_declared_size(window: Window, found: dict[bytes, _Chunk], head: bytes) -> int | None:
    declared = found[b"data"].size
    if head[:4] in (b"RF64", b"BW64") and b"ds64" in found and declared in (_ALL, 0):
        sizes = window.read_at(found[b"ds64"].start, 16)
        declared = struct.unpack("<Q", sizes[8:])[0] if len(sizes) == 16 else _ALL
        return None if declared >= 1 << 63 else declared
    return None if declared == _ALL else declared


def _find_extent(window: Window, data: _Chunk, declared: int | None, riff: int, order: str) -> Extent:
    chunks = Chunks(lambda file, at: _chunks_follow(file, at, order), _BEHIND)
    ends = find_extent(window, data.start, declared, chunks)
    if (
        ends.note and declared and 0 <= 8 + riff - (data.start + declared) <= 1
    ):  # both sizes agree: the rest may be junk
        rest = window.size - (data.start + declared)
        if rest < min(_JUNK_BYTES, declared // 16):
            return Extent(
                data.start + declared, note=f"has {rest:,} bytes behind its sound that nothing describes; left out"
            )
    return ends


def _chunks_follow(window: Window, at: int, order: str) -> bool:
    """Whether whole chunks fill ``at`` to the end, or zeros."""
    for _ in range(MAX_CHUNKS):
        head = window.read_at(at, 12)
        if len(head) < 8 or is_tag(head) or head[:4] in _HEADS:
            return True
        size = struct.unpack(order + "I", head[4:8])[0]
        if not _is_name(head[:4]) or at + 8 + size > window.size:
            return is_only_zeros(window, at)
        at += 8 + size
        if size % 2 and not _is_name(window.read_at(at, 4)):
            at += 1
    return False


def find_next_wav(window: Window, end: int) -> int | None:
    """Find the start of the next concatenated WAV after the samples' ``end``; None where there is none."""
    at = end + end % 2
    for _ in range(MAX_CHUNKS):
        head = window.read_at(at, 12)
        if head[:4] in _HEADS and head[8:] == b"WAVE":
            return at
        if len(head) < 12 or not _is_name(head[:4]):
            return None
        size = struct.unpack("<I", head[4:8])[0]
        at += 8 + size + size % 2
    return None


def parse_format(fields: bytes, start: int, ends: Extent, order: str) -> Wav | None:
    """Parse the format chunk ``fields`` for samples from ``start`` on; None where it is too short."""
    if len(fields) < 16:
        return None
    tag, channels, rate, _, block, bits = struct.unpack(order + "HHIIHH", fields[:16])
    layout: Layout = ()
    if tag == _EXTENSIBLE and len(fields) >= 40:
        mask, sub = struct.unpack(order + "IH", fields[20:26])
        layout, tag = from_mask(mask, channels), sub
    wide = (bits + 7) // 8
    plain = block % max(channels, 1) or block // max(channels, 1) in (0, wide)  # else padded to larger words
    subtype = _SUBTYPES.get((tag, wide), "") if plain else ""
    container = ContainerInfo(start, ends.end, channels, rate, subtype, order == ">", layout, ends.missing, ends.note)
    return Wav(container, tag, fields)
