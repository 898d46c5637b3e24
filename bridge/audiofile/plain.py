"""Uncompressed samples: linear, float, A-law and mu-law, from any container; libsndfile converts them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from bridge.audiofile.layout import Layout
from bridge.audiofile.library import LibrarySound, OneWay
from bridge.audiofile.remarks import Remarks
from bridge.audiofile.sound import MOST_CHANNELS, DecodedBlock
from bridge.audiofile.window import Window

SAMPLE_BYTES = {
    "PCM_S8": 1, "PCM_U8": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8, "ULAW": 1, "ALAW": 1,
}  # fmt: skip
"""Bytes of a sample of one channel, by libsndfile's name of the subtype."""

SIGNED_SUBTYPES = {1: "PCM_S8", 2: "PCM_16", 3: "PCM_24", 4: "PCM_32"}
"""Linear samples by their number of bytes, in containers in which samples of one byte are signed, too."""


@dataclass(frozen=True, slots=True)
class ContainerInfo:
    """Container header: the samples are bytes ``start`` to ``end``, in the given format.

    ``subtype``: one of SAMPLE_BYTES, or empty where it is compressed. ``missing``: declared bytes that are not there.
    ``note``: about a repair.
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
    """The samples of a container, from frame ``start`` on."""

    window: Window
    container: ContainerInfo
    start: int = 0
    rate: int = field(init=False)
    channels: int = field(init=False)
    layout: Layout = field(init=False)
    frames: int = field(init=False)

    def __post_init__(self) -> None:
        container = self.container
        self.rate, self.channels, self.layout = container.rate, container.channels, container.layout
        self.frames = (container.end - container.start) // self._frame_bytes

    @property
    def _frame_bytes(self) -> int:
        return SAMPLE_BYTES[self.container.subtype] * self.container.channels

    def decode_blocks(self, remarks: Remarks) -> Iterator[DecodedBlock]:
        """Decode the samples. Raises: ValueError, OSError."""
        container, start = self.container, self.start
        if container.note:
            remarks.add(container.note)
        if container.missing >= self._frame_bytes:
            whole = self.frames + container.missing // self._frame_bytes
            remarks.add(
                f"was cut short: {container.missing:,} bytes of what its header announces are missing, "
                f"so it ends after {self.frames / self.rate:.1f} of {whole / self.rate:.1f} s"
            )
        if start >= self.frames:
            return
        at = container.start + start * self._frame_bytes
        part = self.window.slice(at, container.start + self.frames * self._frame_bytes)
        endian = "BIG" if container.big_endian else "LITTLE"
        with OneWay(part, "r", container.rate, container.channels, container.subtype, endian, "RAW") as file:
            yield from LibrarySound(file, part, container.layout).decode_blocks(remarks)


def check_container(container: ContainerInfo) -> ContainerInfo:
    """Check that the number of channels is plausible, and return ``container``. Raises: ValueError."""
    if not 1 <= container.channels <= MOST_CHANNELS:
        raise ValueError(f"its header says {container.channels:,} channels")
    return container
