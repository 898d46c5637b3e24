"""MPEG audio frames (MP3, MP2, MP1): found one by one in a file, past tags and past what is none.

Frames: ISO/IEC 11172-3 and 13818-3, 2.4; the first of a file may hold a table instead of sound (Xing, Info, VBRI), in
which LAME says how much silence its encoder put in front of and behind the music.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bridge.audiofile.extent import is_tag
from bridge.audiofile.kinds import id3_bytes
from bridge.audiofile.window import Window

_BLOCK_BYTES = 1 << 17
_HEAD_BYTES = 32
_STEP_BYTES = 512
_MOST_LEAD_BYTES = 1 << 24
"""What may lie in front of the first frame; a file without any is not searched to its end."""
_MOST_FRAME_BYTES = 1 << 13  # of three in free format
_RATES_HZ = ((11025, 12000, 8000), (), (22050, 24000, 16000), (44100, 48000, 32000))
_KBPS = {
    (1, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""By version (1, or 2 for 2 and 2.5) and layer; layer 3 of version 2 is as its layer 2."""
_CONFIRMED = 3
"""Frames that must follow one another before what looks like one is believed."""


@dataclass(frozen=True, slots=True)
class Header:
    """What the four bytes say. ``size``: bytes of the frame, 0 in free format. ``side``: bytes up to its table."""

    version: int
    layer: int
    rate: int
    channels: int
    size: int
    frames: int
    side: int

    @property
    def kind(self) -> tuple[int, int, int]:
        """What does not change within a stream."""
        return self.version, self.layer, self.rate


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame of sound, or one that holds a ``table``. ``junk``: bytes before it that are neither frame nor tag.

    ``at``: the byte that it begins with.
    """

    at: int
    header: Header
    data: bytes
    junk: int = 0
    table: Table | None = None

    @property
    def reach(self) -> int:
        """How many bytes of the frames in front of it a frame of layer 3 begins with."""
        at = 4 if self.data[1] & 1 else 6
        both = int.from_bytes(self.data[at : at + 2], "big")
        return both >> 7 if self.header.version == 1 else both >> 8


@dataclass(frozen=True, slots=True)
class Table:
    """``count``: frames that follow, 0 where it does not say. ``delay``, ``padding``: samples of LAME's encoder.

    ``gapless``: whether it says the latter two.
    """

    count: int
    gapless: bool = False
    delay: int = 0
    padding: int = 0


def read_header(head: bytes) -> Header | None:
    """What a frame's first four bytes say; None where they are no frame's."""
    if len(head) < 4 or head[0] != 0xFF or head[1] < 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    bits, rates = head[2] >> 4, _RATES_HZ[version]
    place = head[2] >> 2 & 3
    if not rates or layer == 4 or bits == 15 or place == 3 or head[3] & 3 == 2:
        return None
    rate, old = rates[place], version == 3
    kbps = _KBPS[1 if old else 2, layer if old else min(layer, 2)][bits]
    padding = head[2] >> 1 & 1
    frames = 384 if layer == 1 else 1152 if layer == 2 or old else 576
    slot = 4 if layer == 1 else 1
    size = (kbps * 1000 * frames // 8 // slot // rate + padding) * slot if kbps else 0
    mono = head[3] >> 6 == 3
    side = 4 + (0 if head[1] & 1 else 2) + ((17 if mono else 32) if old else (9 if mono else 17))
    return Header(1 if old else 2, layer, rate, 1 if mono else 2, size, frames, side)


def is_free_format(window: Window, at: int) -> bool:
    """Whether the first frame from ``at`` on says no bit rate, and others like it follow at one distance."""
    head = window.read_at(at, _MOST_FRAME_BYTES)
    first = read_header(head)
    if first is None or first.size:
        return False
    like = [i for i in range(4, len(head) - 3) if head[i : i + 2] == head[:2] and (head[i + 2] ^ head[2]) & 0xFC == 0]
    return any(abs(b - 2 * a) <= 2 for a in like for b in like)


def frames(window: Window, at: int = 0) -> Iterator[Frame]:
    """Every frame from byte ``at`` on. Raises: OSError."""
    reader = _Reader(window, at)
    before: Header | None = None
    junk = 0
    while True:
        head = reader.look(0, _HEAD_BYTES)
        if len(head) < 4:
            return
        header = read_header(head)
        if header is not None and (
            (junk == 0 and before is not None and header.kind == before.kind and header.size)
            or _confirmed(reader, header)
        ):
            data = reader.look(0, header.size)
            if len(data) < header.size:  # the last is not whole
                return
            yield Frame(reader.at, header, data, junk if before else 0, read_table(data, header))
            reader.at += header.size
            before, junk = header, 0
        elif skipped := _tag_bytes(reader):
            reader.at += skipped
        elif before is None and junk > _MOST_LEAD_BYTES:
            return
        else:
            junk += reader.skip_to_sync()


def _confirmed(reader: _Reader, header: Header) -> bool:
    """Whether frames of one kind follow one another from here, or up to the end or a tag."""
    at, last = 0, header
    for found in range(_CONFIRMED):
        if not last.size:
            return False
        at += last.size
        head = reader.look(at, 10)
        if len(head) < 4:
            return reader.at + at >= reader.end
        following = read_header(head)
        if following is None or following.kind != header.kind:
            return found > 0 and is_tag(head)
        last = following
    return True


def _tag_bytes(reader: _Reader) -> int:
    """How long the tag is that begins here; 0 where none does, or where its size leads nowhere."""
    head = reader.look(0, _HEAD_BYTES)
    if head[:8] == b"APETAGEX" and len(head) == _HEAD_BYTES:
        has_items = head[23] & 0x20  # else it is a footer, and they lay in front of it
        size = _HEAD_BYTES + (int.from_bytes(head[12:16], "little") if has_items else 0)
    else:
        size = 128 if head[:3] == b"TAG" else id3_bytes(head[:10])
    if reader.at + size >= reader.end:
        return size if reader.at + size == reader.end else 0
    behind = reader.look(size, 10) if size else b""
    return size if is_tag(behind) or read_header(behind) is not None else 0


def read_table(data: bytes, header: Header) -> Table | None:
    """The table in the frame ``data``; None where it is sound."""
    if data[36:40] == b"VBRI" and len(data) >= 54:
        return Table(int.from_bytes(data[50:54], "big"))
    places = (header.side, header.side - 2, header.side + 2)  # some count the checksum wrongly
    at = next((place for place in places if data[place : place + 4] in (b"Xing", b"Info")), 0)
    if header.layer != 3 or not at or len(data) < at + 8:
        return None
    flags = int.from_bytes(data[at + 4 : at + 8], "big")
    place = at + 8
    count = int.from_bytes(data[place : place + 4], "big") if flags & 1 else 0
    place += 4 * (flags & 1) + 4 * (flags >> 1 & 1) + 100 * (flags >> 2 & 1) + 4 * (flags >> 3 & 1)
    numbers = data[place + 21 : place + 24]
    encoder = data[place : place + 4]
    if len(numbers) < 3 or encoder not in (b"LAME", b"Lavf", b"Lavc", b"L3.9", b"GOGO"):
        return Table(count)
    return Table(count, True, numbers[0] << 4 | numbers[1] >> 4, (numbers[1] & 15) << 8 | numbers[2])


class _Reader:
    """Bytes of a window, some at a time. ``at``: where the next one lies."""

    def __init__(self, window: Window, at: int) -> None:
        self._window, self.at, self.end = window, at, window.size
        self._buffer, self._first = b"", at

    def look(self, ahead: int, size: int) -> bytes:
        """Up to ``size`` bytes from ``ahead`` of the next one on."""
        start = self.at + ahead
        if start < self._first or start + size > self._first + len(self._buffer):
            self._first = start if ahead > _BLOCK_BYTES // 2 else self.at
            self._buffer = self._window.read_at(self._first, _BLOCK_BYTES)
        return self._buffer[start - self._first : start - self._first + size]

    def skip_to_sync(self) -> int:
        """On to the next byte that may begin a frame or a tag; how far that was."""
        data = self.look(1, _STEP_BYTES)
        places = [place for mark in (b"\xff", b"ID3", b"TAG", b"APETAGEX") if (place := data.find(mark)) >= 0]
        step = 1 + min(places, default=max(len(data) - 8, 0))
        self.at += step
        return step
