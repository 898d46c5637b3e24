"""libsndfile's own reading: kinds of file and of samples that nothing here takes apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import soundfile

from bridge.audiofile.layout import Layout
from bridge.audiofile.remarks import Remarks
from bridge.audiofile.sound import MOST_CHANNELS, PIECE_FRAMES, Piece
from bridge.audiofile.window import Window

_SANE = 1 << 14  # frames a byte: more than any codec makes of silence, so a header that says more is wrong


class OneWay(soundfile.SoundFile):  # type: ignore[misc]  # soundfile has no types
    """A sound file that is read from its beginning to its end.

    `soundfile` asks before each read whether it can seek. If so, it takes no more frames than the header says and seeks
    to where it is afterwards, which an MP3's decoder answers by forgetting what the next frame is made of.
    """

    def seekable(self) -> bool:
        return False


class LibrarySound:
    """What libsndfile makes of ``file``, which reads ``window``. ``notes``: to be remarked."""

    def __init__(self, file: Any, window: Window, layout: Layout = (), notes: tuple[str, ...] = ()) -> None:
        self._file, self._window, self._notes = file, window, notes
        self.rate, self.channels = int(file.samplerate), int(file.channels)
        self.layout = layout
        frames = int(file.frames)
        self.frames = frames if 0 < frames <= window.size * _SANE else 0

    def pieces(self, remarks: Remarks) -> Iterator[Piece]:
        """All of it. Raises: ValueError, OSError."""
        for note in self._notes:
            remarks.add(note)
        frame = 0
        most = max(min(PIECE_FRAMES, (PIECE_FRAMES * 64) // self.channels), 1)
        while True:
            try:
                samples = self._file.read(most, dtype="float32", always_2d=True)
            except soundfile.SoundFileError as error:
                raise ValueError(reason(error)) from error
            if self._window.error:
                raise self._window.error
            if not len(samples):
                break
            frame += len(samples)
            yield Piece(np.asarray(samples, np.float32), self.rate, self.layout)
        if frame < self.frames:
            remarks.add(f"breaks off after {frame / self.rate:.1f} of {self.frames / self.rate:.1f} s")


def reason(error: Exception) -> str:
    """What libsndfile has against a file."""
    return str(getattr(error, "error_string", error)).strip().removeprefix("Error : ").rstrip(".")


def open_library(window: Window, notes: tuple[str, ...] = ()) -> LibrarySound:
    """A file of any kind that libsndfile knows. Raises: ValueError."""
    window.seek(0)
    try:
        file = OneWay(window)
    except (soundfile.SoundFileError, TypeError) as error:
        raise ValueError(reason(error)) from error
    if not 1 <= file.channels <= MOST_CHANNELS:
        raise ValueError(f"its header says {file.channels:,} channels")
    return LibrarySound(file, window, (), notes)
