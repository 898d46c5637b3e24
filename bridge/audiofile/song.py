"""Song: an audio file of any kind and length, read block by block as stereo at one rate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np
import soxr

from bridge.audiofile.layout import note_on, stereo
from bridge.audiofile.opening import open_sound
from bridge.audiofile.plain import PlainSound
from bridge.audiofile.remarks import Remarks
from bridge.audiofile.sound import Piece, Sound
from bridge.audiofile.window import Window
from bridge.core.audio import CHANNELS, Audio
from bridge.errors import ConfigError

READABLE = "WAV, FLAC, AIFF, OGG, Opus or MP3"
BLOCK_FRAMES = 1 << 16
RATES_HZ = (4000, 768_000)
"""What a header may say and still be music's."""


class Song:
    """An audio file that is open.

    ``rate``, ``channels``: of its beginning. ``frames``: how long it is likely to be, 0 where that is not known: for
    progress, never to rely on. ``notes``: what was odd, whole once all blocks are read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: list[str] = []
        self.rate = self.channels = self.frames = 0

    def __enter__(self) -> Song:
        path = self.path
        if not path.is_file():
            what = "no plain file" if path.exists() else "no such file"
            what = "a folder, with no song in it" if path.is_dir() else what
            raise ConfigError(f"{path}: {what}", f"give a {READABLE} file")
        try:
            self._file: BinaryIO = path.open("rb")
        except OSError as error:
            raise _not_read(path, error) from error
        try:
            self._sound = self._opened()
        except BaseException:
            self._file.close()
            raise
        self._opening = len(self.notes)
        return self

    def _opened(self) -> Sound:
        path, size = self.path, self.path.stat().st_size
        if not size:
            raise ConfigError(f"{path}: is empty", f"give a {READABLE} file with music in it")
        try:
            sound = open_sound(Window(self._file, 0, size))
        except ValueError as error:
            raise _unreadable(path, error) from error
        except OSError as error:
            raise _not_read(path, error) from error
        self.rate, self.channels, self.frames = sound.rate, sound.channels, sound.frames
        if not RATES_HZ[0] <= self.rate <= RATES_HZ[1]:
            message = f"{path}: a sampling rate of {self.rate} Hz"
            raise ConfigError(
                message, f"rates from {RATES_HZ[0]} to {RATES_HZ[1]} Hz can be separated; correct the header"
            )
        return sound

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def blocks(self, start: int = 0) -> Iterator[Audio]:
        """The song from frame ``start`` on as blocks of BLOCK_FRAMES, the last one shorter; shape (2, frames), float32.

        Mono goes to both sides. More than two channels are folded as ITU-R BS.775 says, where the file says what they
        are, or there are six; else the first two are kept. Samples that are no numbers become silence. Parts at other
        rates than the first one's are resampled. A file that breaks off is read as far as it goes, and noted.

        Raises: ConfigError where nothing can be read, with the reason.
        """
        del self.notes[self._opening :]
        remarks = Remarks(self.notes)
        frames = 0
        waiting: list[Audio] = []
        sound, skip = self._sound, start
        if isinstance(sound, PlainSound):  # of all others a jump would change the samples behind it
            sound, skip, frames = replace(sound, start=start), 0, min(start, sound.frames)
        try:
            for audio in self._stereo(sound, remarks):
                frames += audio.shape[1]
                cut = min(skip, audio.shape[1])
                skip -= cut
                waiting.append(audio[:, cut:])
                while sum(part.shape[1] for part in waiting) >= BLOCK_FRAMES:
                    whole = np.concatenate(waiting, axis=1)
                    yield np.ascontiguousarray(whole[:, :BLOCK_FRAMES])
                    waiting = [whole[:, BLOCK_FRAMES:]]
        except ValueError as error:
            if not frames:
                raise _unreadable(self.path, error) from error
            remarks.add(f"cannot be read after {frames / self.rate:.1f} s ({error})")
        except OSError as error:
            raise _not_read(self.path, error) from error
        if not frames:
            raise ConfigError(f"{self.path}: holds no audio", f"give a {READABLE} file with music in it")
        rest = np.concatenate([np.zeros((CHANNELS, 0), np.float32), *waiting], axis=1)
        if rest.shape[1]:
            yield np.ascontiguousarray(rest)

    def _stereo(self, sound: Sound, remarks: Remarks) -> Iterator[Audio]:
        """All pieces as (2, frames) at the song's rate."""
        resampling: soxr.ResampleStream | None = None
        rate = self.rate
        for piece in sound.pieces(remarks):
            self._note_on(piece, remarks)
            if piece.rate != rate:
                if resampling:
                    yield _through(resampling, np.zeros((0, CHANNELS), np.float32), last=True)
                rate = piece.rate
                resampling = self._resampling(piece.rate)
            samples = stereo(piece.samples, piece.layout)
            if not np.isfinite(samples).all():
                samples = np.where(np.isfinite(samples), samples, np.float32(0.0))
            yield _through(resampling, samples) if resampling else samples.T
        if resampling:
            yield _through(resampling, np.zeros((0, CHANNELS), np.float32), last=True)

    def _note_on(self, piece: Piece, remarks: Remarks) -> None:
        if note := note_on(piece.layout, piece.samples.shape[1]):
            remarks.add(note)
        if piece.rate != self.rate:
            remarks.add(f"has parts at {piece.rate} Hz, resampled to {self.rate} Hz")

    def _resampling(self, rate: int) -> soxr.ResampleStream | None:
        if rate == self.rate:
            return None
        if not RATES_HZ[0] <= rate <= RATES_HZ[1]:
            raise ValueError(f"a part at {rate} Hz follows")
        return soxr.ResampleStream(rate, self.rate, CHANNELS, dtype="float32", quality="VHQ")


def _through(resampling: soxr.ResampleStream, samples: Audio, last: bool = False) -> Audio:
    return np.asarray(resampling.resample_chunk(np.ascontiguousarray(samples), last=last), np.float32).T


def _unreadable(path: Path, error: ValueError) -> ConfigError:
    reason = str(error)
    if reason.startswith("it is "):
        hint = ", or MIDI to `sideman accompany`" if "MIDI" in reason else ""
        return ConfigError(f"{path}: no recording that can be read: {reason}", f"give a {READABLE} file{hint}")
    return ConfigError(f"{path}: cannot be read as audio ({reason})", f"give a whole {READABLE} file")


def _not_read(path: Path, error: OSError) -> ConfigError:
    return ConfigError(f"{path}: cannot be read ({error.strerror or error})", "check its disk and its permissions")
