from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.errors import ConfigError
from research.mir.evaluation.songs import find_annotated, find_folder, read_clip


def wave(path: Path, level: float, frames: int = 4000, channels: int = 2, rate: int = 8000) -> Path:
    path.parent.mkdir(exist_ok=True)
    soundfile.write(path, np.full((frames, channels), level), rate, subtype="FLOAT")
    return path


def test_a_folders_songs_are_those_with_truth_beside_them(tmp_path: Path) -> None:
    for name in ("a", "b", "c.live"):
        wave(tmp_path / "set" / f"{name}.wav", 0.1)
    (tmp_path / "set" / "a.key").write_text("C major")
    (tmp_path / "set" / "c.live.beats").write_text("1 1\n2 2\n")
    songs = find_folder(tmp_path / "set")
    assert [(song.name, song.collection) for song in songs] == [("a", "set"), ("c.live", "set")]
    assert songs[0].truth.key == "C major"
    assert songs[1].truth.downbeats is not None


@pytest.mark.parametrize("folder", ["nowhere", "empty"])
def test_a_folder_without_songs_is_an_error(tmp_path: Path, folder: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match=folder):
        find_folder(tmp_path / folder)


def test_the_annotated_collection_is_audio_beside_truth_or_the_sum_of_all_stems(tmp_path: Path) -> None:
    truths, stems = tmp_path / "annotated", tmp_path / "multitrack"
    wave(truths / "x-one.wav", 0.5)
    levels = {"drums": 0.1, "bass": 0.02, "bassother": 0.003, "other": 0.0004}
    for stem, level in levels.items():
        wave(stems / f"x-two__{stem}.wav", level)
    wave(stems / "x-two-more__drums.wav", 0.9)
    wave(truths / "ev3-lithium.wav", 0.5)
    for name in ("x-one", "x-two", "ev3-lithium"):
        (truths / f"{name}.beats").write_text("0.1 1\n0.2 2\n")
    held, one, two = find_annotated(truths, stems)
    assert (one.name, one.collection, len(one.files)) == ("x-one", "recorded, learned from", 1)
    assert (held.name, held.collection) == ("ev3-lithium", "recorded, held out")
    mix, _ = read_clip(two.files)
    assert np.allclose(mix, 0.1234)
    assert two.truth.beats is not None
    assert two.truth.downbeats is None  # nobody verified them


def test_a_song_without_audio_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.beats").write_text("0.1 1\n")
    with pytest.raises(ConfigError, match="x: no audio") as raised:
        find_annotated(tmp_path, None)
    assert "--multitrack" in raised.value.hint


def test_a_clip_is_cut_and_resampled(tmp_path: Path) -> None:
    mix, rate = read_clip([wave(tmp_path / "a.wav", 0.1, 16_000)], 0.5, 16_000)
    assert (mix.shape, rate) == ((2, 8000), 16_000)
    assert np.allclose(mix[:, 500:-500], 0.1, atol=1e-4)


def test_files_of_other_lengths_rates_and_channels_still_sum(tmp_path: Path) -> None:
    files = [
        wave(tmp_path / "a.wav", 0.1),
        wave(tmp_path / "b.wav", 0.2, 2000, 1),
        wave(tmp_path / "c.wav", 0.4, 250, 5, 4000),
    ]
    mix, _ = read_clip(files)
    assert mix.shape == (2, 4000)
    assert np.allclose(mix[:, [250, 1500, 3000]], [0.7, 0.3, 0.1], atol=0.02)


def test_what_is_no_audio_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("no audio")
    with pytest.raises(ConfigError, match=r"a\.wav"):
        read_clip([tmp_path / "a.wav"])
