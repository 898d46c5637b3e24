"""Channel layouts, and the downmix to stereo."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from bridge.audiofile.layout import describe_downmix, downmix_to_stereo
from tests.audiofile.recordings import RATE, chunk, encoded, fmt, read_bytes, riff

SIDE = 0.5**0.5
FL, FR, FC, LFE, BL, BR, FLC, FRC, BC, SL, SR = (1 << bit for bit in range(11))


def levels(channels: int) -> np.ndarray:
    """Each channel a level of its own, such that every sum is declared from every other; shape (channels, frames)."""
    return np.repeat(0.5 ** np.arange(2, channels + 2)[:, None], 500, axis=1).astype(np.float32)


def extensible(channels: int, mask: int) -> bytes:
    head = struct.pack("<HHIIHH", 0xFFFE, channels, RATE, RATE * 4 * channels, 4 * channels, 32)
    guid = struct.pack("<H", 3) + bytes.fromhex("000000001000800000aa00389b71")
    return riff([
        chunk(b"fmt ", head + struct.pack("<HHI", 22, 32, mask) + guid),
        chunk(b"data", levels(channels).T.tobytes()),
    ])  # fmt: skip


def folded(left: dict[int, float], right: dict[int, float]) -> list[float]:
    """The levels of both sides, from gains by channel."""
    return [sum(gain * 0.5 ** (channel + 2) for channel, gain in side.items()) for side in (left, right)]


@pytest.mark.parametrize(
    ("channels", "mask", "right", "name"),
    [
        (3, FL | FR | FC, folded({0: 1, 2: SIDE}, {1: 1, 2: SIDE}), "3.0"),
        (3, FL | FR | LFE, folded({0: 1}, {1: 1}), "FL FR LFE"),
        (4, FL | FR | BL | BR, folded({0: 1, 2: SIDE}, {1: 1, 3: SIDE}), "quadraphonic"),
        (4, FL | FR | FC | BC, folded({0: 1, 2: SIDE, 3: 0.5}, {1: 1, 2: SIDE, 3: 0.5}), "4.0"),
        (5, FL | FR | FC | BL | BR, folded({0: 1, 2: SIDE, 3: SIDE}, {1: 1, 2: SIDE, 4: SIDE}), "5.0"),
        (6, FL | FR | FC | LFE | SL | SR, folded({0: 1, 2: SIDE, 4: SIDE}, {1: 1, 2: SIDE, 5: SIDE}), "5.1"),
        (
            7, FL | FR | FC | LFE | BC | SL | SR,
            folded({0: 1, 2: SIDE, 4: 0.5, 5: SIDE}, {1: 1, 2: SIDE, 4: 0.5, 6: SIDE}), "6.1",
        ),
        (
            8, FL | FR | FC | LFE | BL | BR | SL | SR,
            folded({0: 1, 2: SIDE, 4: SIDE, 6: SIDE}, {1: 1, 2: SIDE, 5: SIDE, 7: SIDE}), "7.1",
        ),
        (
            8, FL | FR | FC | LFE | BL | BR | FLC | FRC,
            folded({0: 1, 2: SIDE, 4: SIDE, 6: 1}, {1: 1, 2: SIDE, 5: SIDE, 7: 1}), "FL FR FC LFE BL BR FLC FRC",
        ),
    ],
)  # fmt: skip
def test_a_channel_mask_says_what_is_folded(
    tmp_path: Path, channels: int, mask: int, right: list[float], name: str
) -> None:
    result, notes = read_bytes(tmp_path, extensible(channels, mask))
    np.testing.assert_allclose(result[:, 100], right, rtol=1e-6)
    count = "six" if channels == 6 else str(channels)
    assert notes == [f"has {count} channels, taken as {name} and folded to stereo"]


@pytest.mark.parametrize("mask", [0, FL | FR, 1 << 17 | 1 << 16 | 1 << 15 | 1 << 14])
def test_four_channels_of_which_no_stereo_can_be_made_give_the_first_two(tmp_path: Path, mask: int) -> None:
    result, notes = read_bytes(tmp_path, extensible(4, mask))
    assert list(result[:, 100]) == [0.25, 0.125]
    assert notes == ["has 4 channels; the first two were used"]


def test_six_channels_without_a_mask_are_5_1(tmp_path: Path) -> None:
    result, notes = read_bytes(tmp_path, encoded(levels(6), "WAV", "FLOAT"))
    np.testing.assert_allclose(result[:, 100], folded({0: 1, 2: SIDE, 4: SIDE}, {1: 1, 2: SIDE, 5: SIDE}), rtol=1e-6)
    assert notes == ["has six channels, taken as 5.1 and folded to stereo"]


def test_two_channels_are_left_and_right_whatever_a_mask_says(tmp_path: Path) -> None:
    result, notes = read_bytes(tmp_path, extensible(2, FC | LFE))
    assert list(result[:, 100]) == [0.25, 0.125]
    assert notes == []


@pytest.mark.parametrize(
    ("channels", "left", "right"),
    [
        (3, {0: 1, 2: SIDE}, {1: 1, 2: SIDE}),
        (4, {0: 1, 2: SIDE}, {1: 1, 3: SIDE}),
        (5, {0: 1, 2: SIDE, 3: SIDE}, {1: 1, 2: SIDE, 4: SIDE}),
        (6, {0: 1, 2: SIDE, 4: SIDE}, {1: 1, 2: SIDE, 5: SIDE}),
        (7, {0: 1, 2: SIDE, 4: 0.5, 5: SIDE}, {1: 1, 2: SIDE, 4: 0.5, 6: SIDE}),
        (8, {0: 1, 2: SIDE, 4: SIDE, 6: SIDE}, {1: 1, 2: SIDE, 5: SIDE, 7: SIDE}),
    ],
)
def test_flac_has_an_order_for_every_number(
    tmp_path: Path, channels: int, left: dict[int, float], right: dict[int, float]
) -> None:
    result, _ = read_bytes(tmp_path, encoded(levels(channels), "FLAC", "PCM_24"))
    np.testing.assert_allclose(result[:, 100], folded(left, right), atol=1e-6)


def chan(tag: int, bitmap: int = 0, labels: tuple[int, ...] = ()) -> bytes:
    descriptions = b"".join(struct.pack(">II", label, 0) + bytes(12) for label in labels)
    return struct.pack(">III", tag, bitmap, len(labels)) + descriptions


ORDERS = {
    "MPEG 5.1 A": (chan(121 << 16 | 6), ("L", "R", "C", "LFE", "Ls", "Rs")),
    "MPEG 5.1 B": (chan(122 << 16 | 6), ("L", "R", "Ls", "Rs", "C", "LFE")),
    "MPEG 5.1 C": (chan(123 << 16 | 6), ("L", "C", "R", "Ls", "Rs", "LFE")),
    "MPEG 5.1 D": (chan(124 << 16 | 6), ("C", "L", "R", "Ls", "Rs", "LFE")),
    "labels": (chan(0, labels=(3, 1, 2, 4, 6, 5)), ("C", "L", "R", "LFE", "Rs", "Ls")),
    "bitmap": (chan(1 << 16, 0x3F), ("L", "R", "C", "LFE", "Ls", "Rs")),
    "nonsense": (chan(999 << 16 | 6), ("L", "R", "C", "LFE", "Ls", "Rs")),
}
LEFT, RIGHT = {"L": 1.0, "C": SIDE, "Ls": SIDE}, {"R": 1.0, "C": SIDE, "Rs": SIDE}


@pytest.mark.parametrize("kind", ["caf", "aiff"])
@pytest.mark.parametrize("name", ORDERS)
def test_core_audio_layouts_count_in_caf_and_aiff(tmp_path: Path, kind: str, name: str) -> None:
    layout, order = ORDERS[name]
    sound = levels(6).T.astype(">f4").tobytes()
    if kind == "caf":
        desc = struct.pack(">d4sIIIII", RATE, b"lpcm", 1, 24, 1, 6, 32)
        parts = [(b"desc", desc), (b"chan", layout), (b"data", bytes(4) + sound)]
        data = b"caff\0\1\0\0" + b"".join(mark + struct.pack(">q", len(body)) + body for mark, body in parts)
    else:
        comm = struct.pack(">HIHHQ", 6, 500, 32, 16383 + 15, RATE << 48) + b"fl32\0\0"
        parts = [(b"COMM", comm), (b"CHAN", layout), (b"SSND", bytes(8) + sound)]
        body = b"AIFC" + b"".join(chunk(mark, body, order=">") for mark, body in parts)
        data = b"FORM" + struct.pack(">I", len(body)) + body
    result, _ = read_bytes(tmp_path, data)
    sides = [{i: gains[mark] for i, mark in enumerate(order) if mark in gains} for gains in (LEFT, RIGHT)]
    np.testing.assert_allclose(result[:, 100], folded(*sides), rtol=1e-6)


def test_plain_wavs_of_many_channels_say_nothing_of_them(tmp_path: Path) -> None:
    sound = levels(5)
    data = riff([fmt(5, bits=32, tag=3), chunk(b"data", sound.T.tobytes())])
    result, notes = read_bytes(tmp_path, data)
    assert np.array_equal(result, sound[:2])
    assert notes == [describe_downmix((), 5)]


def test_one_channel_goes_to_both_sides_at_its_level() -> None:
    assert np.array_equal(downmix_to_stereo(levels(1).T, ("FC",)), np.full((500, 2), 0.25, np.float32))
