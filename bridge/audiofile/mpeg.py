"""MPEG audio frame parser (MP3, MP2, MP1): finds every frame in a file, skipping tags and junk.

Frames: ISO/IEC 11172-3 and 13818-3, 2.4. The first frame of a file may hold a VBR table instead of audio (Xing, Info
or VBRI header), in which LAME declares its encoder delay and padding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bridge.audiofile.extent import is_tag
from bridge.audiofile.kinds import parse_id3_size
from bridge.audiofile.window import Window

_BLOCK_BYTES = 1 << 17
_HEAD_BYTES = 32
_STEP_BYTES = 512
_MOST_LEAD_BYTES = 1 << 24
"""How far the first frame is searched for, so that a file without any is not read to its end."""
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
"""Consecutive frames needed before a header is accepted."""


@dataclass(frozen=True, slots=True)
class FrameHeader:
    """A frame's 4-byte header. ``size``: frame size in bytes, 0 in free format. ``side``: offset of a VBR table."""

    version: int
    layer: int
    rate: int
    channels: int
    size: int
    frames: int
    side: int

    @property
    def kind(self) -> tuple[int, int, int]:
        """Version, layer and rate, which are constant within a stream."""
        return self.version, self.layer, self.rate


@dataclass(frozen=True, slots=True)
class Frame:
    """An audio frame, or one that holds a VBR ``table``. ``junk``: bytes before it that are neither frame nor tag.

    ``at``: its first byte in the file.
    """

    at: int
    header: FrameHeader
    data: bytes
    junk: int = 0
    table: VbrTable | None = None

    @property
    def reach(self) -> int:
        """``main_data_begin`` of layer 3: how many bytes of preceding frames this frame needs (bit reservoir)."""
        at = 4 if self.data[1] & 1 else 6
        both = int.from_bytes(self.data[at : at + 2], "big")
        return both >> 7 if self.header.version == 1 else both >> 8


@dataclass(frozen=True, slots=True)
class VbrTable:
    """VBR table of a Xing, Info or VBRI header. ``count``: frames that follow, 0 if unknown.

    ``delay``, ``padding``: encoder delay and end padding in samples; ``gapless``: whether they are given.
    """

    count: int
    gapless: bool = False
    delay: int = 0
    padding: int = 0


def read_header(head: bytes) -> FrameHeader | None:
    """Parse a frame header; None where the bytes are none."""
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
    return FrameHeader(1 if old else 2, layer, rate, 1 if mono else 2, size, frames, side)


def is_free_format(window: Window, at: int) -> bool:
    """Whether the frame at ``at`` is in free format (no bit rate), and others like it follow at a constant distance."""
    head = window.read_at(at, _MOST_FRAME_BYTES)
    first = read_header(head)
    if first is None or first.size:
        return False
    like = [i for i in range(4, len(head) - 3) if head[i : i + 2] == head[:2] and (head[i + 2] ^ head[2]) & 0xFC == 0]
    return any(abs(b - 2 * a) <= 2 for a in like for b in like)


def read_frames(window: Window, at: int = 0) -> Iterator[Frame]:
    """Yield every frame from byte ``at`` on. Raises: OSError."""
    reader = _LookaheadReader(window, at)
    before: FrameHeader | None = None
    junk = 0
    while True:
        head = reader.peek(0, _HEAD_BYTES)
        if len(head) < 4:
            return
        header = read_header(head)
        if header is not None and (
            (junk == 0 and before is not None and header.kind == before.kind and header.size)
            or _is_confirmed(reader, header)
        ):
            data = reader.peek(0, header.size)
            if len(data) < header.size:  # the last frame is cut off
                return
            yield Frame(reader.at, header, data, junk if before else 0, read_table(data, header))
            reader.at += header.size
            before, junk = header, 0
        elif skipped := _measure_tag(reader):
            reader.at += skipped
        elif before is None and junk > _MOST_LEAD_BYTES:
            return
        else:
            junk += reader.skip_to_sync()


def _is_confirmed(reader: _LookaheadReader, header: FrameHeader) -> bool:
    """Whether frames of the same stream follow from here, or up to the end or a tag."""
    at, last = 0, header
    for found in range(_CONFIRMED):
        if not last.size:
            return False
        at += last.size
        head = reader.peek(at, 10)
        if len(head) < 4:
            return reader.at + at >= reader.end
        following = read_header(head)
        if following is None or following.kind != header.kind:
            return found > 0 and is_tag(head)
        last = following
    return True


def _measure_tag(reader: _LookaheadReader) -> int:
    """Size in bytes of the tag that begins here; 0 where there is none, or no frame or tag follows it."""
    head = reader.peek(0, _HEAD_BYTES)
    if head[:8] == b"APETAGEX" and len(head) == _HEAD_BYTES:
        has_items = head[23] & 0x20  # else it is a footer, and the items came before it
        size = _HEAD_BYTES + (int.from_bytes(head[12:16], "little") if has_items else 0)
    else:
        size = 128 if head[:3] == b"TAG" else parse_id3_size(head[:10])
    if reader.at + size >= reader.end:
        return size if reader.at + size == reader.end else 0
    behind = reader.peek(size, 10) if size else b""
    return size if is_tag(behind) or read_header(behind) is not None else 0


def read_table(data: bytes, header: FrameHeader) -> VbrTable | None:
    """Parse the VBR table in the frame ``data``; None where it is audio."""
    if data[36:40] == b"VBRI" and len(data) >= 54:
        return VbrTable(int.from_bytes(data[50:54], "big"))
    places = (header.side, header.side - 2, header.side + 2)  # some encoders count the checksum wrongly
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
        return VbrTable(count)
    return VbrTable(count, True, numbers[0] << 4 | numbers[1] >> 4, (numbers[1] & 15) << 8 | numbers[2])


class _LookaheadReader:
    """Buffered reader with lookahead. ``at``: position of the next byte."""

    def __init__(self, window: Window, at: int) -> None:
        self._window, self.at, self.end = window, at, window.size
        self._buffer, self._first = b"", at

    def peek(self, ahead: int, size: int) -> bytes:
        """Up to ``size`` bytes from ``ahead`` bytes after the next one."""
        start = self.at + ahead
        if start < self._first or start + size > self._first + len(self._buffer):
            self._first = start if ahead > _BLOCK_BYTES // 2 else self.at
            self._buffer = self._window.read_at(self._first, _BLOCK_BYTES)
        return self._buffer[start - self._first : start - self._first + size]

    def skip_to_sync(self) -> int:
        """Advance to the next byte that may begin a frame or a tag; returns the distance."""
        data = self.peek(1, _STEP_BYTES)
        places = [place for mark in (b"\xff", b"ID3", b"TAG", b"APETAGEX") if (place := data.find(mark)) >= 0]
        step = 1 + min(places, default=max(len(data) - 8, 0))
        self.at += step
        return step
