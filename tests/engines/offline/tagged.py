"""Sounds with tags that no writer here makes: bytes of chunks and frames."""

from __future__ import annotations

import struct
from pathlib import Path

import soundfile

from tests.engines.separation.offline.separators import RATE, noise

PICTURE = b"\xff\xd8\xff\xe0" + bytes(range(256))
"""What begins as a JPEG does."""


def sound(path: Path, **options: str) -> Path:
    soundfile.write(path, noise(3000).T, RATE, **options)
    return path


def chunk(name: bytes, content: bytes, order: str = "<") -> bytes:
    return struct.pack(f"{order}4sI", name, len(content)) + content + bytes(len(content) % 2)


def info(order: str = "<", **texts: bytes) -> bytes:
    """An INFO list with these items, each ended by a NUL as RIFF wants."""
    return chunk(b"LIST", b"INFO" + b"".join(chunk(k.encode(), t + b"\0", order) for k, t in texts.items()), order)


def wav_with(path: Path, chunks: bytes, **options: str) -> Path:
    """A WAV with ``chunks`` behind its sound."""
    data = bytearray(sound(path, **options).read_bytes() + chunks)
    order = ">" if data[:4] == b"RIFX" else "<"
    struct.pack_into(f"{order}I", data, 4, len(data) - 8)
    path.write_bytes(data)
    return path


def picture_block(data: bytes = PICTURE, mime: bytes = b"image/jpeg", desc: bytes = b"", type_: int = 3) -> bytes:
    """A FLAC picture block, as METADATA_BLOCK_PICTURE holds it in base64."""
    words = struct.pack(">2I", type_, len(mime)) + mime + struct.pack(">I", len(desc)) + desc
    return words + struct.pack(">5I", 300, 300, 24, 0, len(data)) + data
