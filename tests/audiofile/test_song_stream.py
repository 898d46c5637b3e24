"""Song stream: the whole song at any rate, again and again, and errors where it is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.audiofile import BLOCK_FRAMES
from bridge.audiofile.song_stream import SongStream
from bridge.core.audio import CHANNELS, Audio
from bridge.errors import ConfigError

RATE = 44100


def write(path: Path, frames: int) -> Audio:
    audio = np.random.default_rng(frames).uniform(-1, 1, (frames, CHANNELS)).astype(np.float32)
    soundfile.write(path, audio, RATE, "FLOAT")
    return np.asarray(audio.T)


def read(stream: SongStream, frames: int, step: int = 1000) -> Audio:
    out = np.full((CHANNELS, frames), 9.0, np.float32)
    for start in range(0, frames, step):
        stream.read(out[:, start : start + step])
    return out


def test_a_song_of_several_blocks_comes_whole(tmp_path: Path) -> None:
    song = write(tmp_path / "song.wav", 2 * BLOCK_FRAMES + 17)
    with SongStream(tmp_path / "song.wav", RATE) as stream:
        got = read(stream, song.shape[1] + 500)
        np.testing.assert_array_equal(got[:, : song.shape[1]], song)
        assert not got[:, song.shape[1] :].any()
        assert stream.read(np.ones((CHANNELS, 3), np.float32)) == 0


def test_repeated_it_has_no_seam_and_its_position_begins_again(tmp_path: Path) -> None:
    song = write(tmp_path / "song.wav", 700)
    with SongStream(tmp_path / "song.wav", RATE, repeats=True) as stream:
        np.testing.assert_array_equal(read(stream, 2000, 128), np.tile(song, 3)[:, :2000])
        assert stream.position == 600


def test_rewound_it_begins_again(tmp_path: Path) -> None:
    song = write(tmp_path / "song.wav", 700)
    with SongStream(tmp_path / "song.wav", RATE) as stream:
        read(stream, 900)
        stream.rewind()
        assert stream.position == 0
        np.testing.assert_array_equal(read(stream, 700), song)


def test_at_another_rate_it_is_resampled(tmp_path: Path) -> None:
    time_s = np.arange(RATE) / RATE
    soundfile.write(tmp_path / "song.wav", np.sin(2 * np.pi * 441 * time_s), RATE, "FLOAT")
    with SongStream(tmp_path / "song.wav", 2 * RATE) as stream:
        got = read(stream, 2 * RATE)
        expected = np.sin(2 * np.pi * 441 * np.arange(2 * RATE) / (2 * RATE))
        np.testing.assert_allclose(got[0, 4000:-4000], expected[4000:-4000], atol=1e-4)
        assert stream.read(np.ones((CHANNELS, 3), np.float32)) == 0


def test_what_is_wrong_with_the_song_is_raised_where_it_is_read_each_time(tmp_path: Path) -> None:
    (tmp_path / "song.wav").write_bytes(b"no audio")
    with SongStream(tmp_path / "song.wav", RATE) as stream:
        for _ in range(2):
            with pytest.raises(ConfigError, match="cannot be read as audio"):
                stream.read(np.zeros((CHANNELS, 3), np.float32))
