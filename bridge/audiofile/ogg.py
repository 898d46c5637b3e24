"""Ogg page parser (RFC 3533): finds pages, checks their CRC, and joins segments into packets."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from bridge.audiofile.window import Window

CONTINUED, FIRST, LAST = 1, 2, 4
"""A page's flags."""
NO_GRANULE = (1 << 64) - 1
MOST_PACKET_BYTES = 1 << 24
"""Longer packets are cut: only cover pictures are so long."""
_HEAD = 27
_MARK = b"OggS"
_BLOCK_BYTES = 1 << 17
_MOST_PAGE_BYTES = _HEAD + 255 + 255 * 255
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_ONES = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Page:
    """``laces``: segment table. ``junk``: bytes before the page that are no page, or a broken one."""

    flags: int
    granule: int
    serial: int
    number: int
    laces: bytes
    body: bytes
    junk: int = 0

    @property
    def packets(self) -> list[tuple[bytes, bool]]:
        """Packet data on this page, and whether each packet ends here."""
        parts: list[tuple[bytes, bool]] = []
        begin = at = 0
        for lace in self.laces:
            at += lace
            if lace < 255:
                parts.append((self.body[begin:at], True))
                begin = at
        if self.laces and self.laces[-1] == 255:
            parts.append((self.body[begin:at], False))
        return parts


def read_pages(window: Window) -> Iterator[Page]:
    """Yield every whole page with a correct CRC. Raises: OSError."""
    at, first, buffer, junk = 0, 0, b"", 0
    while True:
        if at - first + _MOST_PAGE_BYTES > len(buffer) and first + len(buffer) < window.size:
            buffer, first = window.read_at(at, _BLOCK_BYTES), at
        place = buffer.find(_MARK, at - first)
        if place < 0:
            skipped = max(len(buffer) - (at - first) - len(_MARK) + 1, 0)
            if first + len(buffer) >= window.size:
                return
            at, junk = at + skipped, junk + skipped
            continue
        if place != at - first:
            junk += place - (at - first)
            at = first + place
            continue
        page = _parse_page(buffer[place : place + _MOST_PAGE_BYTES], junk)
        if page is None:
            at, junk = at + 1, junk + 1
            continue
        yield page
        at += _HEAD + len(page.laces) + len(page.body)
        junk = 0


def _parse_page(data: bytes, junk: int) -> Page | None:
    if len(data) < _HEAD or data[4]:
        return None
    count = data[26]
    laces = data[_HEAD : _HEAD + count]
    size = _HEAD + count + sum(laces)
    if len(data) < size:
        return None
    if compute_crc(data[:22] + b"\0\0\0\0" + data[26:size]) != int.from_bytes(data[22:26], "little"):
        return None
    numbers = [int.from_bytes(data[a:b], "little") for a, b in ((6, 14), (14, 18), (18, 22))]
    return Page(data[5], numbers[0], numbers[1], numbers[2], laces, data[_HEAD + count : size], junk)


def compute_crc(data: bytes) -> int:
    """Ogg's CRC-32: zlib's polynomial with reversed bit order, initial value 0, not inverted."""
    crc = zlib.crc32(data.translate(_REVERSED), _ONES) ^ _ONES
    return int.from_bytes(crc.to_bytes(4, "little").translate(_REVERSED), "big")


class Packets:
    """Packet assembler of one stream."""

    def __init__(self) -> None:
        self._part = bytearray()
        self._open = False
        self._next: int | None = None

    def push(self, page: Page) -> tuple[list[bytes], bool]:
        """Push a page; returns the packets that end on it, and whether pages before it are missing."""
        hole = self._next is not None and page.number != self._next
        self._next = (page.number + 1) & _ONES
        whole: list[bytes] = []
        goes_on = bool(page.flags & CONTINUED)
        if hole or not goes_on:
            self._part.clear()
        lost = goes_on and (hole or not self._open)
        for data, ends in page.packets:
            if lost:
                lost = False
            else:
                self._part += data[: MOST_PACKET_BYTES - len(self._part)]
                if ends:
                    whole.append(bytes(self._part))
            if ends:
                self._part.clear()
        self._open = bool(page.laces) and page.laces[-1] == 255
        return whole, hole
