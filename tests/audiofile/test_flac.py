"""FLAC: bit-exact, independent of its header, and in time after damage."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.audiofile.recordings import RATE, encoded, music, read, read_bytes

FRAMES = 3 * RATE + 55
FAULTS = Path(__file__).parents[3] / "shared/data/faults"
TOTAL = 21
"""The byte in whose lower half the number of samples begins; it ends with byte 25."""


def flac(subtype: str = "PCM_16", frames: int = FRAMES, channels: int = 2) -> bytes:
    return encoded(music(frames, channels), "FLAC", subtype)


def with_total(data: bytes, total: int) -> bytes:
    high = data[TOTAL] & 0xF0 | total >> 32
    return data[:TOTAL] + bytes([high]) + (total & 0xFFFFFFFF).to_bytes(4, "big") + data[TOTAL + 5 :]


@pytest.mark.parametrize("subtype", ["PCM_S8", "PCM_16", "PCM_24"])
@pytest.mark.parametrize("channels", [1, 2])
def test_it_is_read_to_the_bit(tmp_path: Path, subtype: str, channels: int) -> None:
    data = flac(subtype, channels=channels)
    right, _ = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    result, notes = read_bytes(tmp_path, data)
    assert np.array_equal(result, np.broadcast_to(right.T, (2, FRAMES)))
    assert notes == []


@pytest.mark.parametrize("total", [0, 1000, FRAMES - 1])
def test_a_length_that_is_unknown_or_too_small_costs_no_sample(tmp_path: Path, total: int) -> None:
    plain, _ = read_bytes(tmp_path, flac())
    result, notes = read_bytes(tmp_path, with_total(flac(), total))
    assert np.array_equal(result, plain)
    assert notes == []


def test_a_length_that_is_too_great_is_remarked(tmp_path: Path) -> None:
    result, notes = read_bytes(tmp_path, with_total(flac(), 2 * FRAMES))
    assert result.shape == (2, FRAMES)
    assert notes == ["breaks off after 3.0 of 6.0 s"]


def test_joined_files_are_all_read(tmp_path: Path) -> None:
    result, notes = read_bytes(tmp_path, flac() + flac("PCM_24", 10_000) + flac(frames=5000, channels=1))
    assert result.shape == (2, FRAMES + 15_000)
    assert np.array_equal(result[:, FRAMES + 10_000 :], read_bytes(tmp_path, flac(frames=5000, channels=1))[0])
    assert notes == []


@pytest.mark.parametrize("inserted", [0, 2048])
def test_what_is_damaged_is_silent_and_the_rest_is_in_time(tmp_path: Path, inserted: int) -> None:
    data = flac()
    plain, _ = read_bytes(tmp_path, data)
    place, garbage = len(data) // 2, np.random.Generator(np.random.Philox(2)).bytes(2048)
    result, notes = read_bytes(tmp_path, data[:place] + garbage + data[place + 2048 - inserted :])
    assert result.shape == plain.shape
    wrong = np.flatnonzero((result != plain).any(axis=0))
    assert 0 < len(wrong) <= 3 * 4096
    assert wrong[-1] - wrong[0] < 3 * 4096
    assert not result[:, wrong[0] : wrong[-1]].any()
    at, length = wrong[0] // 4096 * 4096 / RATE, (wrong[-1] // 4096 - wrong[0] // 4096 + 1) * 4096 / RATE
    assert notes == [f"at {at:.1f} s {length:.2f} s are damaged; they are silent"]


def test_a_flipped_bit_is_noticed(tmp_path: Path) -> None:
    data = bytearray(flac())
    data[len(data) // 2] ^= 4
    result, notes = read_bytes(tmp_path, bytes(data))
    assert result.shape == (2, FRAMES)
    assert "damaged" in notes[0]


def test_tags_in_front_and_behind_cost_no_sample(tmp_path: Path) -> None:
    plain, _ = read_bytes(tmp_path, flac())
    for data in (b"ID3\x04\0\0\0\0\x02\0" + bytes(256) + flac(), flac() + b"TAG" + bytes(125)):
        result, notes = read_bytes(tmp_path, data)
        assert np.array_equal(result, plain)
        assert notes == []


def test_a_channel_mask_in_the_comments_counts(tmp_path: Path) -> None:
    data = encoded(music(5000, 4), "FLAC")
    comment = b"WAVEFORMATEXTENSIBLE_CHANNEL_MASK=0x0107"  # front left, right, centre and one at the back
    block = bytes(4) + b"\1\0\0\0" + len(comment).to_bytes(4, "little") + comment
    marked = data[:42] + b"\4" + len(block).to_bytes(3, "big") + block + data[42:]
    result, notes = read_bytes(tmp_path, marked.replace(b"fLaC\x80", b"fLaC\0"))
    sound = encoded(music(5000, 4), "WAV")
    left, _, centre, back = soundfile.read(io.BytesIO(sound), dtype="float32")[0].T
    np.testing.assert_allclose(result[0], left + 0.5**0.5 * centre + 0.5 * back, atol=1e-4)
    assert notes == ["has 4 channels, taken as 4.0 and folded to stereo"]


@pytest.mark.skipif(not FAULTS.is_dir(), reason="needs the shared recordings")
def test_what_users_reported() -> None:
    result, notes = read(FAULTS / "03_unknown_length.flac")
    assert result.shape == (2, 44_100)
    assert notes == []
