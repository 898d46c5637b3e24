"""Concatenated sounds: several audio files in one file, read one after another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bridge.audiofile.layout import Layout
from bridge.audiofile.remarks import Remarks
from bridge.audiofile.sound import DecodedBlock, Sound


@dataclass(slots=True)
class JoinedSound:
    """``sounds`` in order; rate and channels are those of the first."""

    sounds: Sequence[Sound]
    rate: int = field(init=False)
    channels: int = field(init=False)
    layout: Layout = field(init=False)
    frames: int = field(init=False)

    def __post_init__(self) -> None:
        first = self.sounds[0]
        self.rate, self.channels, self.layout = first.rate, first.channels, first.layout
        self.frames = sum(sound.frames for sound in self.sounds)

    def decode_blocks(self, remarks: Remarks) -> Iterator[DecodedBlock]:
        """Decode all sounds. Raises: ValueError, OSError."""
        for sound in self.sounds:
            yield from sound.decode_blocks(remarks)
