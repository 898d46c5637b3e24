"""MP3 of every kind: each frame once, decoded continuously, without encoder delay and padding."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from bridge.core.audio import Audio
from tests.audiofile.recordings import RATE, chunk, encoded, fmt, mp3_frames, music, read, read_bytes, riff

FRAMES = 3 * RATE + 1234
SORTS: dict[str, dict[str, Any]] = {
    "constant": {"bitrate_mode": "CONSTANT", "compression_level": 0.6},
    "variable": {"bitrate_mode": "VARIABLE", "compression_level": 0.3},
    "variable-low": {"bitrate_mode": "VARIABLE", "compression_level": 0.9},
    "average": {"bitrate_mode": "AVERAGE", "compression_level": 0.5},
}
LAME_DELAY = 576 + 529
"""Encoder and decoder delay, which only the table gives."""
FAULTS = Path(__file__).parents[3] / "shared/data/faults"


def mp3(sort: str = "variable", frames: int = FRAMES) -> bytes:
    """Music that begins softly, so that the first frames say nothing about the bit rate of the rest."""
    sound = music(frames)
    sound[:, : frames // 3] *= 1e-4
    return encoded(sound, "MP3", **SORTS[sort])


def without_table(data: bytes) -> bytes:
    begin = list(mp3_frames(data))[1][0]
    return data[begin:]


def decode_with_ffmpeg(data: bytes) -> Audio:
    """Decode with FFmpeg's own demuxer and decoder."""
    with av.open(io.BytesIO(data), "r", format="mp3") as file:
        blocks = [frame.to_ndarray() for frame in file.decode(audio=0)]
    return np.concatenate(blocks, axis=1)


@pytest.mark.parametrize("sort", SORTS)
def test_it_is_as_long_as_what_was_encoded_and_the_same_as_in_one_go(tmp_path: Path, sort: str) -> None:
    data = mp3(sort)
    result, notes = read_bytes(tmp_path, data)
    assert result.shape == (2, FRAMES)
    assert np.array_equal(result, decode_with_ffmpeg(data)[:, :FRAMES])
    assert notes == []


@pytest.mark.parametrize("sort", SORTS)
def test_without_a_table_every_frame_is_read_and_nothing_is_remarked(tmp_path: Path, sort: str) -> None:
    data = mp3(sort)
    result, notes = read_bytes(tmp_path, without_table(data))
    assert result.shape[1] == 1152 * (len(list(mp3_frames(data))) - 1)
    assert notes == []
    whole, _ = read_bytes(tmp_path, data)
    assert np.array_equal(result[:, LAME_DELAY : LAME_DELAY + FRAMES], whole)


