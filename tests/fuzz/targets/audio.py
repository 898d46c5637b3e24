"""Fuzz target: audio files of every kind, as all commands read them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bridge.audiofile import BLOCK_FRAMES, Song
from bridge.audiofile.ogg import compute_crc
from tests.audiofile.recordings import chunk, encoded, flac_in_ogg, fmt, music, riff, shorts
from tests.fuzz.target import Target

MOST_FRAMES = 1 << 20
"""Frames read of a file: enough to pass any gap of a short one."""


def read(data: bytes, folder: Path) -> None:
    """Blocks of stereo that are numbers, the same from the middle on; checksums of Ogg are put right first."""
    path = folder / "song"
    path.write_bytes(fix_checksums(data))
    with Song(path) as song:
        whole = list(_blocks(song, 0))
        notes = list(song.notes)
    assert all(block.shape == (2, BLOCK_FRAMES) for block in whole[:-1])
    assert all(np.isfinite(block).all() for block in whole)
    assert len(notes) < 20
    sound = np.concatenate(whole, axis=1)
    middle = sound.shape[1] // 2
    with Song(path) as song:
        rest = np.concatenate([np.zeros((2, 0), np.float32), *_blocks(song, middle)], axis=1)
    if any("cannot be decoded" in note for note in notes):
        return  # FFmpeg's decoders give anything for packets that no encoder makes
    kept = min(rest.shape[1], sound.shape[1] - middle)
    assert np.array_equal(rest[:, :kept], sound[:, middle : middle + kept])


def _blocks(song: Song, start: int) -> Iterator[np.ndarray]:
    frames = 0
    for block in song.read_blocks(start):
        yield block
        frames += block.shape[1]
        if frames > MOST_FRAMES:
            return


def fix_checksums(data: bytes) -> bytes:
    """``data`` with the right checksum in every Ogg page: else no mutation would get past it."""
    out = bytearray(data)
    at = out.find(b"OggS")
    while at >= 0:
        laces = out[at + 27 : at + 27 + (out[at + 26] if at + 26 < len(out) else 0)]
        end = at + 27 + len(laces) + sum(laces)
        if end <= len(out) and at + 27 <= len(out):
            out[at + 22 : at + 26] = bytes(4)
            out[at + 22 : at + 26] = compute_crc(bytes(out[at:end])).to_bytes(4, "little")
        at = out.find(b"OggS", at + 4)
    return bytes(out)


def make_seeds() -> Iterator[bytes]:
    """A twentieth of a second of every container and codec."""
    short = music(2205)
    small: dict[str, Any] = {"bitrate_mode": "VARIABLE", "compression_level": 0.9}
    for kind, subtype in (
        ("WAV", "PCM_16"),
        ("WAV", "IMA_ADPCM"),
        ("WAVEX", "FLOAT"),
        ("RF64", "PCM_24"),
        ("W64", "PCM_16"),
        ("AIFF", "PCM_16"),
        ("AIFF", "FLOAT"),
        ("CAF", "PCM_16"),
        ("CAF", "ALAC_16"),
        ("AU", "ULAW"),
        ("FLAC", "PCM_16"),
        ("OGG", "VORBIS"),
        ("VOC", "PCM_16"),
    ):
        yield encoded(short, kind, subtype)
    yield encoded(short, "MP3", **small)
    yield encoded(music(2400, 2, 48_000), "OGG", "OPUS", 48_000)
    yield encoded(music(2400, 6, 48_000), "OGG", "OPUS", 48_000)
    yield flac_in_ogg(short)
    yield encoded(short, "OGG", "VORBIS") + flac_in_ogg(music(500))
    yield encoded(short, "MP3") + encoded(music(1000, 1, 22_050), "MP3", rate=22_050)
    yield encoded(short, "FLAC") + encoded(music(1000, 1), "FLAC")
    yield riff([fmt(), chunk(b"data", shorts(500), 0)], 0)


TARGET = Target(
    name="audio",
    read=read,
    seeds=make_seeds,
    tokens=(
        b"RIFF", b"RF64", b"WAVE", b"fmt ", b"data", b"ds64", b"FORM", b"COMM", b"SSND", b"CHAN", b"caff", b"desc",
        b".snd", b"fLaC", b"OggS", b"OpusHead", b"\x01vorbis", b"\x05vorbis", b"\x7fFLAC", b"ID3", b"TAG", b"APETAGEX",
        b"chan", b"Xing", b"Info", b"LAME", b"VBRI", b"\xff\xfb\x90\x64", b"\xff\xf8", b"\xff\xff\xff\xff", bytes(4),
    ),
    modules=(
        "bridge.audiofile.aiff", "bridge.audiofile.au", "bridge.audiofile.caf", "bridge.audiofile.coreaudio",
        "bridge.audiofile.extent", "bridge.audiofile.flac", "bridge.audiofile.kinds", "bridge.audiofile.mp3",
        "bridge.audiofile.mpeg", "bridge.audiofile.ogg", "bridge.audiofile.oggsound", "bridge.audiofile.oggstream",
        "bridge.audiofile.opening", "bridge.audiofile.song", "bridge.audiofile.w64", "bridge.audiofile.wav",
    ),
    max_bytes=1 << 17,
)  # fmt: skip
