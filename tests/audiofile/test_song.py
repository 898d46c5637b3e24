"""Song reader: every file type that soundfile reads."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.audiofile import Song
from bridge.core.audio import Audio
from bridge.errors import ConfigError
from tests.engines.separation.offline.separators import RATE, noise


def read(path: Path, start: int = 0) -> tuple[Audio, list[str]]:
    with Song(path) as song:
        return np.concatenate([np.zeros((2, 0), np.float32), *song.read_blocks(start)], axis=1), song.notes


def write(path: Path, sound: Audio, subtype: str | None = None) -> Path:
    soundfile.write(path, sound.T, RATE, subtype)
    return path


@pytest.mark.parametrize(("name", "subtype"), [("a.wav", "FLOAT"), ("a.flac", "PCM_24")])
def test_a_file_is_read_as_it_is_whatever_its_length_in_blocks(tmp_path: Path, name: str, subtype: str) -> None:
    sound = noise(150_000)
    result, notes = read(write(tmp_path / name, sound, subtype))
    assert np.max(np.abs(result - sound)) < 1e-6
    assert notes == []


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3", "a.aiff"])
def test_from_any_frame_on_the_bits_are_those_of_the_whole(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, noise(200_000))
    whole, _ = read(path)
    for start in (1, 65_536, 123_457):
        assert np.array_equal(read(path, start)[0], whole[:, start:])


def test_mono_goes_to_both_sides(tmp_path: Path) -> None:
    result, _ = read(write(tmp_path / "a.wav", noise(1000, channels=1)))
    assert result.shape == (2, 1000)
    assert np.array_equal(result[0], result[1])


def test_six_channels_are_folded_and_said_to_be(tmp_path: Path) -> None:
    sound = noise(1000, channels=6)
    result, notes = read(write(tmp_path / "a.wav", sound, subtype="FLOAT"))
    assert np.allclose(result[1], sound[1] + np.sqrt(0.5) * (sound[2] + sound[5]), atol=1e-6)
    assert "5.1" in notes[0]


def test_of_eight_channels_the_first_two_are_taken_and_that_is_said(tmp_path: Path) -> None:
    sound = noise(1000, channels=8)
    result, notes = read(write(tmp_path / "a.wav", sound, subtype="FLOAT"))
    assert np.array_equal(result, sound[:2])
    assert notes == ["has 8 channels; the first two were used"]


def test_samples_that_are_no_numbers_are_silence(tmp_path: Path) -> None:
    sound = noise(1000)
    sound[0, 5], sound[1, 6], sound[0, 7] = np.nan, np.inf, -np.inf
    result, _ = read(write(tmp_path / "a.wav", sound, subtype="FLOAT"))
    assert result[0, 5] == result[1, 6] == result[0, 7] == 0.0
    assert np.isfinite(result).all()


def test_frames_with_samples_that_are_no_numbers_are_counted(tmp_path: Path) -> None:
    sound = noise(1000)
    sound[:, 5], sound[1, 6] = np.nan, -np.inf
    with Song(write(tmp_path / "a.wav", sound, subtype="FLOAT")) as song:
        for _ in song.read_blocks():
            pass
        assert song.not_finite == 2


def test_a_truncated_wav_is_read_as_far_as_it_goes_and_that_is_said(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", noise(50_000))
    path.write_bytes(path.read_bytes()[:-100_000])
    result, notes = read(path)
    assert result.shape == (2, 25_000)
    assert "100,000 bytes" in notes[0]


def test_a_truncated_mp3_is_read_as_far_as_it_goes_and_that_is_said(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp3", noise(200_000))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    result, notes = read(path)
    assert 50_000 < result.shape[1] < 150_000
    assert "breaks off after 2.2 of 4.5 s" in notes[0]


def test_a_truncated_flac_is_read_as_far_as_it_goes_and_that_is_said(tmp_path: Path) -> None:
    sound = noise(300_000)
    path = write(tmp_path / "a.flac", sound, "PCM_24")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    result, notes = read(path)
    assert 140_000 < result.shape[1] < 150_000
    assert np.max(np.abs(result - sound[:, : result.shape[1]])) < 1e-6
    assert notes == [f"breaks off after {result.shape[1] / RATE:.1f} of 6.8 s"]


def test_what_was_odd_is_remarked_once_however_often_the_song_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac", noise(200_000))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with Song(path) as song:
        list(song.read_blocks())
        first = list(song.notes)
        list(song.read_blocks())
        assert song.notes == first
    assert len(first) == 1


def test_recordings_are_opened_by_one_reader_alone() -> None:
    root = Path(__file__).parents[2]
    files = [path for folder in ("bridge", "engines", "tui", "tools") for path in (root / folder).rglob("*.py")]
    reads = re.compile(r"soundfile\.(read|info|blocks)\b|SoundFile\((?!.*\"w\")|av\.open\b")
    found = [path for path in files if path.parent.name != "audiofile" and reads.search(path.read_text("utf-8"))]
    assert len(files) > 100
    assert found == []


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _no_frames(path: Path) -> None:
    soundfile.write(path, np.zeros((0, 2)), RATE, format="WAV")


def _text(path: Path) -> None:
    path.write_text("not a song")


def _only_a_header(path: Path) -> None:
    soundfile.write(path, noise(1000).T, RATE, format="WAV")
    path.write_bytes(path.read_bytes()[:20])


def _one_hertz(path: Path) -> None:
    soundfile.write(path, noise(1000).T, RATE, format="WAV")
    data = bytearray(path.read_bytes())
    data[24:28] = struct.pack("<I", 1)
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (_empty, "is empty"),
        (_no_frames, "holds no audio"),
        (_text, "cannot be read as audio"),
        (_only_a_header, "cannot be read as audio"),
        (_one_hertz, "a sampling rate of 1 Hz"),
        (Path.mkdir, "a folder, with no song in it"),
        (lambda path: None, "no such file"),
    ],
)
def test_what_is_no_song_is_named_with_a_fix(tmp_path: Path, make: object, message: str) -> None:
    path = tmp_path / "song.wav"
    make(path)  # type: ignore[operator]
    with pytest.raises(ConfigError, match=message) as raised:
        read(path)
    assert str(path) in raised.value.message
    assert raised.value.hint


def test_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", noise(100))
    path.chmod(0)
    try:
        path.open("rb").close()
    except PermissionError:
        with pytest.raises(ConfigError, match="Permission denied"):
            read(path)
    else:
        pytest.skip("this user may read everything")


def test_headerless_audio_is_refused_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "a.raw").write_bytes(bytes(1000))
    with pytest.raises(ConfigError, match="cannot be read as audio"):
        read(tmp_path / "a.raw")
