"""Plain samples: linear, float, A-law and mu-law, from any box that says where they lie. libsndfile converts them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from bridge.audiofile.layout import Layout
from bridge.audiofile.library import LibrarySound, OneWay
from bridge.audiofile.remarks import Remarks
from bridge.audiofile.sound import MOST_CHANNELS, Piece
from bridge.audiofile.window import Window

SAMPLE_BYTES = {
    "PCM_S8": 1, "PCM_U8": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8, "ULAW": 1, "ALAW": 1,
}  # fmt: skip
"""libsndfile's names, and what a sample of one channel takes."""


@dataclass(frozen=True, slots=True)
class Box:
    """Where the samples lie: bytes ``start`` to ``end``, and what they are.

    ``subtype``: one of SAMPLE_BYTES, or empty for what is not plain. ``missing``: bytes that the header says follow.
    ``note``: on what was repaired.
    """

    start: int
    end: int
    channels: int
    rate: int
    subtype: str
    big_endian: bool = False
    layout: Layout = ()
    missing: int = 0
    note: str = ""


@dataclass(slots=True)
class PlainSound:
    """The samples of a box, from frame ``start`` on."""

    window: Window
    box: Box
    start: int = 0
    rate: int = field(init=False)
    channels: int = field(init=False)
    layout: Layout = field(init=False)
    frames: int = field(init=False)

    def __post_init__(self) -> None:
        box = self.box
        self.rate, self.channels, self.layout = box.rate, box.channels, box.layout
        self.frames = (box.end - box.start) // self._frame_bytes

    @property
    def _frame_bytes(self) -> int:
        return SAMPLE_BYTES[self.box.subtype] * self.box.channels

    def pieces(self, remarks: Remarks) -> Iterator[Piece]:
        """Raises: ValueError, OSError."""
        box, start = self.box, self.start
        if box.note:
            remarks.add(box.note)
        if box.missing >= self._frame_bytes:
            whole = self.frames + box.missing // self._frame_bytes
            remarks.add(
                f"was cut short: {box.missing:,} bytes of what its header announces are missing, "
                f"so it ends after {self.frames / self.rate:.1f} of {whole / self.rate:.1f} s"
            )
        if start >= self.frames:
            return
        at = box.start + start * self._frame_bytes
        part = self.window.part(at, box.start + self.frames * self._frame_bytes)
        endian = "BIG" if box.big_endian else "LITTLE"
        with OneWay(part, "r", box.rate, box.channels, box.subtype, endian, "RAW") as file:
            yield from LibrarySound(file, part, box.layout).pieces(remarks)


def checked(box: Box) -> Box:
    """``box``, unless its numbers cannot be any music's. Raises: ValueError."""
    if not 1 <= box.channels <= MOST_CHANNELS:
        raise ValueError(f"its header says {box.channels:,} channels")
    return box
