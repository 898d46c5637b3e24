"""STEM files: five tracks of an MP4 become the stems of a song, each by its own place."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from bridge.errors import ConfigError
from research.separation.evaluation.songs import Excerpt, find_songs, read_song
from research.separation.evaluation.unpack_stems import unpack

RATE, FRAMES = 44100, 22050
TONES_HZ = {"mixture": 0.0, "drums": 300.0, "bass": 80.0, "other": 900.0, "vocals": 500.0}


def write_stem_file(path: Path, tones_hz: dict[str, float]) -> None:
    """A STEM file with a tone on each track; lossless, so that a test can compare."""
    with av.open(str(path), "w", format="mp4") as container:
        streams = [container.add_stream("alac", rate=RATE, layout="stereo") for _ in tones_hz]
        for stream, tone_hz in zip(streams, tones_hz.values(), strict=True):
            sine = 0.5 * np.sin(2 * np.pi * tone_hz / RATE * np.arange(FRAMES))
            samples = np.round(np.stack([sine, sine]) * 32767).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(samples, format="s16p", layout="stereo")
            frame.rate = RATE
            for packet in (*stream.encode(frame), *stream.encode(None)):
                container.mux(packet)


def test_each_track_becomes_its_stem(tmp_path: Path) -> None:
    write_stem_file(tmp_path / "Tune.stem.mp4", TONES_HZ)
    unpack(tmp_path / "Tune.stem.mp4", out=tmp_path / "songs")
    ((name, files),) = find_songs(tmp_path / "songs").items()
    song = read_song(name, files, Excerpt())
    assert (song.name, song.rate, song.truth.shape[2]) == ("Tune", RATE, FRAMES)
    for stem, audio in zip(song.stems, song.truth, strict=True):
        peak = np.abs(np.fft.rfft(audio[0] * np.hanning(FRAMES))).argmax() * RATE / FRAMES
        assert peak == pytest.approx(TONES_HZ[stem], abs=3), stem


def test_what_is_no_stem_file_is_named(tmp_path: Path) -> None:
    write_stem_file(tmp_path / "Two.stem.mp4", {"mixture": 0.0, "drums": 300.0})
    with pytest.raises(ConfigError, match="2 audio tracks, not 5"):
        unpack(tmp_path / "Two.stem.mp4", out=tmp_path / "songs")
    (tmp_path / "text.stem.mp4").write_text("no audio")
    with pytest.raises(ConfigError, match=r"text\.stem\.mp4: cannot be read"):
        unpack(tmp_path / "text.stem.mp4", out=tmp_path / "songs")
    assert not (tmp_path / "songs").exists()
