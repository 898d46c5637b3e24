"""MP3 (and MP2, MP1) sound: frames decoded in one go, joined parts without the silence their encoders added."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from bridge.audiofile.codec import Codec, PacketError
from bridge.audiofile.layout import Layout
from bridge.audiofile.mpeg import Frame, Header, Table, frames
from bridge.audiofile.mpegdamage import Damage
from bridge.audiofile.remarks import Remarks
from bridge.audiofile.sound import Piece, silence
from bridge.audiofile.window import Window

_CODECS = {1: "mp1float", 2: "mp2float", 3: "mp3float"}
_DECODER_FRAMES = 529
"""The delay of a decoder, which LAME does not count in its own."""
_MEASURED = 300
"""Frames that a length is estimated from where no table says it."""
_SLACK = 2
"""Frames that a table may be wrong by without a remark."""


class MpegSound:
    """The frames in ``window``, which begin at byte ``at``. Raises: ValueError where there are none."""

    def __init__(self, window: Window, at: int = 0) -> None:
        self._window, self._at = window, at
        first = list(islice(frames(window, at), _MEASURED))
        if not first:
            raise ValueError("no MPEG audio in it")
        header = first[0].header
        self.rate, self.channels = header.rate, header.channels
        self.layout: Layout = ()
        self.frames = _estimate(first, window.size)

    def pieces(self, remarks: Remarks) -> Iterator[Piece]:
        """All of it. Raises: OSError."""
        part: _Part | None = None
        elapsed_s = 0.0
        for frame in frames(self._window, self._at):
            at_s = elapsed_s + (part.seconds if part else 0.0)
            if frame.junk:
                remarks.add_at(at_s, f"{frame.junk:,} bytes that are no MP3 were skipped")
            if part is None or frame.table or frame.header.kind != part.header.kind:
                if part:
                    yield from part.finish(elapsed_s, remarks, last=False)
                elapsed_s = at_s
                part = _Part(frame.header, frame.table, self._window)
            elif frame.junk:
                part.bridge(frame, elapsed_s, remarks)
            if not frame.table:
                yield from part.decode(frame, elapsed_s, remarks)
        if part:
            yield from part.finish(elapsed_s, remarks, last=True)


class _Part:
    """Frames of one kind, behind one table."""

    def __init__(self, header: Header, table: Table | None, window: Window) -> None:
        self.header, self._table = header, table or Table(0)
        self._damage = Damage(window, self._table)
        self._codec = Codec(_CODECS[header.layer])
        gapless = self._table.gapless
        self._skip = self._table.delay + _DECODER_FRAMES if gapless else 0
        self._hold = max(self._table.padding - _DECODER_FRAMES, 0) if gapless else 0
        self._held: list[Piece] = []
        self._count = 0

    @property
    def seconds(self) -> float:
        """How long it is so far, in music."""
        return max(self._count * self.header.frames - self._skip_all, 0) / self.header.rate

    @property
    def _skip_all(self) -> int:
        return self._table.delay + _DECODER_FRAMES if self._table.gapless else 0

    def bridge(self, frame: Frame, elapsed_s: float, remarks: Remarks) -> None:
        """Silence for the frames that were lost in front of ``frame``, so that what follows stays in time."""
        if self._held:
            self._held.append(self._damage.last(self._held.pop()))
        if lost := self._damage.lost(frame, self._count):
            seconds = lost * self.header.frames / self.header.rate
            remarks.add_at(elapsed_s + self.seconds, f"{seconds:.2f} s are missing; they are silent")
            for zeros in silence(lost * self.header.frames, frame.header.channels):
                self._hold_back(Piece(zeros, self.header.rate, ()))
            self._count += lost

    def decode(self, frame: Frame, elapsed_s: float, remarks: Remarks) -> Iterator[Piece]:
        """What can be given of the sound so far."""
        try:
            pieces = self._codec.decode(frame.data)
        except PacketError:
            remarks.add_at(elapsed_s + self.seconds, "a frame cannot be decoded; it is silent")
            pieces = []
        missing = frame.header.frames - sum(len(piece.samples) for piece in pieces)
        pieces += [Piece(zeros, frame.header.rate, ()) for zeros in silence(missing, frame.header.channels)]
        self._count += 1
        for piece in pieces:
            self._hold_back(self._damage.take(frame, piece))
        while len(self._held) > 1 and sum(len(piece.samples) for piece in self._held[1:]) >= self._hold:
            yield self._held.pop(0)

    def _hold_back(self, piece: Piece) -> None:
        """Until it is known what comes behind it. Without what the encoder put in front."""
        cut = min(self._skip, len(piece.samples))
        self._skip -= cut
        if len(piece.samples) > cut:
            self._held.append(Piece(piece.samples[cut:], piece.rate, piece.layout))

    def finish(self, elapsed_s: float, remarks: Remarks, last: bool) -> Iterator[Piece]:
        """The rest, without the silence behind the music, where the table is right about where that ends."""
        table, header = self._table, self.header
        left = self._hold if self._count == table.count else 0
        while left and self._held:
            piece = self._held.pop()
            kept = len(piece.samples) - left
            left = max(-kept, 0)
            if kept > 0:
                self._held.append(Piece(piece.samples[:kept], piece.rate, piece.layout))
        yield from self._held
        self._held = []
        if self._count + _SLACK < table.count:
            whole = max(table.count * header.frames - self._skip_all - self._hold, 0) / header.rate
            if last:
                remarks.add(f"breaks off after {elapsed_s + self.seconds:.1f} of {elapsed_s + whole:.1f} s")
            else:
                remarks.add_at(elapsed_s + self.seconds, f"{whole - self.seconds:.1f} s are missing")


def _estimate(first: list[Frame], size: int) -> int:
    """How many frames of sound there may be."""
    table, header = first[0].table, first[0].header
    if table and table.count:
        return max(table.count * header.frames - (table.delay + table.padding if table.gapless else 0), 0)
    spent = first[-1].at + first[-1].header.size - first[0].at
    return len(first) * header.frames * (size - first[0].at) // max(spent, 1)
