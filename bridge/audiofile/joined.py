"""Joined sounds: several files in one, read one behind the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bridge.audiofile.layout import Layout
from bridge.audiofile.remarks import Remarks
from bridge.audiofile.sound import Piece, Sound


@dataclass(slots=True)
class JoinedSound:
    """``sounds`` in their order; rate and channels are the first one's."""

    sounds: Sequence[Sound]
    rate: int = field(init=False)
    channels: int = field(init=False)
    layout: Layout = field(init=False)
    frames: int = field(init=False)

    def __post_init__(self) -> None:
        first = self.sounds[0]
        self.rate, self.channels, self.layout = first.rate, first.channels, first.layout
        self.frames = sum(sound.frames for sound in self.sounds)

    def pieces(self, remarks: Remarks) -> Iterator[Piece]:
        """All of them. Raises: ValueError, OSError."""
        for sound in self.sounds:
            yield from sound.pieces(remarks)
