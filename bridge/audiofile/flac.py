"""FLAC sound: every frame that is whole, each at the place that it says it has.

Format: RFC 9639. How many samples follow is not trusted: recorders that write into a pipe leave it open.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bridge.audiofile.codec import Codec, PacketError
from bridge.audiofile.layout import FLAC, Layout, from_mask
from bridge.audiofile.remarks import Remarks
from bridge.audiofile.sound import MOST_SILENCE_S, Piece, silence
from bridge.audiofile.window import Window

MARK = b"fLaC\0\0\0\x22"
_INFO_BYTES = 34
_BLOCK_BYTES = 1 << 16
_COMMENT = 4
_MASK = b"WAVEFORMATEXTENSIBLE_CHANNEL_MASK="
_MOST_BLOCKS = 1000
_COMMENT_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class _Part:
    """A FLAC file, or one of those that were joined. ``sound``: the byte that its frames begin with."""

    info: bytes
    sound: int
    layout: Layout

    @property
    def rate(self) -> int:
        return int.from_bytes(self.info[10:13], "big") >> 4

    @property
    def channels(self) -> int:
        return (self.info[12] >> 1 & 7) + 1

    @property
    def total(self) -> int:
        """Samples that it says it has; 0 where it does not say."""
        return int.from_bytes(self.info[13:18], "big") & ((1 << 36) - 1)

    @property
    def block(self) -> int:
        """Samples a frame, where all have the same."""
        return int.from_bytes(self.info[2:4], "big")


class FlacSound:
    """The frames in ``window``. Raises: ValueError where there is no stream's beginning."""

    def __init__(self, window: Window) -> None:
        self._window = window
        first = _read_part(window, 0)
        if first is None:
            raise ValueError("its STREAMINFO is not whole")
        self._first = first
        self.rate, self.channels, self.layout = first.rate, first.channels, first.layout
        self.frames = first.total if first.total <= window.size << 14 else 0

    def pieces(self, remarks: Remarks) -> Iterator[Piece]:
        """All of it. Raises: OSError."""
        part: _Part | None = self._first
        begin_s = 0.0
        while part is not None and part.rate:
            end = _next_part(self._window, part.sound)
            frames = _Frames(part, begin_s, remarks)
            yield from frames.read(self._window.part(part.sound, end), last=end is None)
            begin_s += frames.done / part.rate
            part = None if end is None else _read_part(self._window, end)


class _Frames:
    """The frames of one part. ``done``: samples that were given."""

    def __init__(self, part: _Part, begin_s: float, remarks: Remarks) -> None:
        self._part, self._begin_s, self._remarks = part, begin_s, remarks
        self._codec = Codec("flac", part.info, {"err_detect": "crccheck+explode"})
        self.done = 0

    def read(self, window: Window, last: bool) -> Iterator[Piece]:
        part = self._part
        for packet in self._packets(window):
            try:
                pieces = self._codec.decode(packet)
            except PacketError:
                continue  # what is missing shows in the next one's number
            begin = frame_begin(packet, part.block)
            if begin is not None and begin > self.done:
                yield from self._gap(begin - self.done)
            for piece in pieces:
                self.done += len(piece.samples)
                yield Piece(piece.samples, part.rate, part.layout if part.channels == piece.samples.shape[1] else ())
        if self.done < part.total:
            at, whole = (self._begin_s + frames / part.rate for frames in (self.done, part.total))
            if last:
                self._remarks.add(f"breaks off after {at:.1f} of {whole:.1f} s")
            else:
                self._remarks.add_at(at, f"{whole - at:.1f} s are missing")

    def _packets(self, window: Window) -> Iterator[bytes]:
        window.seek(0)
        while data := window.read(_BLOCK_BYTES):
            yield from self._codec.split(data)
        yield from self._codec.split(b"")

    def _gap(self, missing: int) -> Iterator[Piece]:
        part = self._part
        fits = missing <= MOST_SILENCE_S * part.rate and (not part.total or self.done + missing <= part.total)
        at = self._begin_s + self.done / part.rate
        self._remarks.add_at(at, f"{missing / part.rate:.2f} s are damaged" + ("; they are silent" if fits else ""))
        if fits:
            self.done += missing
            for zeros in silence(missing, part.channels):
                yield Piece(zeros, part.rate, part.layout)


def frame_begin(packet: bytes, block: int) -> int | None:
    """The first sample of the frame in ``packet``, from the number in its head; None where there is none.

    ``block``: samples a frame, where frames are numbered and not samples.
    """
    if len(packet) < 5:
        return None
    first = packet[4]
    more = next((bits for bits in range(8) if not first & (0x80 >> bits)), 8)
    if more == 1 or more == 8 or len(packet) < 5 + max(more - 1, 0):
        return None
    number = first if more == 0 else first & (0x7F >> more)
    for byte in packet[5 : 5 + max(more - 1, 0)]:
        number = number << 6 | byte & 0x3F
    return number if packet[1] & 1 else number * block


def _read_part(window: Window, at: int) -> _Part | None:
    """The part that begins at byte ``at``; None where its STREAMINFO is not whole."""
    info = window.read_at(at + 8, _INFO_BYTES)
    if len(info) < _INFO_BYTES or window.read_at(at + 4, 1)[0] & 0x7F:
        return None
    layout = FLAC.get((info[12] >> 1 & 7) + 1, ())
    at += 4
    for _ in range(_MOST_BLOCKS):
        head = window.read_at(at, 4)
        if len(head) < 4 or head[:2] in (b"\xff\xf8", b"\xff\xf9"):  # sound, though no block said that it was the last
            break
        size = int.from_bytes(head[1:], "big")
        if head[0] & 0x7F == _COMMENT:
            layout = _layout(window.read_at(at + 4, min(size, _COMMENT_BYTES)), len(layout)) or layout
        at += 4 + size
        if head[0] & 0x80:
            break
    return _Part(info, min(at, window.size), layout)


def _layout(comments: bytes, channels: int) -> Layout:
    """The layout of the channel mask in ``comments``, as FLAC's own encoder writes it for unusual ones."""
    at = comments.upper().find(_MASK)
    if at < 0:
        return ()
    digits = comments[at + len(_MASK) :][:10].split(b"\0")[0]
    try:
        return from_mask(int(bytes(byte for byte in digits if byte in b"0123456789abcdefABCDEFxX"), 0), channels)
    except ValueError:
        return ()


def _next_part(window: Window, at: int) -> int | None:
    """The byte that the next joined file begins with, behind byte ``at``; None where there is none."""
    tail = b""
    window.seek(at)
    while data := window.read(_BLOCK_BYTES):
        place = (tail + data).find(MARK)
        if place >= 0:
            return at - len(tail) + place
        at += len(data)
        tail = (tail + data)[-len(MARK) + 1 :]
    return None
