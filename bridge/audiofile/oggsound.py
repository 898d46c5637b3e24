"""Ogg reader: Vorbis, Opus and FLAC, every link of a chained stream, sample-exact by granule positions."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.audiofile.codec import MOST_CHANNELS, Codec, PacketError
from bridge.audiofile.layout import Layout
from bridge.audiofile.ogg import FIRST, LAST, NO_GRANULE, Packets, Page, read_pages
from bridge.audiofile.oggstream import Stream, name_stream, parse_stream
from bridge.audiofile.remarks import Remarks
from bridge.audiofile.sound import MOST_SILENCE_S, DecodedBlock, make_silence
from bridge.audiofile.window import Window

_TAIL_BYTES = 1 << 17
_HEAD_BYTES = 1 << 20  # of a header packet that is kept


class OggSound:
    """The links in ``window``. Raises: ValueError where none has audio."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self.layout: Layout = ()
        others: list[str] = []
        for page in read_pages(window):
            if page.flags & FIRST:
                if stream := parse_stream(page.body):
                    break
                others.append(name_stream(page.body))
        else:
            raise ValueError(f"Ogg with {others[0]}" if others else "no beginning of an Ogg stream in it")
        self.rate, self.channels = stream.rate, stream.channels
        if not 1 <= self.channels <= MOST_CHANNELS:
            raise ValueError(f"{stream.name} with {self.channels} channels; up to {MOST_CHANNELS} can be read")
        self.frames = self._estimate(page.serial, stream)

    def _estimate(self, serial: int, stream: Stream) -> int:
        """Length of the first link where it is also the last, else 0."""
        tail = self._window.slice(max(self._window.size - _TAIL_BYTES, 0))
        last = None
        for page in read_pages(tail):
            last = page
        if last is None or last.serial != serial or last.granule >= NO_GRANULE >> 1:
            return 0
        return max(last.granule - stream.skip, 0)

    def decode_blocks(self, remarks: Remarks) -> Iterator[DecodedBlock]:
        """Decode all links. Raises: OSError."""
        link: _Link | None = None
        elapsed_s = 0.0
        for page in read_pages(self._window):
            at_s = elapsed_s + (link.seconds if link else 0.0)
            if page.junk:
                remarks.add_at(at_s, f"{page.junk:,} bytes that are no Ogg pages, or broken ones, were skipped")
            if page.flags & FIRST and (link is None or link.began):
                stream = parse_stream(page.body)
                if stream is not None and not (stream.rate and 1 <= stream.channels <= MOST_CHANNELS):
                    remarks.add_at(at_s, f"a link of {stream.channels} channels at {stream.rate} Hz was left out")
                    link, elapsed_s = None, at_s
                elif stream is not None:
                    link, elapsed_s = _Link(page.serial, stream, at_s), at_s
                elif link is not None and page.serial == link.serial:
                    link, elapsed_s = None, at_s
            if link is not None and page.serial == link.serial:
                yield from link.decode_page(page, remarks)
            elif link is not None:
                link.began = link.began or not page.flags & FIRST
            elif not elapsed_s and not page.flags & FIRST:
                remarks.add("begins in the middle of a stream, of which nothing can be decoded")
        if link is not None and not link.ended:
            remarks.add(f"breaks off after {link.begin_s + link.seconds:.1f} s: its last page is missing")


class _Link:
    """One stream of a chain. ``began``: whether pages after the first were read; ``ended``: the last."""

    def __init__(self, serial: int, stream: Stream, begin_s: float) -> None:
        self.serial, self._stream, self.begin_s = serial, stream, begin_s
        self.began = self.ended = False
        self._packets = Packets()
        self._heads: list[bytes] = []
        self._codec: Codec | None = None
        self._skip = stream.skip
        self._layout: Layout = ()
        self._torn = False
        self._done = 0  # samples so far, counted as granule positions count
        self._base: int | None = None  # granule position of the first sample

    @property
    def seconds(self) -> float:
        """Length decoded so far."""
        return max(self._done - self._stream.skip, 0) / self._stream.rate

    def decode_page(self, page: Page, remarks: Remarks) -> Iterator[DecodedBlock]:
        """Decode the packets that end on ``page``."""
        self.began = self.began or not page.flags & FIRST
        self.ended = self.ended or bool(page.flags & LAST)
        packets, hole = self._packets.push(page)
        self._torn = self._torn or hole
        while packets and self._codec is None:
            if self._stream.is_head(packets[0], len(self._heads)):
                self._heads.append(packets.pop(0)[:_HEAD_BYTES])
            if self._heads and not self._stream.is_head(packets[0] if packets else b"", len(self._heads)):
                self._codec = self._stream.codec(self._heads)
        if self._codec is None or not packets:
            return
        if hole:
            self._codec.reset()
        at, blocks = 0, []
        for packet in packets:
            try:
                blocks += self._codec.decode(packet)
            except PacketError:
                self._torn, at = True, len(blocks)
                self._codec.reset()  # the decoder's state after such a packet is undefined
        yield from self._align_to_page(page, blocks, at, remarks)

    def _align_to_page(
        self, page: Page, blocks: list[DecodedBlock], torn_at: int, remarks: Remarks
    ) -> Iterator[DecodedBlock]:
        """``blocks`` up to the granule position of ``page``; silence before number ``torn_at`` for a gap."""
        count = sum(len(block.samples) for block in blocks)
        done = self._done + count
        early = late = gap = 0
        if page.granule < NO_GRANULE >> 1:
            if self._base is None:
                early = done - page.granule if page.granule < done and not page.flags & LAST else 0
                self._base = max(page.granule - done, 0)
                done -= early
            end = page.granule - self._base
            gap = end - done if self._torn and end > done else 0
            late = min(done - end, count) if page.flags & LAST and end < done else 0
        if self._torn:
            remarks.add_at(self.begin_s + self.seconds, self._describe_gap(gap))
            gap = gap if gap <= MOST_SILENCE_S * self._stream.rate else 0
            self._torn = False
        self._done = done + gap - late
        if gap:
            channels, rate = self._stream.channels, self._stream.rate
            layout = blocks[0].layout if blocks else self._layout
            zeros = [DecodedBlock(zeros, rate, layout) for zeros in make_silence(gap, channels)]
            blocks = [*blocks[:torn_at], *zeros, *blocks[torn_at:]]
        if blocks:
            self._layout = blocks[0].layout
        self._skip += early
        yield from self._trim(blocks, late)

    def _describe_gap(self, gap: int) -> str:
        rate = self._stream.rate
        if not gap:
            return "something cannot be decoded"
        return f"{gap / rate:.2f} s are missing" + ("" if gap > MOST_SILENCE_S * rate else "; they are silent")

    def _trim(self, blocks: list[DecodedBlock], late: int) -> Iterator[DecodedBlock]:
        """``blocks`` without the pre-skip, and without the last ``late`` samples."""
        left = sum(len(block.samples) for block in blocks) - late
        for block in blocks:
            samples = block.samples[: max(left, 0)]
            left -= len(block.samples)
            cut = min(self._skip, len(samples))
            self._skip -= cut
            if len(samples) > cut:
                yield DecodedBlock(samples[cut:], block.rate, block.layout)
