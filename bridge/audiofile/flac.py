"""FLAC reader: every whole frame, at the position that its header gives.

Format: RFC 9639. The total number of samples is not trusted: recorders that write into a pipe leave it open.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bridge.audiofile.codec import Codec, PacketError
from bridge.audiofile.layout import FLAC, Layout, from_mask
from bridge.audiofile.remarks import Remarks
from bridge.audiofile.sound import MOST_SILENCE_S, DecodedBlock, make_silence
from bridge.audiofile.window import Window

MARK = b"fLaC\0\0\0\x22"
_INFO_BYTES = 34
_BLOCK_BYTES = 1 << 16
_COMMENT = 4
_MASK = b"WAVEFORMATEXTENSIBLE_CHANNEL_MASK="
_MOST_BLOCKS = 1000
_COMMENT_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class _FlacStream:
    """One FLAC file, alone or concatenated with others. ``info``: its STREAMINFO. ``sound``: its first frame's byte."""

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
        """Declared number of samples; 0 if unknown."""
        return int.from_bytes(self.info[13:18], "big") & ((1 << 36) - 1)

    @property
    def block(self) -> int:
        """Samples per frame, where it is constant."""
        return int.from_bytes(self.info[2:4], "big")


class FlacSound:
    """The FLAC streams in ``window``. Raises: ValueError where the first has no whole STREAMINFO."""

    def __init__(self, window: Window) -> None:
        self._window = window
        first = _read_stream(window, 0)
        if first is None:
            raise ValueError("its STREAMINFO is not whole")
        self._first = first
        self.rate, self.channels, self.layout = first.rate, first.channels, first.layout
        self.frames = first.total if first.total <= window.size << 14 else 0

    def decode_blocks(self, remarks: Remarks) -> Iterator[DecodedBlock]:
        """Decode all streams. Raises: OSError."""
        stream: _FlacStream | None = self._first
        begin_s = 0.0
        while stream is not None and stream.rate:
            end = _find_next_stream(self._window, stream.sound)
            frames = _Frames(stream, begin_s, remarks)
            yield from frames.read(self._window.slice(stream.sound, end), last=end is None)
            begin_s += frames.done / stream.rate
            stream = None if end is None else _read_stream(self._window, end)


class _Frames:
    """The frames of one stream. ``done``: samples decoded so far."""

    def __init__(self, stream: _FlacStream, begin_s: float, remarks: Remarks) -> None:
        self._stream, self._begin_s, self._remarks = stream, begin_s, remarks
        self._codec = Codec("flac", stream.info, {"err_detect": "crccheck+explode"})
        self.done = 0

    def read(self, window: Window, last: bool) -> Iterator[DecodedBlock]:
        stream = self._stream
        for packet in self._read_packets(window):
            try:
                blocks = self._codec.decode(packet)
            except PacketError:
                continue  # the gap shows in the next frame's number
            begin = parse_frame_begin(packet, stream.block)
            if begin is not None and begin > self.done:
                yield from self._fill_gap(begin - self.done)
            for block in blocks:
                self.done += len(block.samples)
                yield DecodedBlock(
                    block.samples, stream.rate, stream.layout if stream.channels == block.samples.shape[1] else ()
                )
        if self.done < stream.total:
            at, whole = (self._begin_s + frames / stream.rate for frames in (self.done, stream.total))
            if last:
                self._remarks.add(f"breaks off after {at:.1f} of {whole:.1f} s")
            else:
                self._remarks.add_at(at, f"{whole - at:.1f} s are missing")

    def _read_packets(self, window: Window) -> Iterator[bytes]:
        window.seek(0)
        while data := window.read(_BLOCK_BYTES):
            yield from self._codec.split(data)
        yield from self._codec.split(b"")

    def _fill_gap(self, missing: int) -> Iterator[DecodedBlock]:
        stream = self._stream
        fits = missing <= MOST_SILENCE_S * stream.rate and (not stream.total or self.done + missing <= stream.total)
        at = self._begin_s + self.done / stream.rate
        self._remarks.add_at(at, f"{missing / stream.rate:.2f} s are damaged" + ("; they are silent" if fits else ""))
        if fits:
            self.done += missing
            for zeros in make_silence(missing, stream.channels):
                yield DecodedBlock(zeros, stream.rate, stream.layout)


def parse_frame_begin(packet: bytes, block: int) -> int | None:
    """Read the position of the frame in ``packet`` from its header, in samples; None where it is invalid.

    ``block``: samples per frame, for streams that number frames and not samples.
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


def _read_stream(window: Window, at: int) -> _FlacStream | None:
    """Read the metadata of the stream at byte ``at``; None where its STREAMINFO is incomplete."""
    info = window.read_at(at + 8, _INFO_BYTES)
    if len(info) < _INFO_BYTES or window.read_at(at + 4, 1)[0] & 0x7F:
        return None
    layout = FLAC.get((info[12] >> 1 & 7) + 1, ())
    at += 4
    for _ in range(_MOST_BLOCKS):
        head = window.read_at(at, 4)
        if len(head) < 4 or head[:2] in (b"\xff\xf8", b"\xff\xf9"):  # audio, though no block was marked as the last
            break
        size = int.from_bytes(head[1:], "big")
        if head[0] & 0x7F == _COMMENT:
            layout = _parse_channel_mask(window.read_at(at + 4, min(size, _COMMENT_BYTES)), len(layout)) or layout
        at += 4 + size
        if head[0] & 0x80:
            break
    return _FlacStream(info, min(at, window.size), layout)


def _parse_channel_mask(comments: bytes, channels: int) -> Layout:
    """Parse the channel mask in ``comments``, which the reference encoder writes for unusual layouts."""
    at = comments.upper().find(_MASK)
    if at < 0:
        return ()
    digits = comments[at + len(_MASK) :][:10].split(b"\0")[0]
    try:
        return from_mask(int(bytes(byte for byte in digits if byte in b"0123456789abcdefABCDEFxX"), 0), channels)
    except ValueError:
        return ()


def _find_next_stream(window: Window, at: int) -> int | None:
    """Find the first byte of the next concatenated file after byte ``at``; None where there is none."""
    tail = b""
    window.seek(at)
    while data := window.read(_BLOCK_BYTES):
        place = (tail + data).find(MARK)
        if place >= 0:
            return at - len(tail) + place
        at += len(data)
        tail = (tail + data)[-len(MARK) + 1 :]
    return None
