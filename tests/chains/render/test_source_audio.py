"""Source audio: recordings in segments, of whatever length their header says."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.audiofile import Song
from bridge.core.audio import Audio
from bridge.errors import ConfigError
from chains.process.audio_file import map_segment
from chains.render import source_audio
from chains.render.source_audio import decode_recording


def ignore(_frames: int, _song: Song) -> None:
    """Take no notice."""


def decode(path: Path, folder: Path) -> tuple[Audio, int, list[str]]:
    notes: list[str] = []
    with ExitStack() as drafts:
        segment, rate = decode_recording(path, folder / "x", drafts, notes, ignore)
        audio = np.array(map_segment(segment))
        assert list(folder.iterdir())
    assert list(folder.iterdir()) == []
    return audio, rate, notes


def write(path: Path, channels: int, frames: int) -> Audio:
    sound = np.random.default_rng(1).uniform(-1, 1, (channels, frames)).astype(np.float32)
    soundfile.write(path, sound.T, 48000, "FLOAT")
    return sound


@pytest.mark.parametrize("channels", [1, 2])
def test_a_recording_is_there_bit_by_bit_and_mono_on_both_sides(tmp_path: Path, channels: int) -> None:
    sound = write(tmp_path / "a.wav", channels, 70_001)
    (tmp_path / "out").mkdir()
    audio, rate, _ = decode(tmp_path / "a.wav", tmp_path / "out")
    np.testing.assert_array_equal(audio, np.broadcast_to(sound, (2, 70_001)))
    assert rate == 48000


@pytest.mark.parametrize("guess", [1000, 100_000, 300_000])
def test_a_wrong_or_missing_length_does_no_harm(tmp_path: Path, guess: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_audio, "GUESS_FRAMES", guess)
    monkeypatch.setattr(Song, "frames", property(lambda _: 0, lambda _, value: None), raising=False)
    sound = write(tmp_path / "a.wav", 2, 200_000)
    (tmp_path / "out").mkdir()
    audio, _, _ = decode(tmp_path / "a.wav", tmp_path / "out")
    np.testing.assert_array_equal(audio, sound)


def test_more_than_two_channels_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", 6, 1000)
    with pytest.raises(ConfigError, match=r"a\.wav: it has 6 channels, and chains are stereo"):
        decode(tmp_path / "a.wav", tmp_path)


def test_samples_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    sound = np.zeros((1000, 2), np.float32)
    sound[[3, 700], 0] = np.nan, np.inf
    soundfile.write(tmp_path / "a.wav", sound, 48000, "FLOAT")
    with pytest.raises(ConfigError, match=r"a\.wav: frames with samples that are NaN or infinite: 2"):
        decode(tmp_path / "a.wav", tmp_path)


def test_a_file_without_frames_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros((0, 2)), 48000)
    with pytest.raises(ConfigError, match="holds no audio"):
        decode(tmp_path / "a.wav", tmp_path)
