"""Extent of the samples in a file: from what a header says and what really lies there, which often differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bridge.audiofile.window import Window

_STREAMED = (range(0x7FFF0000, 0x80000001), range(0xFFFF0000, 1 << 32))
"""What programs write for a size that they cannot go back to fill in; a size only where so much is there."""
UNFINISHED = "was never finished: its header says 0 bytes of sound; read to its end"
_WRAP = 1 << 32
_TAIL_BYTES = 1 << 20
_MOST_PLACES = 64
_SCAN_BYTES = 1 << 16
_LEAST = 8  # bytes of a chunk's head: fewer are padding


@dataclass(frozen=True, slots=True)
class Extent:
    """``end``: where the samples end. ``missing``: bytes that the header says should follow. ``note``: on a repair."""

    end: int
    missing: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Chunks:
    """How chunks are laid out. ``follows(window, at)``: whether whole chunks, or tags, lie from ``at`` to the end.

    ``marks``: names of chunks that may lie behind the samples, to look for where a size is wrong.
    """

    follows: Callable[[Window, int], bool]
    marks: tuple[bytes, ...] = ()
    padded: int = 2


def extent(window: Window, start: int, declared: int | None, chunks: Chunks) -> Extent:
    """The extent of the samples from ``start`` on, where the header says ``declared`` bytes; None: it does not know."""
    room = window.size - start
    if declared is None or (declared > room and any(declared in sizes for sizes in _STREAMED)):
        return Extent(_end_of_samples(window, start, chunks))
    if declared > room:
        return Extent(window.size, declared - room)
    if declared and _ends_there(window, start + declared, chunks):
        return Extent(start + declared)
    if declared == 0:
        if room < _LEAST or chunks.follows(window, start):
            return Extent(start)
        return Extent(_end_of_samples(window, start, chunks), note=UNFINISHED)
    for wraps in range(1, room // _WRAP + 1):  # a size above 4 GiB of which 32 bits are left
        if declared + wraps * _WRAP <= room and _ends_there(window, start + declared + wraps * _WRAP, chunks):
            return Extent(start + declared + wraps * _WRAP, note=_more(declared))
    return Extent(_end_of_samples(window, start, chunks), note=_more(declared))


def _more(declared: int) -> str:
    return f"has more sound than its header says ({declared:,} bytes); read to its end"


def _ends_there(window: Window, end: int, chunks: Chunks) -> bool:
    padded = end + -end % chunks.padded
    return chunks.follows(window, padded) or (padded != end and chunks.follows(window, end))


def _end_of_samples(window: Window, start: int, chunks: Chunks) -> int:
    """The end of the file, or of the samples where known chunks lie behind them."""
    first = max(start, window.size - _TAIL_BYTES)
    tail = window.read_at(first, window.size - first)
    places = sorted(at for mark in chunks.marks for at in _all(tail, mark))
    for at in places[:_MOST_PLACES]:
        if chunks.follows(window, first + at):
            return first + at
    return window.size


def _all(data: bytes, mark: bytes) -> list[int]:
    found: list[int] = []
    at = data.find(mark)
    while at >= 0 and len(found) < 1000:
        found.append(at)
        at = data.find(mark, at + 1)
    return found


def only_zeros(window: Window, at: int) -> bool:
    """Whether there is nothing but zeros from ``at`` on."""
    window.seek(at)
    while data := window.read(_SCAN_BYTES):
        if data.count(0) != len(data):
            return False
    return True


def is_tag(head: bytes) -> bool:
    """Whether a tag begins with ``head`` that programs append to any file."""
    return head.startswith((b"ID3", b"TAG", b"APETAGEX", b"LYRICSBEGIN"))