def test_loud_frames_first_give_no_false_remark(tmp_path: Path) -> None:
    sound = music(FRAMES)
    sound[:, FRAMES // 8 :] *= 1e-4
    data = without_table(encoded(sound, "MP3", **SORTS["variable"]))
    result, notes = read_bytes(tmp_path, data)
    assert result.shape[1] >= FRAMES
    assert notes == []


def test_joined_files_are_each_read_without_what_their_encoder_added(tmp_path: Path) -> None:
    first, second = mp3("variable"), mp3("constant", FRAMES - 5000)
    result, notes = read_bytes(tmp_path, first + second)
    alone = [read_bytes(tmp_path, data)[0] for data in (first, second)]
    assert np.array_equal(result, np.concatenate(alone, axis=1))
    assert notes == []


def test_files_of_another_rate_joined_behind_are_resampled_and_that_is_said(tmp_path: Path) -> None:
    second = encoded(music(22_050, 1, 22_050), "MP3", rate=22_050)
    result, notes = read_bytes(tmp_path, mp3() + second)
    assert abs(result.shape[1] - FRAMES - 44_100) <= 2
    assert notes == ["has parts at 22050 Hz, resampled to 44100 Hz"]


ID3 = b"ID3\x04\0\0\0\0\x04\0" + bytes([0xFF, 0xFB, 0x90, 0x64]) * 128  # its picture looks like frames
APE_ITEMS = b"\x04\0\0\0\0\0\0\0Title\0Song"
APE_SIZE = (len(APE_ITEMS) + 32).to_bytes(4, "little")
APE = (
    b"APETAGEX\xd0\x07\0\0" + APE_SIZE + b"\x01\0\0\0\0\0\0\xa0" + bytes(8) + APE_ITEMS
    + b"APETAGEX\xd0\x07\0\0" + APE_SIZE + b"\x01\0\0\0\0\0\0\x80" + bytes(8)
)  # fmt: skip
ID3V1 = b"TAG" + bytes(125)


@pytest.mark.parametrize("tag", [ID3, APE, ID3V1, APE + ID3V1, ID3 + ID3])
def test_tags_in_front_inside_and_behind_cost_no_sample(tmp_path: Path, tag: bytes) -> None:
    data = mp3()
    plain, _ = read_bytes(tmp_path, data)
    frames = list(mp3_frames(data))
    middle = frames[len(frames) // 2][0]
    for tagged in (tag + data, data[:middle] + tag + data[middle:], data + tag, data + tag + data):
        result, notes = read_bytes(tmp_path, tagged)
        assert np.array_equal(result[:, :FRAMES], plain)
        assert result.shape[1] % FRAMES == 0
        assert notes == []


def test_garbage_between_frames_is_skipped_and_its_place_is_said(tmp_path: Path) -> None:
    data = mp3()
    plain, _ = read_bytes(tmp_path, data)
    frames = list(mp3_frames(data))
    place = frames[31][0]  # behind the table and 30 frames
    garbage = np.random.Generator(np.random.Philox(3)).bytes(2000)
    result, notes = read_bytes(tmp_path, data[:place] + garbage + data[place:])
    assert np.array_equal(result, plain)
    assert notes == ["at 0.8 s 2,000 bytes that are no MP3 were skipped"]


def test_garbage_that_looks_like_a_frame_is_none(tmp_path: Path) -> None:
    data = mp3()
    plain, _ = read_bytes(tmp_path, data)
    place = list(mp3_frames(data))[31][0]
    garbage = (bytes(30) + data[place : place + 4]) * 10
    result, notes = read_bytes(tmp_path, data[:place] + garbage + data[place:])
    assert np.array_equal(result, plain)
    assert notes == ["at 0.8 s 340 bytes that are no MP3 were skipped"]


def test_garbage_in_many_places_is_said_in_few_lines(tmp_path: Path) -> None:
    data = mp3()
    frames = list(mp3_frames(data))
    cuts = [begin for begin, _ in frames[5:65:6]]
    pieces = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    result, notes = read_bytes(tmp_path, (b"\0" * 500).join(pieces))
    assert result.shape == (2, FRAMES)
    assert len(notes) == 6
    assert notes[5].startswith("at 5 more places such things, the last at 1.5 s")


@pytest.mark.parametrize("table", [True, False])
@pytest.mark.parametrize("sort", ["constant", "variable"])
def test_what_is_written_over_is_silent_for_as_long_as_it_lasted(tmp_path: Path, sort: str, table: bool) -> None:
    data = mp3(sort)
    begins = [begin for begin, _ in mp3_frames(data)]
    place = begins[80] + 50
    broken = data[:place] + np.random.Generator(np.random.Philox(5)).bytes(2048) + data[place + 2048 :]
    if not table:
        data, broken = without_table(data), broken[begins[1] :]
    plain, _ = read_bytes(tmp_path, data)
    result, notes = read_bytes(tmp_path, broken)
    assert len(notes) == 1
    if sort == "constant" or table:
        assert result.shape == plain.shape
        assert notes[0].endswith("are missing; they are silent")
        assert np.array_equal(result[:, : 70 * 1152], plain[:, : 70 * 1152])
        assert np.abs(result[:, 100 * 1152 :] - plain[:, 100 * 1152 :]).max() < 1e-5
    assert np.abs(result).max() < 1.01


@pytest.mark.parametrize("seed", range(12))
def test_garbage_inside_a_frame_makes_no_burst_of_noise(tmp_path: Path, seed: int) -> None:
    data = mp3()
    rng = np.random.Generator(np.random.Philox(seed))
    place = int(rng.integers(len(data) // 3, len(data) * 2 // 3))
    result, notes = read_bytes(tmp_path, data[:place] + rng.bytes(2048) + data[place:])
    assert result.shape == (2, FRAMES)
    assert len(notes) == 1
    assert np.abs(result).max() < 1.01


def test_a_frame_that_is_half_overwritten_costs_no_time(tmp_path: Path) -> None:
    data = bytearray(mp3())
    begin, end = list(mp3_frames(bytes(data)))[40]
    data[begin + 40 : end] = bytes(end - begin - 40)
    result, _ = read_bytes(tmp_path, bytes(data))
    assert result.shape == (2, FRAMES)


def test_one_that_breaks_off_says_so_by_its_table(tmp_path: Path) -> None:
    data = mp3("constant")
    whole_frames = sum(end <= len(data) // 2 for _, end in mp3_frames(data)) - 1
    result, notes = read_bytes(tmp_path, data[: len(data) // 2])
    assert result.shape[1] == 1152 * whole_frames - LAME_DELAY
    assert notes == [f"breaks off after {result.shape[1] / RATE:.1f} of 3.0 s"]
    whole, _ = read_bytes(tmp_path, data)
    assert np.array_equal(result, whole[:, : result.shape[1]])


def test_a_table_that_is_wrong_costs_nothing(tmp_path: Path) -> None:
    data = bytearray(mp3())
    place = data.index(b"Xing") if b"Xing" in data[:200] else data.index(b"Info")
    frames = int.from_bytes(data[place + 8 : place + 12], "big")
    data[place + 8 : place + 12] = (frames // 3).to_bytes(4, "big")
    result, notes = read_bytes(tmp_path, bytes(data))
    everything, _ = read_bytes(tmp_path, without_table(bytes(data)))
    assert np.array_equal(result, everything[:, LAME_DELAY:])
    assert notes == []


@pytest.mark.parametrize(
    ("rate", "channels"), [(8000, 1), (11_025, 2), (16_000, 1), (22_050, 2), (32_000, 2), (48_000, 1)]
)
def test_every_rate_of_mpeg_1_2_and_2_5(tmp_path: Path, rate: int, channels: int) -> None:
    sound = music(2 * rate, channels, rate)
    result, notes = read_bytes(tmp_path, encoded(sound, "MP3", rate=rate))
    assert result.shape == (2, 2 * rate)
    assert np.corrcoef(result[0], sound[0])[0, 1] > 0.9
    assert notes == []


def test_free_format_is_read(tmp_path: Path) -> None:
    """Frames of one length, 384 bytes at 48 kHz, with the bit rate taken out of their heads."""
    data = bytearray(
        encoded(music(100_000, 2, 48_000), "MP3", rate=48_000, **SORTS["constant"] | {"compression_level": 0.6})
    )
    frames = list(mp3_frames(bytes(data)))
    assert len({end - begin for begin, end in frames[1:]}) == 1
    plain, _ = read_bytes(tmp_path, bytes(data[frames[0][1] :]))
    for begin, _ in frames:
        data[begin + 2] &= 0x0F
    result, _ = read_bytes(tmp_path, bytes(data[frames[0][1] :]))
    kept = min(result.shape[1], plain.shape[1])
    assert kept > 95_000
    assert np.abs(result[:, :kept] - plain[:, :kept]).max() < 1e-5


def test_mp3_in_a_wav_is_read(tmp_path: Path) -> None:
    data = mp3()
    plain, _ = read_bytes(tmp_path, data)
    result, _ = read_bytes(tmp_path, riff([fmt(2, tag=0x55), chunk(b"data", data)]))
    assert np.array_equal(result, plain)


def test_an_mp3_is_one_whatever_it_is_called(tmp_path: Path) -> None:
    result, _ = read_bytes(tmp_path, mp3(), "song.wav")
    assert result.shape == (2, FRAMES)


@pytest.mark.skipif(not FAULTS.is_dir(), reason="needs the shared recordings")
@pytest.mark.parametrize(
    ("name", "frames"), [("01_vbr_no_xing.mp3", 531_072), ("02_vbr_onset_after_block.mp3", 219_272)]
)
def test_what_users_reported(name: str, frames: int) -> None:
    result, notes = read(FAULTS / name)
    assert result.shape == (2, frames)
    assert np.array_equal(result, decode_with_ffmpeg((FAULTS / name).read_bytes())[:, :frames])
    assert notes == []
