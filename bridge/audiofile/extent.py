"""Extent of the samples in a file, from the size in the header and the bytes present, which often differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bridge.audiofile.window import Window

_STREAMED = (range(0x7FFF0000, 0x80000001), range(0xFFFF0000, 1 << 32))
"""Placeholder sizes that programs write when they cannot go back to fill them in; real only if so much is there."""
UNFINISHED = "was never finished: its header says 0 bytes of sound; read to its end"
_WRAP = 1 << 32
_TAIL_BYTES = 1 << 20
_MOST_PLACES = 64
_SCAN_BYTES = 1 << 16
MAX_CHUNKS = 10_000
"""A container with more chunks is read up to there: a damaged size must not make millions of them."""
SEARCHED_BYTES = 1 << 20
"""Bytes of a file searched for a chunk that is not where the sizes say; also the most that is read of one."""
_LEAST = 8  # bytes of a chunk's head: fewer are padding


@dataclass(frozen=True, slots=True)
class Extent:
    """``end``: where the samples end. ``missing``: declared bytes that are not there. ``note``: about a repair."""

    end: int
    missing: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Chunks:
    """Chunk layout of a container. ``follows(window, at)``: whether whole chunks, or tags, fill ``at`` to the end.

    ``marks``: names of chunks that may follow the samples, searched for where a size is wrong. ``padded``: alignment.
    """

    follows: Callable[[Window, int], bool]
    marks: tuple[bytes, ...] = ()
    padded: int = 2


def find_extent(window: Window, start: int, declared: int | None, chunks: Chunks) -> Extent:
    """Find the extent of the samples from ``start`` on. ``declared``: bytes as in the header, None if unknown."""
    room = window.size - start
    if declared is None or (declared > room and any(declared in sizes for sizes in _STREAMED)):
        return Extent(_find_end(window, start, chunks))
    if declared > room:
        return Extent(window.size, declared - room)
    if declared and _is_end(window, start + declared, chunks):
        return Extent(start + declared)
    if declared == 0:
        if room < _LEAST or chunks.follows(window, start):
            return Extent(start)
        return Extent(_find_end(window, start, chunks), note=UNFINISHED)
    for wraps in range(1, room // _WRAP + 1):  # a size above 4 GiB of which 32 bits are left
        if declared + wraps * _WRAP <= room and _is_end(window, start + declared + wraps * _WRAP, chunks):
            return Extent(start + declared + wraps * _WRAP, note=_describe_excess(declared))
    return Extent(_find_end(window, start, chunks), note=_describe_excess(declared))


def _describe_excess(declared: int) -> str:
    return f"has more sound than its header says ({declared:,} bytes); read to its end"


def _is_end(window: Window, end: int, chunks: Chunks) -> bool:
    padded = end + -end % chunks.padded
    return chunks.follows(window, padded) or (padded != end and chunks.follows(window, end))


def _find_end(window: Window, start: int, chunks: Chunks) -> int:
    """The end of the file, or of the samples where known chunks follow them."""
    first = max(start, window.size - _TAIL_BYTES)
    tail = window.read_at(first, window.size - first)
    places = sorted(at for mark in chunks.marks for at in _find_all(tail, mark))
    for at in places[:_MOST_PLACES]:
        if chunks.follows(window, first + at):
            return first + at
    return window.size


def _find_all(data: bytes, mark: bytes) -> list[int]:
    found: list[int] = []
    at = data.find(mark)
    while at >= 0 and len(found) < 1000:
        found.append(at)
        at = data.find(mark, at + 1)
    return found


def is_only_zeros(window: Window, at: int) -> bool:
    """Whether all bytes from ``at`` on are zero."""
    window.seek(at)
    while data := window.read(_SCAN_BYTES):
        if data.count(0) != len(data):
            return False
    return True


def is_tag(head: bytes) -> bool:
    """Whether ``head`` begins a tag that programs append to any file (ID3, APE, Lyrics3)."""
    return head.startswith((b"ID3", b"TAG", b"APETAGEX", b"LYRICSBEGIN"))
