"""Small recordings of every file type, and edits that damage them."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile

from bridge.audiofile import Song
from bridge.audiofile.ogg import compute_crc
from bridge.core.audio import Audio

RATE = 44_100


def read(path: Path, start: int = 0) -> tuple[Audio, list[str]]:
    """All of it from frame ``start`` on, shape (2, frames), and what was remarked."""
    with Song(path) as song:
        return np.concatenate([np.zeros((2, 0), np.float32), *song.read_blocks(start)], axis=1), song.notes


def read_bytes(folder: Path, data: bytes, name: str = "song.bin") -> tuple[Audio, list[str]]:
    path = folder / name
    path.write_bytes(data)
    return read(path)


def music(frames: int, channels: int = 2, rate: int = RATE) -> Audio:
    """Sines that swell and fall, other ones in each channel, with some noise; shape (channels, frames)."""
    time = np.arange(frames) / rate
    noise = np.random.Generator(np.random.Philox(channels)).standard_normal((channels, frames))
    tones = [
        0.25 * np.sin(2 * np.pi * 220 * (i + 1) * time) * (0.6 + 0.4 * np.sin(3 * time + i)) for i in range(channels)
    ]
    return (np.stack(tones) + 0.02 * noise).astype(np.float32)


def encoded(audio: Audio, kind: str, subtype: str = "", rate: int = RATE, **options: Any) -> bytes:
    """(channels, frames) as a file that libsndfile writes."""
    out = io.BytesIO()
    soundfile.write(out, audio.T, rate, subtype or None, format=kind, **options)
    return out.getvalue()


def page(body: bytes, flags: int, granule: int, number: int, serial: int = 9) -> bytes:
    """An Ogg page of one whole packet."""
    laces = b"\xff" * (len(body) // 255) + bytes([len(body) % 255])
    head = b"OggS\0" + struct.pack("<BQII", flags, granule, serial, number)
    tail = bytes([len(laces)]) + laces + body
    return head + compute_crc(head + bytes(4) + tail).to_bytes(4, "little") + tail


def flac_in_ogg(audio: Audio) -> bytes:
    """(2, frames) of 16 bits as FLAC in Ogg, a frame a page."""
    data = encoded(audio, "FLAC", "PCM_16")
    info = data[8:42]
    heads = [b"\x7fFLAC\1\0\0\1fLaC\0\0\0\x22" + info, b"\x84\0\0\x08" + bytes(8)]
    pages = [page(head, 2 - 2 * number, 0, number) for number, head in enumerate(heads)]
    with av.open(io.BytesIO(data), "r", format="flac") as file:
        packets = [bytes(packet) for packet in file.demux() if packet.size]
    for number, packet in enumerate(packets, 1):
        end = min(4096 * number, audio.shape[1])
        pages.append(page(packet, 4 * (number == len(packets)), end, number + 1))
    return b"".join(pages)


def mp3_frames(data: bytes) -> Iterator[tuple[int, int]]:
    """Begin and end of each frame of an MPEG-1 layer III file without tags, its table first."""
    kbps = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
    at = 0
    while at + 4 <= len(data):
        assert data[at] == 0xFF and data[at + 1] & 0xFE == 0xFA
        rate = (44100, 48000, 32000)[data[at + 2] >> 2 & 3]
        size = 144_000 * kbps[data[at + 2] >> 4] // rate + (data[at + 2] >> 1 & 1)
        yield at, at + size
        at += size


def chunk(name: bytes, data: bytes, size: int | None = None, order: str = "<") -> bytes:
    """A chunk of a WAV or AIFF, that declares ``size`` bytes."""
    return name + struct.pack(order + "I", len(data) if size is None else size) + data + b"\0" * (len(data) % 2)


def riff(chunks: Sequence[bytes], size: int | None = None, head: bytes = b"RIFF", order: str = "<") -> bytes:
    """A WAV of these chunks, that declares ``size`` bytes."""
    body = b"WAVE" + b"".join(chunks)
    return head + struct.pack(order + "I", len(body) if size is None else size) + body


def fmt(channels: int = 1, rate: int = RATE, bits: int = 16, tag: int = 1, order: str = "<") -> bytes:
    block: int = channels * bits // 8
    per_second = min(rate * block, 0xFFFFFFFF)
    fields = struct.pack(order + "HHIIHH", tag, channels, rate, per_second, min(block, 0xFFFF), bits)
    return chunk(b"fmt ", fields, order=order)


def shorts(frames: int, order: str = "<") -> bytes:
    """Mono samples of 16 bits that begin with none that a chunk could begin with."""
    return bytes(np.round(12_000 * np.sin(np.arange(frames) * 0.05 + 1)).astype(order + "i2").tobytes())


def as_read(data: bytes, order: str = "<") -> Audio:
    """`shorts` as a song of them is read."""
    mono = np.frombuffer(data, order + "i2").astype(np.float32) / 32768
    return np.stack([mono, mono])
