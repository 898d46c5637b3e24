"""MP3 reader (also MP2, MP1): continuous decoding, and gapless joins of concatenated files."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from bridge.audiofile.codec import Codec, PacketError
from bridge.audiofile.layout import Layout
from bridge.audiofile.mpeg import Frame, FrameHeader, VbrTable, read_frames
from bridge.audiofile.mpegdamage import Damage
from bridge.audiofile.remarks import Remarks
from bridge.audiofile.sound import DecodedBlock, make_silence
from bridge.audiofile.window import Window

_CODECS = {1: "mp1float", 2: "mp2float", 3: "mp3float"}
_DECODER_FRAMES = 529
"""Decoder delay in samples, which is not stream of the encoder delay that LAME declares."""
_MEASURED = 300
"""Frames from which the length is estimated where no VBR table gives it."""
_SLACK = 2
"""Error of a table's frame count, in frames, that is not remarked."""


class MpegSound:
    """The MPEG audio frames in ``window`` from byte ``at`` on. Raises: ValueError where there are none."""

    def __init__(self, window: Window, at: int = 0) -> None:
        self._window, self._at = window, at
        first = list(islice(read_frames(window, at), _MEASURED))
        if not first:
            raise ValueError("no MPEG audio in it")
        header = first[0].header
        self.rate, self.channels = header.rate, header.channels
        self.layout: Layout = ()
        self.frames = _estimate(first, window.size)

    def decode_blocks(self, remarks: Remarks) -> Iterator[DecodedBlock]:
        """Decode all streams. Raises: OSError."""
        stream: _MpegStream | None = None
        elapsed_s = 0.0
        for frame in read_frames(self._window, self._at):
            at_s = elapsed_s + (stream.seconds if stream else 0.0)
            if frame.junk:
                remarks.add_at(at_s, f"{frame.junk:,} bytes that are no MP3 were skipped")
            if stream is None or frame.table or frame.header.kind != stream.header.kind:
                if stream:
                    yield from stream.finish(elapsed_s, remarks, last=False)
                elapsed_s = at_s
                stream = _MpegStream(frame.header, frame.table, self._window)
            elif frame.junk:
                stream.fill_gap(frame, elapsed_s, remarks)
            if not frame.table:
                yield from stream.decode(frame, elapsed_s, remarks)
        if stream:
            yield from stream.finish(elapsed_s, remarks, last=True)


class _MpegStream:
    """A run of frames of one version, layer and rate, with at most one VBR table."""

    def __init__(self, header: FrameHeader, table: VbrTable | None, window: Window) -> None:
        self.header, self._table = header, table or VbrTable(0)
        self._damage = Damage(window, self._table)
        self._codec = Codec(_CODECS[header.layer])
        gapless = self._table.gapless
        self._skip = self._table.delay + _DECODER_FRAMES if gapless else 0
        self._hold = max(self._table.padding - _DECODER_FRAMES, 0) if gapless else 0
        self._held: list[DecodedBlock] = []
        self._count = 0

    @property
    def seconds(self) -> float:
        """Length decoded so far, without the encoder delay."""
        return max(self._count * self.header.frames - self._skip_all, 0) / self.header.rate

    @property
    def _skip_all(self) -> int:
        return self._table.delay + _DECODER_FRAMES if self._table.gapless else 0

    def fill_gap(self, frame: Frame, elapsed_s: float, remarks: Remarks) -> None:
        """Insert silence for frames lost before ``frame``, so that what follows stays in time."""
        if self._held:
            self._held.append(self._damage.filter_last(self._held.pop()))
        if lost := self._damage.count_lost(frame, self._count):
            seconds = lost * self.header.frames / self.header.rate
            remarks.add_at(elapsed_s + self.seconds, f"{seconds:.2f} s are missing; they are silent")
            for zeros in make_silence(lost * self.header.frames, frame.header.channels):
                self._hold_back(DecodedBlock(zeros, self.header.rate, ()))
            self._count += lost

    def decode(self, frame: Frame, elapsed_s: float, remarks: Remarks) -> Iterator[DecodedBlock]:
        """Decode ``frame`` and yield the blocks that are final."""
        try:
            blocks = self._codec.decode(frame.data)
        except PacketError:
            remarks.add_at(elapsed_s + self.seconds, "a frame cannot be decoded; it is silent")
            blocks = []
        missing = frame.header.frames - sum(len(block.samples) for block in blocks)
        blocks += [DecodedBlock(zeros, frame.header.rate, ()) for zeros in make_silence(missing, frame.header.channels)]
        self._count += 1
        for block in blocks:
            self._hold_back(self._damage.filter_block(frame, block))
        while len(self._held) > 1 and sum(len(block.samples) for block in self._held[1:]) >= self._hold:
            yield self._held.pop(0)

    def _hold_back(self, block: DecodedBlock) -> None:
        """Queue a block until it is known what follows, without the encoder delay at the start."""
        cut = min(self._skip, len(block.samples))
        self._skip -= cut
        if len(block.samples) > cut:
            self._held.append(DecodedBlock(block.samples[cut:], block.rate, block.layout))

    def finish(self, elapsed_s: float, remarks: Remarks, last: bool) -> Iterator[DecodedBlock]:
        """Yield the rest, without the encoder's end padding where the table's frame count is right."""
        table, header = self._table, self.header
        left = self._hold if self._count == table.count else 0
        while left and self._held:
            block = self._held.pop()
            kept = len(block.samples) - left
            left = max(-kept, 0)
            if kept > 0:
                self._held.append(DecodedBlock(block.samples[:kept], block.rate, block.layout))
        yield from self._held
        self._held = []
        if self._count + _SLACK < table.count:
            whole = max(table.count * header.frames - self._skip_all - self._hold, 0) / header.rate
            if last:
                remarks.add(f"breaks off after {elapsed_s + self.seconds:.1f} of {elapsed_s + whole:.1f} s")
            else:
                remarks.add_at(elapsed_s + self.seconds, f"{whole - self.seconds:.1f} s are missing")


def _estimate(first: list[Frame], size: int) -> int:
    """Estimate the length in sample frames."""
    table, header = first[0].table, first[0].header
    if table and table.count:
        return max(table.count * header.frames - (table.delay + table.padding if table.gapless else 0), 0)
    spent = first[-1].at + first[-1].header.size - first[0].at
    return len(first) * header.frames * (size - first[0].at) // max(spent, 1)
