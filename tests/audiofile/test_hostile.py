"""Files that are no audio, or have impossible headers: a clear error, and bounded memory."""

from __future__ import annotations

import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from bridge.audiofile import Song
from bridge.errors import ConfigError
from tests.audiofile.recordings import RATE, chunk, encoded, fmt, music, page, read_bytes, riff, shorts

DATA = shorts(1000)


def au(size: int, rate: int, channels: int) -> bytes:
    return b".snd" + struct.pack(">IIIII", 24, size, 3, rate, channels) + DATA


def caf(rate: float, channels: int = 1) -> bytes:
    desc = struct.pack(">d4sIIIII", rate, b"lpcm", 2, 2 * channels, 1, channels, 16)
    parts = [(b"desc", desc), (b"data", bytes(4) + DATA)]
    return b"caff\0\1\0\0" + b"".join(name + struct.pack(">q", len(body)) + body for name, body in parts)


def opus_head(channels: int) -> bytes:
    head = b"OpusHead\1" + bytes([channels]) + struct.pack("<HIhB", 312, 48_000, 0, 1)
    return page(head + bytes([channels, 0]) + bytes(channels), 2, 0, 0) + page(b"OpusTags" + bytes(8), 0, 0, 1)


def flac_head(rate: int, total: int) -> bytes:
    numbers = (rate << 44 | 1 << 41 | 15 << 36 | total).to_bytes(8, "big")
    return b"fLaC\x80\0\0\x22\x10\0\x10\0" + bytes(6) + numbers + bytes(16)


def vorbis_head() -> bytes:
    head = b"\x01vorbis" + bytes(4) + b"\x02" + struct.pack("<I", RATE) + bytes(13)
    return page(head, 2, 0, 0) + page(b"\x03" * 60_000, 0, 0, 1)


HOSTILE = {
    "65535 channels": (riff([fmt(65_535), chunk(b"data", DATA)]), "its header says 65,535 channels"),
    "no channel": (riff([fmt(0), chunk(b"data", DATA)]), "its header says 0 channels"),
    "65535 channels in AU": (au(2000, RATE, 65_535), "its header says 65,535 channels"),
    "4 billion channels in CAF": (caf(RATE, 0xFFFFFFFF >> 1), "its header says"),
    "1 Hz": (riff([fmt(rate=1), chunk(b"data", DATA)]), "a sampling rate of 1 Hz"),
    "1e9 Hz": (riff([fmt(rate=1_000_000_000), chunk(b"data", DATA)]), "a sampling rate of 1000000000 Hz"),
    "no rate at all": (caf(float("nan")), "a sampling rate of 0 Hz"),
    "infinitely many Hz": (caf(float("inf")), "a sampling rate of 0 Hz"),
    "a minus rate": (caf(-44_100.0), "a sampling rate of -44100 Hz"),
    "255 channels in Opus": (opus_head(255), "Opus with 255 channels; up to 8 can be read"),
    "an Opus without sound": (opus_head(2), "holds no audio"),
    "a FLAC without sound": (flac_head(RATE, (1 << 36) - 1), "holds no audio"),
    "a FLAC at 0 Hz": (flac_head(0, 0), "a sampling rate of 0 Hz"),
    "half a FLAC head": (b"fLaC\0\0\0\x22" + bytes(10), "its STREAMINFO is not whole"),
    "a page of Theora": (page(b"\x80theora" + bytes(40), 2, 0, 0), "Ogg with Theora video"),
    "a MIDI file": (b"MThd\0\0\0\6\0\1\0\1\1\xe0MTrk" + bytes(200), "it is a MIDI file"),
    "a MIDI file in RIFF": (b"RIFF\xff\0\0\0RMIDdata" + bytes(200), "a MIDI file in a RIFF wrapper"),
    "an M4A": (b"\0\0\0\x20ftypM4A " + bytes(200), "it is an MP4 file"),
    "an AAC": (b"\xff\xf1\x50\x80" * 100, "it is an AAC file"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(200), "it is a picture"),
    "zeros": (bytes(100_000), "cannot be read as audio"),
    "ones": (b"\xff" * 100_000, "cannot be read as audio"),
    "ID3 and nothing": (b"ID3\x04\0\0\0\0\x02\0" + bytes(256), "cannot be read as audio"),
    "a RIFF of nothing": (b"RIFF\xff\xff\xff\xffWAVE", "cannot be read as audio"),
    "an AIFF of nothing": (b"FORM\0\0\0\4AIFF", "cannot be read as audio"),
    "a CAF of nothing": (b"caff\0\1\0\0", "cannot be read as audio"),
    "a chunk in a chunk without end": (riff([b"AAAA\0\0\0\0" * 20_000]), "cannot be read as audio"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_cannot_be_music_is_refused_in_a_line(tmp_path: Path, name: str) -> None:
    data, message = HOSTILE[name]
    with pytest.raises(ConfigError, match=message) as caught:
        read_bytes(tmp_path, data)
    assert caught.value.hint
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        riff([fmt(256), chunk(b"data", DATA * 20, 0xFFFFFFF0)], 0xFFFFFFFF),
        flac_head(RATE, (1 << 36) - 1) + encoded(music(20_000), "FLAC")[42:],
        vorbis_head(),
        encoded(music(20_000), "MP3") + b"\xff\xfb\x90\x64" * 10_000,
    ],
    ids=["wav", "flac", "vorbis", "mp3"],
)  # fmt: skip
def test_memory_is_bounded_by_what_is_there_not_by_what_is_said(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "song"
    path.write_bytes(data)
    tracemalloc.start()
    try:
        with Song(path) as song:
            frames = sum(block.shape[1] for block in song.read_blocks())
        assert frames < 10_000_000
    except ConfigError:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 64e6


def test_a_number_that_lies_far_ahead_makes_no_days_of_silence(tmp_path: Path) -> None:
    data = bytearray(encoded(music(20_000), "OGG", "OPUS", 48_000))
    last = data.rindex(b"OggS")
    from bridge.audiofile.ogg import compute_crc

    data[last + 6 : last + 14] = struct.pack("<Q", 1 << 50)
    data[last + 18 : last + 22] = struct.pack("<I", 77)  # as if pages were missing
    data[last + 22 : last + 26] = bytes(4)
    data[last + 22 : last + 26] = compute_crc(bytes(data[last:])).to_bytes(4, "little")
    result, notes = read_bytes(tmp_path, bytes(data))
    assert result.shape[1] < 48_000
    assert any("are missing" in note for note in notes)


def test_the_same_file_gives_the_same_samples(tmp_path: Path) -> None:
    for kind, subtype in (("MP3", ""), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("FLAC", "")):
        data = encoded(music(150_000, 2, 48_000), kind, subtype, 48_000)
        first, _ = read_bytes(tmp_path, data)
        assert np.array_equal(first, read_bytes(tmp_path, data)[0])
