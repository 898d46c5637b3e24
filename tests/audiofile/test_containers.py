"""Containers of uncompressed samples: bit-exact as libsndfile reads them, and complete with any declared size."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.errors import ConfigError
from tests.audiofile.recordings import RATE, as_read, chunk, encoded, fmt, music, read, read_bytes, riff, shorts

FRAMES = 30_000
DATA = shorts(FRAMES)
BIG = shorts(FRAMES, ">")
LIST = chunk(b"LIST", b"INFOINAM\x05\0\0\0Song\0\0")
FAULTS = Path(__file__).parents[3] / "shared/data/faults"
UNFINISHED = "was never finished: its header says 0 bytes of sound; read to its end"
KINDS = [
    (kind, subtype, endian)
    for kind, subtypes, endians in (
        ("WAV", "PCM_U8 PCM_16 PCM_24 PCM_32 FLOAT DOUBLE ULAW ALAW IMA_ADPCM MS_ADPCM GSM610", "LITTLE"),
        ("WAV", "PCM_16 PCM_24 PCM_32 FLOAT DOUBLE", "BIG"),
        ("WAVEX", "PCM_U8 PCM_16 PCM_24 PCM_32 FLOAT DOUBLE ULAW ALAW", "LITTLE"),
        ("RF64", "PCM_U8 PCM_16 PCM_24 PCM_32 FLOAT DOUBLE", "LITTLE"),
        ("W64", "PCM_U8 PCM_16 PCM_24 PCM_32 FLOAT DOUBLE ULAW ALAW", "LITTLE"),
        ("AIFF", "PCM_S8 PCM_16 PCM_24 PCM_32 FLOAT DOUBLE ULAW ALAW IMA_ADPCM", "FILE"),
        ("AIFF", "PCM_16 PCM_24 PCM_32", "LITTLE"),
        ("AU", "PCM_S8 PCM_16 PCM_24 PCM_32 FLOAT DOUBLE ULAW ALAW", "BIG LITTLE"),
        ("CAF", "PCM_S8 PCM_16 PCM_24 PCM_32 FLOAT DOUBLE ULAW ALAW", "BIG"),
        ("CAF", "PCM_16 PCM_24 PCM_32 FLOAT DOUBLE ALAC_16", "LITTLE"),
        ("VOC", "PCM_16", "FILE"),
        ("IRCAM", "FLOAT", "FILE"),
        ("NIST", "PCM_16", "FILE"),
    )
    for endian in endians.split()
    for subtype in subtypes.split()
]


@pytest.mark.parametrize(("kind", "subtype", "endian"), KINDS)
def test_a_sound_file_is_read_to_the_bit(tmp_path: Path, kind: str, subtype: str, endian: str) -> None:
    channels = 1 if subtype == "GSM610" else 2
    sound = music(FRAMES, channels)
    sound[0, 100:103] = 1.0, -1.0, 0.999  # what is at full scale, too
    data = encoded(sound, kind, subtype, endian=endian)
    right, _ = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    result, notes = read_bytes(tmp_path, data)
    assert np.array_equal(result, np.broadcast_to(right.T, (2, len(right))))
    assert notes == []
    assert np.array_equal(read_bytes(tmp_path, data)[0][:, 12_345:], read(tmp_path / "song.bin", 12_345)[0])


MORE = "has more sound than its header says (30,000 bytes); read to its end"
OPEN = chunk(b"data", DATA, 0xFFFFFFFF)


def ds64(data_bytes: int) -> bytes:
    return chunk(b"ds64", struct.pack("<QQQI", 0, data_bytes, 0, 0))


WAVS: dict[str, tuple[bytes, str]] = {
    "sound": (riff([fmt(), chunk(b"data", DATA), LIST]), ""),
    "both sizes 0": (riff([fmt(), chunk(b"data", DATA, 0)], 0), UNFINISHED),
    "RIFF 4088, data 0": (riff([fmt(), chunk(b"data", DATA, 0)], 4088), UNFINISHED),
    "RIFF 36, data 0, chunks behind": (riff([fmt(), chunk(b"data", DATA, 0), LIST], 36), UNFINISHED),
    "streamed": (riff([fmt(), chunk(b"data", DATA, 0xFFFFFFFF)], 0xFFFFFFFF), ""),
    "streamed, chunks behind": (riff([fmt(), chunk(b"data", DATA, 0xFFFFFFFF), LIST], 0xFFFFFFFF), ""),
    "streamed by sox": (riff([fmt(), chunk(b"data", DATA, 0x7FFFF000)], 0x7FFFF024), ""),
    "data half": (
        riff([fmt(), chunk(b"data", DATA, FRAMES)]),
        MORE,
    ),
    "both half": (
        riff([fmt(), chunk(b"data", DATA, FRAMES)], FRAMES + 36),
        MORE,
    ),
    "half, chunks behind": (
        riff([fmt(), chunk(b"data", DATA, FRAMES), LIST]),
        MORE,
    ),
    "RIFF size 0 only": (riff([fmt(), chunk(b"data", DATA), LIST], 0), ""),
    "zeros behind": (riff([fmt(), chunk(b"data", DATA)]) + bytes(4000), ""),
    "ID3 behind": (riff([fmt(), chunk(b"data", DATA)]) + b"ID3\x04\0\0\0\0\x02\0" + bytes(256), ""),
    "a little junk behind": (
        riff([fmt(), chunk(b"data", DATA)]) + b"\1junk" * 20,
        "has 100 bytes behind its sound that nothing describes; left out",
    ),
    "Audition's PEAK": (riff([fmt(), chunk(b"PEAK", b"\0\0\0\1" + bytes(12)), chunk(b"data", DATA)]), ""),
    "a broken fact": (riff([fmt(), chunk(b"fact", b"\1"), chunk(b"data", DATA)]), ""),
    "data first": (riff([chunk(b"data", DATA), LIST, fmt()]), ""),
    "no padding": (
        riff([fmt(), chunk(b"note", b"odd")[:-1], chunk(b"LIST", b"INFOICMT\6\0\0\0data.."), chunk(b"data", DATA)]),
        "",
    ),
    "a chunk of a wrong size in front": (riff([fmt(), chunk(b"junk", bytes(20), 1 << 30), chunk(b"data", DATA)]), ""),
    "RF64": (riff([ds64(2 * FRAMES), fmt(), OPEN, LIST], 0xFFFFFFFF, b"RF64"), ""),
    "RF64, ds64 of zeros": (riff([ds64(0), fmt(), OPEN], 0xFFFFFFFF, b"RF64"), UNFINISHED),
    "BW64, ds64 half": (riff([ds64(FRAMES), fmt(), OPEN], 0xFFFFFFFF, b"BW64"), MORE),
    "RF64 without ds64": (riff([fmt(), OPEN], 0xFFFFFFFF, b"RF64"), ""),
}  # fmt: skip


@pytest.mark.parametrize("name", WAVS)
def test_every_frame_of_a_wav_is_read_whatever_its_sizes(tmp_path: Path, name: str) -> None:
    data, note = WAVS[name]
    result, notes = read_bytes(tmp_path, data)
    assert np.array_equal(result, as_read(DATA))
    assert notes == [note] * bool(note)


def test_a_rifx_of_a_wrong_size_is_read_to_its_end(tmp_path: Path) -> None:
    data = riff([fmt(order=">"), chunk(b"data", BIG, 0, ">")], 0, b"RIFX", ">")
    result, notes = read_bytes(tmp_path, data)
    assert np.array_equal(result, as_read(BIG, ">"))
    assert notes == [UNFINISHED]


def test_a_size_that_passed_4_gb_and_began_anew_is_put_right(tmp_path: Path) -> None:
    """A sparse file: 4 GiB of silence, then sound, then a chunk; the header has the lower 32 bits of the sizes."""
    path = tmp_path / "long.wav"
    head = riff([fmt(2, bits=32, tag=3), chunk(b"data", b"", 80_000)], 80_036)
    tail = np.full((10_000, 2), 0.5, np.float32).tobytes()
    with path.open("wb") as file:
        file.write(head)
        file.seek(len(head) + 80_000)
        file.write(b"\1" * 8)  # where the header says that the sound ends
        file.seek(len(head) + (1 << 32))
        file.write(tail + LIST)
    frames = ((1 << 32) + 80_000) // 8
    result, notes = read(path, frames - 20_000)
    assert result.shape == (2, 20_000)
    assert not result[:, :10_000].any()
    assert (result[:, 10_000:] == 0.5).all()
    assert notes == ["has more sound than its header says (80,000 bytes); read to its end"]


@pytest.mark.parametrize("subtype", ["IMA_ADPCM", "MS_ADPCM", "GSM610"])
def test_an_unfinished_wav_of_packed_samples_is_read_to_its_end(tmp_path: Path, subtype: str) -> None:
    data = encoded(music(FRAMES, 1), "WAV", subtype)
    right, _ = soundfile.read(io.BytesIO(data), dtype="float32")
    place = data.index(b"data") + 4
    result, notes = read_bytes(tmp_path, data[:4] + bytes(4) + data[8:place] + bytes(4) + data[place + 4 :])
    assert np.array_equal(result[0, :FRAMES], right[:FRAMES])
    assert notes == [UNFINISHED]


def test_joined_wavs_are_all_read(tmp_path: Path) -> None:
    first = riff([fmt(), chunk(b"data", DATA), LIST])
    second = riff([fmt(2, RATE // 2), chunk(b"data", DATA)])
    result, notes = read_bytes(tmp_path, first + second + first)
    assert np.array_equal(result[:, :FRAMES], as_read(DATA))
    assert np.array_equal(result[:, -FRAMES:], as_read(DATA))
    assert result.shape == (2, 3 * FRAMES)
    assert notes == ["has parts at 22050 Hz, resampled to 44100 Hz"]
    assert np.array_equal(read(tmp_path / "song.bin", 50_000)[0], result[:, 50_000:])


def test_an_empty_chunk_of_sound_between_others_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no audio"):
        read_bytes(tmp_path, riff([fmt(), chunk(b"data", b""), LIST]))


def aiff(ssnd: int | None = None, frames: int = FRAMES, form: int | None = None, last: bool = False) -> bytes:
    comm = chunk(b"COMM", struct.pack(">HIHHQ", 1, frames, 16, 16383 + 15, RATE << 48), order=">")
    sound = chunk(b"SSND", bytes(8) + BIG, ssnd, ">")
    body = b"AIFF" + (sound + comm if last else comm + sound)
    return b"FORM" + struct.pack(">I", len(body) if form is None else form) + body


@pytest.mark.parametrize(
    ("data", "noted"),
    [
        (aiff(), False),
        (aiff(0, 0, 0), True),
        (aiff(8, 0, 0), True),
        (aiff(8, FRAMES, 0), False),
        (aiff(8 + FRAMES, FRAMES // 2), True),
        (aiff(0xFFFFFFFF, 0, 0xFFFFFFFF), False),
        (aiff(last=True), False),
    ],
)
def test_every_frame_of_an_aiff_is_read_whatever_its_sizes(tmp_path: Path, data: bytes, noted: bool) -> None:
    result, notes = read_bytes(tmp_path, data)
    assert np.array_equal(result, as_read(BIG, ">"))
    assert bool(notes) == noted


def caf(size: int, behind: bytes = b"") -> bytes:
    desc = struct.pack(">d4sIIIII", RATE, b"lpcm", 2, 2, 1, 1, 16)
    parts = [(b"desc", desc, 32), (b"data", bytes(4) + DATA, size)]
    return (
        b"caff\0\1\0\0" + b"".join(name + struct.pack(">q", declared) + body for name, body, declared in parts) + behind
    )


WHOLE = 4 + 2 * FRAMES


@pytest.mark.parametrize(
    ("data", "noted"),
    [
        (caf(WHOLE), False),
        (caf(WHOLE, b"info" + struct.pack(">q", 4) + bytes(4)), False),
        (caf(-1), False),
        (caf(0), True),
        (caf(4), True),
        (caf(WHOLE // 2), True),
    ],
)
def test_every_frame_of_a_caf_is_read_whatever_its_sizes(tmp_path: Path, data: bytes, noted: bool) -> None:
    result, notes = read_bytes(tmp_path, data)
    assert np.array_equal(result, as_read(DATA))
    assert bool(notes) == noted


@pytest.mark.parametrize(("size", "noted"), [(2 * FRAMES, False), (0xFFFFFFFF, False), (0, True), (FRAMES, True)])
def test_every_frame_of_an_au_is_read_whatever_its_size(tmp_path: Path, size: int, noted: bool) -> None:
    data = b".snd" + struct.pack(">IIIII", 24, size, 3, RATE, 1) + BIG
    result, notes = read_bytes(tmp_path, data)
    assert np.array_equal(result, as_read(BIG, ">"))
    assert bool(notes) == noted


@pytest.mark.parametrize("size", [0, 24, 24 + FRAMES, (1 << 64) - 1])
def test_every_frame_of_a_w64_is_read_whatever_its_size(tmp_path: Path, size: int) -> None:
    sound = as_read(DATA)[:1]
    data = encoded(sound, "W64", "PCM_16")
    place = data.index(b"data\xf3\xac") + 16
    result, _ = read_bytes(tmp_path, data[:place] + struct.pack("<Q", size) + data[place + 8 :])
    assert np.array_equal(result[:, :FRAMES], as_read(DATA))
    assert result.shape[1] - FRAMES < 4  # padding


CUTS: dict[str, Callable[[], bytes]] = {
    "wav": lambda: riff([fmt(), chunk(b"data", DATA)]),
    "aiff": aiff,
    "caf": lambda: caf(WHOLE),
    "au": lambda: b".snd" + struct.pack(">IIIII", 24, 2 * FRAMES, 3, RATE, 1) + BIG,
}


@pytest.mark.parametrize("kind", CUTS)
def test_one_that_breaks_off_is_read_as_far_as_it_goes_and_that_is_said(tmp_path: Path, kind: str) -> None:
    result, notes = read_bytes(tmp_path, CUTS[kind]()[:-20_001])
    assert result.shape == (2, FRAMES - 10_001)
    assert notes == [
        "was cut short: 20,001 bytes of what its header announces are missing, so it ends after 0.5 of 0.7 s"
    ]


@pytest.mark.skipif(not FAULTS.is_dir(), reason="needs the shared recordings")
@pytest.mark.parametrize("name", ["06_unfinalised_data_size_0.wav", "meh_07_data_size_too_small.wav"])
def test_what_users_reported(name: str) -> None:
    result, notes = read(FAULTS / name)
    assert result.shape == (2, 44_100)
    assert len(notes) == 1
