"""Song reader: an audio file of any type and length, block by block as stereo at one rate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np
import soxr

from bridge.audiofile.layout import describe_downmix, downmix_to_stereo
from bridge.audiofile.opening import open_sound
from bridge.audiofile.plain import PlainSound
from bridge.audiofile.remarks import Remarks
from bridge.audiofile.sound import DecodedBlock, Sound
from bridge.audiofile.window import Window
from bridge.core.audio import CHANNELS, Audio
from bridge.errors import ConfigError

READABLE = "WAV, FLAC, AIFF, OGG, Opus or MP3"
BLOCK_FRAMES = 1 << 16
"""The largest number of frames per block."""
RATES_HZ = (4000, 768_000)
"""Lowest and highest sampling rate that is accepted."""


class Song:
    """An audio file, open inside the context: ``with Song(path) as song``.

    Entering raises a `ConfigError` where the file cannot be opened.

    Attributes:
        path: The file.
        rate: The sampling rate in Hz at the start of the file.
        channels: The number of channels at the start of the file.
        frames: The estimated length, 0 if unknown; use it for progress only.
        notes: Remarks for the user, complete once all blocks are read.
        not_finite: How many frames with NaN or infinite samples were read since the file was opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: list[str] = []
        self.rate = self.channels = self.frames = self.not_finite = 0

    def __enter__(self) -> Song:
        path = self.path
        if not path.is_file():
            what = "no plain file" if path.exists() else "no such file"
            what = "a folder, with no song in it" if path.is_dir() else what
            raise ConfigError(f"{path}: {what}", f"give a {READABLE} file")
        try:
            self._file: BinaryIO = path.open("rb")
        except OSError as error:
            raise _make_read_error(path, error) from error
        try:
            self._sound = self._open_sound()
        except BaseException:
            self._file.close()
            raise
        self._opening = len(self.notes)
        return self

    def _open_sound(self) -> Sound:
        path, size = self.path, self.path.stat().st_size
        if not size:
            raise ConfigError(f"{path}: is empty", f"give a {READABLE} file with music in it")
        try:
            sound = open_sound(Window(self._file, 0, size))
        except ValueError as error:
            raise _make_format_error(path, error) from error
        except OSError as error:
            raise _make_read_error(path, error) from error
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

    def read_blocks(self, start: int = 0) -> Iterator[Audio]:
        """Yield the song from frame ``start`` on in blocks of BLOCK_FRAMES or less; shape (2, frames), float32.

        Mono goes to both sides. More than two channels are mixed down as in ITU-R BS.775 where the file has a channel
        layout, or where there are six; else the first two are kept. NaN and infinite samples become silence. Streams at
        another rate than the first are resampled. A truncated file is read as far as it goes, with a note.

        Raises:
            ConfigError: Nothing can be read; the message gives the reason.
        """
        del self.notes[self._opening :]
        remarks = Remarks(self.notes)
        frames = 0
        waiting: list[Audio] = []
        sound, skip = self._sound, start
        if isinstance(sound, PlainSound):  # in all other formats a seek would change the samples after it
            sound, skip, frames = replace(sound, start=start), 0, min(start, sound.frames)
        try:
            for audio in self._read_stereo(sound, remarks):
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
                raise _make_format_error(self.path, error) from error
            remarks.add(f"cannot be read after {frames / self.rate:.1f} s ({error})")
        except OSError as error:
            raise _make_read_error(self.path, error) from error
        if not frames:
            raise ConfigError(f"{self.path}: holds no audio", f"give a {READABLE} file with music in it")
        rest = np.concatenate([np.zeros((CHANNELS, 0), np.float32), *waiting], axis=1)
        if rest.shape[1]:
            yield np.ascontiguousarray(rest)

    def _read_stereo(self, sound: Sound, remarks: Remarks) -> Iterator[Audio]:
        """Yield all blocks as (2, frames) at the song's rate."""
        resampler: soxr.ResampleStream | None = None
        rate = self.rate
        for block in sound.decode_blocks(remarks):
            self._remark_on(block, remarks)
            if block.rate != rate:
                if resampler:
                    yield _resample(resampler, np.zeros((0, CHANNELS), np.float32), last=True)
                rate = block.rate
                resampler = self._make_resampler(block.rate)
            samples = downmix_to_stereo(block.samples, block.layout)
            if not np.isfinite(samples).all():
                finite = np.isfinite(samples)
                self.not_finite += int(np.count_nonzero(~finite.all(axis=1)))
                samples = np.where(finite, samples, np.float32(0.0))
            yield _resample(resampler, samples) if resampler else samples.T
        if resampler:
            yield _resample(resampler, np.zeros((0, CHANNELS), np.float32), last=True)

    def _remark_on(self, block: DecodedBlock, remarks: Remarks) -> None:
        if note := describe_downmix(block.layout, block.samples.shape[1]):
            remarks.add(note)
        if block.rate != self.rate:
            remarks.add(f"has parts at {block.rate} Hz, resampled to {self.rate} Hz")

    def _make_resampler(self, rate: int) -> soxr.ResampleStream | None:
        if rate == self.rate:
            return None
        if not RATES_HZ[0] <= rate <= RATES_HZ[1]:
            raise ValueError(f"a part at {rate} Hz follows")
        return soxr.ResampleStream(rate, self.rate, CHANNELS, dtype="float32", quality="VHQ")


def _resample(resampler: soxr.ResampleStream, samples: Audio, last: bool = False) -> Audio:
    return np.asarray(resampler.resample_chunk(np.ascontiguousarray(samples), last=last), np.float32).T


def _make_format_error(path: Path, error: ValueError) -> ConfigError:
    reason = str(error)
    if reason.startswith("it is "):
        hint = ", or MIDI to `sideman accompany`" if "MIDI" in reason else ""
        return ConfigError(f"{path}: no recording that can be read: {reason}", f"give a {READABLE} file{hint}")
    return ConfigError(f"{path}: cannot be read as audio ({reason})", f"give a complete {READABLE} file")


def _make_read_error(path: Path, error: OSError) -> ConfigError:
    return ConfigError(f"{path}: cannot be read ({error.strerror or error})", "check its disk and its permissions")
