"""Audio files of any length: a song read block by block."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import numpy as np
import soundfile

from bridge.core.audio import CHANNELS, Audio
from bridge.errors import ConfigError

READABLE = "WAV, FLAC, AIFF, OGG, Opus or MP3"
SURROUND = 6
BLOCK_FRAMES = 1 << 16
RIFF_BYTES = (1 << 32) - (1 << 26)
"""What a plain WAV file may hold: its lengths have 32 bits, and tags and pictures want room. Beyond it is RF64."""
RATES_HZ = (4000, 768_000)
"""What a header may say and still be music's."""
_SANE = 1 << 14  # frames a byte: more than any codec makes of silence, so a header that says more is wrong
_SEEKABLE = ("PCM_", "FLOAT", "DOUBLE", "ULAW", "ALAW")


class Song:
    """An audio file that is open. ``frames``: as its header says, 0 where that cannot be; ``notes``: what was odd."""

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
            with path.open("rb"):
                pass
            self._file = soundfile.SoundFile(os.fsencode(path))  # bytes: a name need not be UTF-8
        except (soundfile.SoundFileError, TypeError) as error:  # TypeError: headerless audio, told by its suffix
            raise _unreadable(path, error) from error
        except OSError as error:
            raise ConfigError(f"{path}: cannot be read ({error.strerror})", "check its permissions") from error
        self.rate, self.channels = int(self._file.samplerate), int(self._file.channels)
        if not RATES_HZ[0] <= self.rate <= RATES_HZ[1]:
            self._file.close()
            message = f"{path}: a sampling rate of {self.rate} Hz"
            raise ConfigError(
                message, f"rates from {RATES_HZ[0]} to {RATES_HZ[1]} Hz can be separated; mend the header"
            )
        frames = int(self._file.frames)
        self.frames = frames if 0 < frames <= path.stat().st_size * _SANE else 0
        if self.channels > CHANNELS and self.channels != SURROUND:
            self.notes.append(f"has {self.channels} channels; the first two were used")
        if self.channels == SURROUND:
            self.notes.append("has six channels, taken as 5.1 and folded to stereo")
        if missing := _cut_short(path):
            self.notes.append(f"was cut short: {missing:,} bytes of what its header announces are missing")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def blocks(self, start: int = 0) -> Iterator[Audio]:
        """The song from frame ``start`` as blocks of shape (2, up to BLOCK_FRAMES).

        Mono goes to both sides. Six channels are taken as 5.1 in the order of WAV and FLAC and folded down as
        ITU-R BS.775 says: centre and surrounds at -3 dB, the low-frequency effects left out. Of any other number
        above two the first two are kept. Samples that are no numbers become silence. A file that breaks off is read
        as far as it goes, and noted; one that cannot be decoded is a `ConfigError` that says where.
        """
        frame = 0
        if start and self._file.subtype.startswith(_SEEKABLE):
            frame = self._file.seek(start)  # to the frame; lossy codecs are decoded anew, as a seek changes their bits
        while True:
            try:
                samples = self._file.read(BLOCK_FRAMES, dtype="float32", always_2d=True)
            except soundfile.SoundFileError as error:
                raise _unreadable(self.path, error, f"after {frame / self.rate:.1f} s ") from error
            if not len(samples):
                break
            skipped = min(max(start - frame, 0), len(samples))
            frame += len(samples)
            if skipped < len(samples):
                samples[~np.isfinite(samples)] = 0.0
                yield np.ascontiguousarray(_stereo(samples[skipped:]).T, np.float32)
        if not frame:
            raise ConfigError(f"{self.path}: holds no audio", f"give a {READABLE} file with music in it")
        if frame < self.frames:
            self.notes.append(f"breaks off after {frame / self.rate:.1f} of {self.frames / self.rate:.1f} s")


def _unreadable(path: Path, error: Exception, where: str = "") -> ConfigError:
    reason = str(getattr(error, "error_string", error)).strip().removeprefix("Error : ").rstrip(".")
    if not path.stat().st_size:
        return ConfigError(f"{path}: is empty", f"give a {READABLE} file with music in it")
    return ConfigError(f"{path}: cannot be read {where}as audio ({reason})", f"give a sound {READABLE} file")


def _cut_short(path: Path) -> int:
    """How many bytes a WAV lacks of what its header announces; a recorder that never closed it announces 0 or all."""
    with path.open("rb") as file:
        head = file.read(12)
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:] != b"WAVE":
        return 0
    announced = struct.unpack("<I", head[4:8])[0] + 8
    return 0 if announced > RIFF_BYTES else max(announced - path.stat().st_size, 0)


def _stereo(samples: Audio) -> Audio:
    """(frames, channels) as (frames, 2), by the rule of `Song.blocks`."""
    channels = samples.shape[1]
    if channels == 1:
        return np.repeat(samples, CHANNELS, axis=1)
    if channels == SURROUND:
        left, right, centre, _, back_left, back_right = samples.T
        side = np.float32(np.sqrt(0.5))
        return np.stack([left + side * (centre + back_left), right + side * (centre + back_right)], axis=1)
    return samples[:, :CHANNELS]
