"""Sound file writer: samples to WAV, RF64 or FLAC with tags; the same sound gives the same bytes."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from bridge.audiofile.peak_time import clear_peak_time
from bridge.core.audio import Audio
from bridge.errors import ConfigError
from engines.offline.tags import Tags, add_tags, to_info_strings

BLOCK_FRAMES = 1 << 16
RIFF_BYTES = (1 << 32) - (1 << 26)
"""Most data in a plain WAV file: its lengths have 32 bits, and tags and pictures need space. Beyond it is RF64."""
FULL_SCALE = 1.0 - 2.0**-14
"""Peak of a stem that is too loud for integer samples, after its gain: two steps of 16 bits are left for the dither."""
_SYSTEM_ERROR = 2  # SF_ERR_SYSTEM in sndfile.h: an error of the disk, not of the format


@dataclass(frozen=True, slots=True)
class FileFormat:
    """File format of stems. ``bits``: 0 for 32-bit float."""

    name: str
    suffix: str
    container: str
    subtype: str
    bits: int


FORMATS = {
    format_.name: format_
    for format_ in (
        FileFormat("wav16", ".wav", "WAV", "PCM_16", 16),
        FileFormat("wav24", ".wav", "WAV", "PCM_24", 24),
        FileFormat("wav32f", ".wav", "WAV", "FLOAT", 0),
        FileFormat("flac16", ".flac", "FLAC", "PCM_16", 16),
        FileFormat("flac24", ".flac", "FLAC", "PCM_24", 24),
    )
}


def write_stem(
    scratch: Path,
    draft: Path,
    kind: FileFormat,
    rate: int,
    channels: int,
    gain: float,
    tags: Tags,
    on_write: Callable[[int], None],
) -> tuple[str, ...]:
    """Write the raw float32 frames in ``scratch`` to ``draft`` as ``kind``, with ``gain`` and tags: see `write_sound`.

    Each stem has a dither noise of its own, by the name of its draft.
    """
    frames = scratch.stat().st_size // (4 * channels)
    seed = zlib.crc32(draft.name.encode())
    return write_sound(_read_raw(scratch, channels, gain), frames, draft, kind, rate, channels, tags, seed, on_write)


def _read_raw(scratch: Path, channels: int, gain: float) -> Iterator[Audio]:
    """The blocks of a file of raw float32 frames, shape (frames, channels), with ``gain``."""
    with scratch.open("rb") as raw:
        while data := raw.read(BLOCK_FRAMES * channels * 4):
            yield np.frombuffer(data, np.float32).reshape(-1, channels) * np.float32(gain)


def write_sound(
    blocks: Iterable[Audio],
    frames: int,
    draft: Path,
    kind: FileFormat,
    rate: int,
    channels: int,
    tags: Tags,
    seed: int,
    on_write: Callable[[int], None],
) -> tuple[str, ...]:
    """Write ``blocks``, of shape (any, channels) and ``frames`` in all, to ``draft`` as ``kind`` with tags.

    More than a plain WAV can hold becomes RF64. 16 bits are dithered (TPDF, two steps wide, noise from ``seed``), but
    exact silence stays exact; 24 bits are rounded: their steps lie below any converter's noise. The bytes depend on the
    arguments alone, blocks included, so that a run after a kill gives the same ones. ``on_write`` receives the frames
    of each block. Returns notes on tags that were left out.

    Raises:
        OSError: The disk is full or refuses.
        ConfigError: The format cannot hold the sound.
    """
    data_bytes = frames * channels * (kind.bits // 8 or 4)
    container = "RF64" if kind.container == "WAV" and data_bytes > RIFF_BYTES else kind.container
    noise = np.random.Generator(np.random.Philox(seed))
    try:
        with soundfile.SoundFile(os.fsencode(draft), "w", rate, channels, kind.subtype, format=container) as file:
            if container != "FLAC":
                for name, text in to_info_strings(tags).items():
                    setattr(file, name, text)
            for samples in blocks:
                file.write(quantise(samples, kind.bits, noise) if kind.bits else samples)
                on_write(len(samples))
        if container != "FLAC" and not kind.bits:
            clear_peak_time(draft)
        if container != "RF64":  # only its INFO chunk is known for tags
            return add_tags(draft, tags)
    except soundfile.SoundFileError as error:
        if getattr(error, "code", 0) == _SYSTEM_ERROR:
            raise OSError(0, "cannot be written", str(draft)) from error
        reason = str(getattr(error, "error_string", error)).strip().rstrip(".")
        raise ConfigError(f"{draft}: cannot be written ({reason})", f"try another --format than {kind.name}") from error
    return ("the covers were left out, as an RF64 has no place for them",) if tags.pictures else ()


def quantise(samples: Audio, bits: int, noise: np.random.Generator) -> NDArray[np.int32]:
    """Float samples as ``bits`` at the top of int32, as soundfile expects them; 16 bits are dithered.

    TPDF: Lipshitz, Wannamaker and Vanderkooy, "Quantization and Dither: A Theoretical Survey", JAES 40 (1992).
    """
    steps = samples.astype(np.float64) * (1 << (bits - 1))
    if bits == 16:
        dither = noise.random(samples.shape, np.float32) - noise.random(samples.shape, np.float32)
        steps += np.where(samples == 0.0, 0.0, dither)
    top = (1 << (bits - 1)) - 1
    return np.clip(np.rint(steps), -top - 1, top).astype(np.int32) << (32 - bits)
