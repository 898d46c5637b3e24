"""Ogg: every link, sample-exact, with the right channel order, and in time after gaps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bridge.errors import ConfigError
from tests.audiofile.recordings import RATE, encoded, flac_in_ogg, music, page, read, read_bytes

FRAMES = 2 * RATE + 777
FAULTS = Path(__file__).parents[3] / "shared/data/faults"


def vorbis(frames: int = FRAMES, channels: int = 2, rate: int = RATE) -> bytes:
    return encoded(music(frames, channels, rate), "OGG", "VORBIS", rate)


def opus(frames: int = FRAMES, channels: int = 2) -> bytes:
    return encoded(music(frames, channels, 48_000), "OGG", "OPUS", 48_000)


def flac(frames: int = FRAMES) -> bytes:
    return flac_in_ogg(music(frames))


MAKERS = {"vorbis": vorbis, "opus": opus, "flac": flac}
every_kind = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


def pages_of(data: bytes) -> list[bytes]:
    pages, at = [], 0
    while at < len(data):
        size = 27 + data[at + 26] + sum(data[at + 27 : at + 27 + data[at + 26]])
        pages.append(data[at : at + size])
        at += size
    return pages


@every_kind
def test_one_link_is_as_long_as_what_was_encoded(tmp_path: Path, make: Callable[[], bytes]) -> None:
    result, notes = read_bytes(tmp_path, make())
    assert result.shape == (2, FRAMES)
    assert notes == []


@every_kind
def test_of_a_chain_every_link_is_read_as_if_alone(tmp_path: Path, make: Callable[[int], bytes]) -> None:
    links = [make(FRAMES), make(10_000), make(RATE)]
    alone = [read_bytes(tmp_path, link)[0] for link in links]
    result, notes = read_bytes(tmp_path, b"".join(links))
    assert np.array_equal(result, np.concatenate(alone, axis=1))
    assert result.shape == (2, FRAMES + 10_000 + RATE)
    assert notes == []


def test_links_of_the_same_stream_number_are_links(tmp_path: Path) -> None:
    link = vorbis()
    result, _ = read_bytes(tmp_path, link + link)
    assert result.shape == (2, 2 * FRAMES)


def test_a_link_of_another_rate_and_channels_is_made_like_the_first(tmp_path: Path) -> None:
    result, notes = read_bytes(tmp_path, vorbis() + vorbis(22_050, 1, 22_050))
    assert result.shape == (2, FRAMES + RATE)
    assert np.array_equal(result[0, FRAMES:], result[1, FRAMES:])
    sine = music(22_050, 1, 22_050)[0]
    assert np.corrcoef(result[0, FRAMES::2], sine)[0, 1] > 0.9
    assert notes == ["has parts at 22050 Hz, resampled to 44100 Hz"]


def test_links_of_several_codecs_are_read(tmp_path: Path) -> None:
    result, _ = read_bytes(tmp_path, flac(RATE) + vorbis(RATE) + opus(48_000))
    assert result.shape == (2, 3 * RATE)
    sound = music(RATE)
    for link in range(3):
        assert np.corrcoef(result[0, link * RATE : (link + 1) * RATE], sound[0])[0, 1] > 0.9


def test_flac_in_ogg_is_read_to_the_bit(tmp_path: Path) -> None:
    sound = music(FRAMES)
    result, _ = read_bytes(tmp_path, flac_in_ogg(sound))
    assert np.array_equal(result, read_bytes(tmp_path, encoded(sound, "FLAC", "PCM_16"))[0])


@pytest.mark.parametrize(("make", "rate"), [(vorbis, RATE), (opus, 48_000)], ids=["vorbis", "opus"])
def test_the_sound_lies_where_it_was(tmp_path: Path, make: Callable[[], bytes], rate: int) -> None:
    result, _ = read_bytes(tmp_path, make())
    sound = music(FRAMES, 2, rate)
    shifts = [float(np.dot(result[0, 5000:60_000], sound[0, 5000 + by : 60_000 + by])) for by in range(-40, 41)]
    assert int(np.argmax(shifts)) == 40


TONES_HZ = (300, 500, 700, 60, 1100, 1300, 1500, 1700)
SIDE = 0.5**0.5
ORDERS = {
    3: ("L", "C", "R"),
    4: ("L", "R", "Ls", "Rs"),
    5: ("L", "C", "R", "Ls", "Rs"),
    6: ("L", "C", "R", "Ls", "Rs", "LFE"),
    7: ("L", "C", "R", "Ls", "Rs", "Cs", "LFE"),
    8: ("L", "C", "R", "Ls", "Rs", "Lb", "Rb", "LFE"),
}
"""Vorbis I, section 4.3.9, which Opus takes over (RFC 7845, 5.1.1.2)."""
LEFT = {"L": 1.0, "C": SIDE, "Ls": SIDE, "Lb": SIDE, "Cs": 0.5}
RIGHT = {"R": 1.0, "C": SIDE, "Rs": SIDE, "Rb": SIDE, "Cs": 0.5}


@pytest.mark.parametrize("codec", ["VORBIS", "OPUS"])
@pytest.mark.parametrize("channels", ORDERS)
def test_surround_is_folded_in_the_codecs_own_order(tmp_path: Path, codec: str, channels: int) -> None:
    time = np.arange(48_000) / 48_000
    tones = np.stack([0.1 * np.sin(2 * np.pi * hz * time) for hz in TONES_HZ[:channels]]).astype(np.float32)
    result, notes = read_bytes(tmp_path, encoded(tones, "OGG", codec, 48_000))
    window = np.hanning(40_000)
    for side, gains in zip(result, (LEFT, RIGHT), strict=True):
        for hz, name in zip(TONES_HZ[:channels], ORDERS[channels], strict=True):
            phasor = np.exp(-2j * np.pi * hz * time[:40_000])
            level = 2 * abs(np.dot(side[4000:44_000] * window, phasor)) / window.sum() / 0.1
            if name != "LFE":  # Opus cuts it off
                assert level == pytest.approx(gains.get(name, 0.0), abs=0.05), (name, hz)
    assert len(notes) == 1
    assert "folded to stereo" in notes[0]


@every_kind
def test_garbage_between_pages_costs_no_sample(tmp_path: Path, make: Callable[[], bytes]) -> None:
    data = make()
    plain, _ = read_bytes(tmp_path, data)
    pages = pages_of(data)
    garbage = b"OggS" + np.random.Generator(np.random.Philox(4)).bytes(1500) + b"OggS"
    place = len(pages) - 1
    result, notes = read_bytes(tmp_path, b"".join(pages[:place]) + garbage + b"".join(pages[place:]))
    assert np.array_equal(result, plain)
    assert len(notes) == 1
    assert "1,508 bytes that are no Ogg pages" in notes[0]


@pytest.mark.parametrize("make", [vorbis, opus], ids=["vorbis", "opus"])
def test_a_broken_page_is_silent_for_as_long_as_it_lasted(tmp_path: Path, make: Callable[[int], bytes]) -> None:
    data = make(8 * RATE)
    plain, _ = read_bytes(tmp_path, data)
    pages = pages_of(data)
    place = len(pages) // 2
    broken = bytearray(pages[place])
    broken[len(broken) // 2] ^= 0x55
    result, notes = read_bytes(tmp_path, b"".join([*pages[:place], bytes(broken), *pages[place + 1 :]]))
    assert result.shape == plain.shape
    assert "they are silent" in notes[0]
    wrong = np.flatnonzero((result != plain).any(axis=0))
    if make is vorbis:
        assert not result[:, wrong].any()  # silent, or right
    assert np.abs(result[:, -RATE:] - plain[:, -RATE:]).max() < 1e-3  # behind the hole all is where it was


def test_one_that_breaks_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    pages = pages_of(vorbis(8 * RATE))
    result, notes = read_bytes(tmp_path, b"".join(pages[:-1]))
    assert notes == [f"breaks off after {result.shape[1] / RATE:.1f} s: its last page is missing"]
    plain, _ = read_bytes(tmp_path, b"".join(pages))
    assert np.array_equal(result, plain[:, : result.shape[1]])


def test_a_radio_recording_begins_with_its_first_whole_link(tmp_path: Path) -> None:
    link = vorbis()
    alone, _ = read_bytes(tmp_path, link)
    result, notes = read_bytes(tmp_path, b"".join(pages_of(link)[2:]) + link)
    assert np.array_equal(result, alone)
    assert notes == ["begins in the middle of a stream, of which nothing can be decoded"]


def test_pages_without_any_beginning_are_refused(tmp_path: Path) -> None:
    pages = pages_of(vorbis())
    with pytest.raises(ConfigError, match="no beginning of an Ogg stream"):
        read_bytes(tmp_path, b"".join(pages[2:]))


def test_a_stream_beside_the_sound_is_passed_over(tmp_path: Path) -> None:
    pages = pages_of(vorbis())

    data = [page(b"\x80theora" + bytes(40), 2, 0, 0), pages[0], page(bytes(50), 0, 7, 1), *pages[1:]]
    result, notes = read_bytes(tmp_path, b"".join(data))
    assert result.shape == (2, FRAMES)
    assert notes == []


@pytest.mark.skipif(not FAULTS.is_dir(), reason="needs the shared recordings")
@pytest.mark.parametrize(
    ("name", "frames"),
    [("04_chained.ogg", 264_600), ("meh_25_flac_in_ogg.oga", 44_100), ("05_surround51.ogg", 132_300)],
)
def test_what_users_reported(name: str, frames: int) -> None:
    assert read(FAULTS / name)[0].shape == (2, frames)
