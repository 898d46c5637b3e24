"""libsndfile reader: file types and sample formats that have no parser of our own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import soundfile

from bridge.audiofile.layout import Layout
from bridge.audiofile.remarks import Remarks
from bridge.audiofile.sound import DECODED_FRAMES, MOST_CHANNELS, DecodedBlock
from bridge.audiofile.window import Window

_SANE = 1 << 14  # frames per byte: more than any codec reaches for silence, so a header beyond it is wrong


class OneWay(soundfile.SoundFile):  # type: ignore[misc]  # soundfile has no types
    """A sound file that is read from start to end, without seeking.

    `soundfile` asks before each read whether it can seek. If so, it reads no more frames than the header says and then
    seeks to the current position, which makes an MP3 decoder lose the state that the next frame needs.
    """

    def seekable(self) -> bool:
        return False


class LibrarySound:
    """``file``, opened by libsndfile on ``window``. ``notes``: remarks to add."""

    def __init__(self, file: Any, window: Window, layout: Layout = (), notes: tuple[str, ...] = ()) -> None:
        self._file, self._window, self._notes = file, window, notes
        self.rate, self.channels = int(file.samplerate), int(file.channels)
        self.layout = layout
        frames = int(file.frames)
        self.frames = frames if 0 < frames <= window.size * _SANE else 0

    def decode_blocks(self, remarks: Remarks) -> Iterator[DecodedBlock]:
        """Decode the file. Raises: ValueError, OSError."""
        for note in self._notes:
            remarks.add(note)
        frame = 0
        most = max(min(DECODED_FRAMES, (DECODED_FRAMES * 64) // self.channels), 1)
        while True:
            try:
                samples = self._file.read(most, dtype="float32", always_2d=True)
            except soundfile.SoundFileError as error:
                raise ValueError(describe_error(error)) from error
            if self._window.error:
                raise self._window.error
            if not len(samples):
                break
            frame += len(samples)
            yield DecodedBlock(np.asarray(samples, np.float32), self.rate, self.layout)
        if frame < self.frames:
            remarks.add(f"breaks off after {frame / self.rate:.1f} of {self.frames / self.rate:.1f} s")


def describe_error(error: Exception) -> str:
    """libsndfile's message, without its prefix."""
    return str(getattr(error, "error_string", error)).strip().removeprefix("Error : ").rstrip(".")


def open_library(window: Window, notes: tuple[str, ...] = ()) -> LibrarySound:
    """Open a file of any type that libsndfile knows. Raises: ValueError."""
    window.seek(0)
    try:
        file = OneWay(window)
    except (soundfile.SoundFileError, TypeError) as error:
        raise ValueError(describe_error(error)) from error
    if not 1 <= file.channels <= MOST_CHANNELS:
        raise ValueError(f"its header says {file.channels:,} channels")
    return LibrarySound(file, window, (), notes)
