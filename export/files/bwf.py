"""Broadcast Wave writer: a track of a session as a WAV file with a time reference, RF64 where 32 bits are too few.

Chunk ``bext``: EBU Tech 3285 v2 (2011); RF64: EBU Tech 3306 v1.1 (2009). libsndfile cannot write ``bext``. The
file is written from front to back, so the target may be a pipe or a member of an archive.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from bridge.errors import EngineError
from export.session.session import AudioTrack, SampleFormat, Session

BEXT_BYTES = 602
"""Size of the chunk ``bext`` without the coding history (Tech 3285, section 2.3)."""
BEXT_VERSION = 2
UNKNOWN_LOUDNESS = 0x7FFF
"""A loudness that is not set (Tech 3285 v2, section 2.3)."""
ORIGINATOR = "Sideman"
MOST_RIFF_BYTES = 0xFFFFFFFF
"""Largest size that a RIFF header can state; it also stands for "see ds64" in an RF64."""
WAVE_FORMAT_PCM, WAVE_FORMAT_IEEE_FLOAT = 1, 3


def write_bwf(
    target: BinaryIO,
    session: Session,
    track: AudioTrack,
    on_write: Callable[[int], None],
    most_riff_bytes: int = MOST_RIFF_BYTES,
) -> None:
    """Write ``track`` to ``target``. ``on_write`` gets the frames of each block. The same track gives the same bytes.

    ``most_riff_bytes``: the largest RIFF; tests lower it.

    Raises:
        BridgeError: A source cannot be read, or gave another number of frames than it said.
        OSError: The disk is full or refuses.
    """
    sound, format_ = track.sound, session.sample_format
    target.write(make_bwf_header(session, track, most_riff_bytes))
    written = 0
    for block in sound.read_blocks():
        written += len(block)
        if written > sound.frames:
            break
        target.write(encode_samples(block, format_))
        on_write(len(block))
    if written != sound.frames:
        message = f"{track.name}: {written} frames were read and {sound.frames} were expected"
        raise EngineError(message, "the file changed during the export: start it again")
    target.write(b"\0" * (_count_data_bytes(track, format_) % 2))


def encode_samples(block: NDArray[np.float64], format_: SampleFormat) -> bytes:
    """The bytes of a block, shape (frames, channels), whose samples the format has."""
    if format_.is_float:
        return block.astype("<f4").tobytes()
    steps = np.rint(block * (1 << 23)).astype("<i4")
    return steps.reshape(-1, 1).view(np.uint8)[:, :3].tobytes()


def round_samples(block: NDArray[np.floating], format_: SampleFormat) -> NDArray[np.float64]:
    """``block`` in the nearest values that the format has; 24 bits clip at full scale."""
    if format_.is_float:
        return block.astype(np.float32).astype(np.float64)
    scale = 1 << 23
    return np.clip(np.rint(block.astype(np.float64) * scale), -scale, scale - 1) / scale


def make_bwf_header(session: Session, track: AudioTrack, most_riff_bytes: int = MOST_RIFF_BYTES) -> bytes:
    """Everything before the samples of ``track``."""
    format_, sound = session.sample_format, track.sound
    data_bytes = _count_data_bytes(track, format_)
    chunks = _make_chunk(b"bext", _make_bext(session, track)) + _make_chunk(b"fmt ", _make_fmt(session, sound.channels))
    if format_.is_float:
        chunks += _make_chunk(b"fact", struct.pack("<I", min(sound.frames, 0xFFFFFFFF)))
    riff_bytes = 4 + len(chunks) + 8 + data_bytes + data_bytes % 2
    if riff_bytes <= most_riff_bytes:
        return struct.pack("<4sI4s", b"RIFF", riff_bytes, b"WAVE") + chunks + struct.pack("<4sI", b"data", data_bytes)
    ds64 = _make_chunk(b"ds64", struct.pack("<QQQI", riff_bytes + 36, data_bytes, sound.frames, 0))
    head = struct.pack("<4sI4s", b"RF64", 0xFFFFFFFF, b"WAVE")
    return head + ds64 + chunks + struct.pack("<4sI", b"data", 0xFFFFFFFF)


def _count_data_bytes(track: AudioTrack, format_: SampleFormat) -> int:
    return track.sound.frames * track.sound.channels * format_.bits // 8


def _make_chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack("<4sI", name, len(content)) + content + b"\0" * (len(content) % 2)


def _make_fmt(session: Session, channels: int) -> bytes:
    format_ = session.sample_format
    tag = WAVE_FORMAT_IEEE_FLOAT if format_.is_float else WAVE_FORMAT_PCM
    frame_bytes = channels * format_.bits // 8
    return struct.pack("<HHIIHH", tag, channels, session.rate, session.rate * frame_bytes, frame_bytes, format_.bits)


def _make_bext(session: Session, track: AudioTrack) -> bytes:
    """The chunk's content. It has no date, so that the same session gives the same bytes."""
    layout = "mono" if track.sound.channels == 1 else "stereo"
    history = f"A=PCM,F={session.rate},W={session.sample_format.bits},M={layout},T={ORIGINATOR}\r\n"
    fixed = struct.pack(
        "<256s32s32s10s8sIIH64s5H180s",
        _to_ascii(f"{session.name}: {track.name}", 256),
        _to_ascii(ORIGINATOR, 32),
        b"",
        b"",
        b"",
        session.start_frame & 0xFFFFFFFF,
        session.start_frame >> 32,
        BEXT_VERSION,
        b"",
        *(UNKNOWN_LOUDNESS,) * 5,
        b"",
    )
    # of an even size: libsndfile 1.2 skips no pad byte behind this chunk in an RF64
    return fixed + history.encode("ascii") + b"\0" * (len(history) % 2)


def _to_ascii(text: str, longest: int) -> bytes:
    """``text`` as the standard wants it: ASCII, other characters as question marks."""
    return text.encode("ascii", "replace")[:longest]
