"""Source audio: a recording decoded straight into an audio segment, which a host process maps."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from bridge.audiofile import Song
from bridge.core.audio import CHANNELS, Audio
from bridge.errors import ConfigError
from chains.process.audio_file import map_segment, open_segment
from chains.process.messages import AudioSegment

GUESS_FRAMES = 1 << 20
"""Space for a recording whose length is not known; it is doubled as often as needed."""


def decode_recording(
    path: Path, place: Path, drafts: ExitStack, notes: list[str], on_read: Callable[[int, Song], None]
) -> tuple[AudioSegment, int]:
    """Decode ``path`` into a segment in a draft beside ``place``, which ``drafts`` removes; the segment and its rate.

    Mono is on both sides. ``notes`` receives remarks of the reader, ``on_read`` the frames of each block.

    Raises:
        ConfigError: It cannot be read, has more than two channels, or samples that are NaN or infinite.
        BridgeError: There is no space for it.
    """
    with Song(path) as song:
        if song.channels > CHANNELS:
            message = f"{path}: it has {song.channels} channels, and chains are stereo"
            raise ConfigError(message, "give a stereo mix of it")
        segment = drafts.enter_context(open_segment(place, CHANNELS, song.frames or GUESS_FRAMES))
        audio, frames = map_segment(segment, writable=True), 0
        for block in song.read_blocks():
            end = frames + block.shape[1]
            if end > audio.shape[1]:
                segment, audio = _copy(audio[:, :frames], max(end, 2 * audio.shape[1]), place, drafts)
            audio[:, frames:end] = block
            frames = end
            on_read(block.shape[1], song)
        if song.not_finite:
            message = f"{path}: frames with samples that are NaN or infinite: {song.not_finite:,}"
            raise ConfigError(message, "render it again in the program that wrote it")
        notes += song.notes
        if frames != audio.shape[1]:
            segment, _ = _copy(audio[:, :frames], frames, place, drafts)
        return segment, song.rate


def _copy(audio: Audio, frames: int, place: Path, drafts: ExitStack) -> tuple[AudioSegment, Audio]:
    """A segment of ``frames`` frames that begins with ``audio``."""
    segment = drafts.enter_context(open_segment(place, CHANNELS, frames))
    mapped = map_segment(segment, writable=True)
    kept = min(audio.shape[1], frames)
    mapped[:, :kept] = audio[:, :kept]
    return segment, np.asarray(mapped)
