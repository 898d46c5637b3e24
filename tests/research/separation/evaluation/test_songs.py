"""Songs from folders of stems and from files named SONG__STEM."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.core.audio import STEMS
from bridge.errors import ConfigError
from research.separation.evaluation.songs import (
    JOINED,
    Excerpt,
    MultitrackSong,
    choose,
    find_multitracks,
    find_songs,
    read_song,
)

RATE = 8000


def write(path: Path, level: float, seconds: float = 1.0, channels: int = 2, rate: int = RATE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.full((int(seconds * rate), channels), level), rate, subtype="FLOAT")


def only_song(folder: Path, excerpt: Excerpt | None = None) -> MultitrackSong:
    ((name, files),) = find_songs(folder).items()
    return read_song(name, files, excerpt or Excerpt())


def test_a_folder_a_song_is_found_by_its_name_and_other_folders_are_not(tmp_path: Path) -> None:
    write(tmp_path / "two" / "drums.wav", 0.1)
    write(tmp_path / "one" / "drums.wav", 0.1)
    (tmp_path / "pictures").mkdir()
    assert list(find_songs(tmp_path)) == ["one", "two"]


def test_a_folder_of_stems_is_a_song_itself(tmp_path: Path) -> None:
    write(tmp_path / "tune" / "drums.wav", 0.1)
    assert list(find_songs(tmp_path / "tune")) == ["tune"]


def test_the_mix_is_the_sum_of_the_stems_whatever_the_mixture_says(tmp_path: Path) -> None:
    for i, stem in enumerate(STEMS):
        write(tmp_path / f"{stem}.wav", 0.1 * (i + 1))
    write(tmp_path / "mixture.wav", 0.9)
    song = only_song(tmp_path)
    assert song.stems == STEMS
    np.testing.assert_allclose(song.truth[:, :, 0], np.outer([0.1, 0.2, 0.3, 0.4], [1, 1]), rtol=1e-6)
    np.testing.assert_allclose(song.mix, np.full((2, RATE), 1.0), rtol=1e-6)


def test_a_stem_without_a_file_is_silent(tmp_path: Path) -> None:
    write(tmp_path / "drums.wav", 0.1)
    assert only_song(tmp_path).truth.any(axis=(1, 2)).tolist() == [True, False, False, False]


def test_mono_goes_to_both_sides_and_a_short_stem_ends_in_silence(tmp_path: Path) -> None:
    write(tmp_path / "drums.wav", 0.1, channels=1)
    write(tmp_path / "bass.wav", 0.2, seconds=0.5)
    truth = only_song(tmp_path).truth
    np.testing.assert_allclose(truth[0], 0.1, rtol=1e-6)
    assert truth[1, :, RATE // 2 - 1].all()
    assert not truth[1, :, RATE // 2 :].any()


def test_an_excerpt_is_cut_from_each_stem(tmp_path: Path) -> None:
    ramp = np.arange(3 * RATE) / (3 * RATE)
    soundfile.write(tmp_path / "drums.wav", ramp, RATE, subtype="FLOAT")
    song = only_song(tmp_path, Excerpt(offset_s=1.0, seconds=0.5))
    np.testing.assert_allclose(song.truth[0, 1], ramp[RATE : RATE + RATE // 2], rtol=1e-6)


def test_a_song_can_be_had_at_another_rate(tmp_path: Path) -> None:
    write(tmp_path / "drums.wav", 0.1)
    song = only_song(tmp_path, Excerpt(rate=16000))
    assert (song.rate, song.truth.shape[2]) == (16000, 16000)


def test_an_excerpt_past_the_end_is_an_error_that_says_so(tmp_path: Path) -> None:
    write(tmp_path / "drums.wav", 0.1)
    with pytest.raises(ConfigError, match="silent in this excerpt"):
        only_song(tmp_path, Excerpt(offset_s=5.0))


def test_a_stem_of_another_name_beside_ours_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "drums.wav", 0.1)
    write(tmp_path / "guitar.wav", 0.1)
    with pytest.raises(ConfigError, match=r"guitar\.wav"):
        find_songs(tmp_path)


def test_multitracks_are_recognised_by_their_file_names(tmp_path: Path) -> None:
    for stem in STEMS:
        write(tmp_path / f"my__song__{stem}.wav", 0.1)
    (tmp_path / "README.md").write_text("about", encoding="utf-8")
    songs = find_multitracks(tmp_path)
    assert list(songs) == ["my__song"]
    assert set(songs["my__song"]) == set(STEMS)


def test_a_song_without_bass_is_measured_on_bass_and_other_in_one(tmp_path: Path) -> None:
    for stem in ("drums", "vocals", "other", "bassother"):
        write(tmp_path / f"a__{stem}.wav", 0.1)
    song = read_song("a", find_multitracks(tmp_path)["a"], Excerpt())
    assert song.stems == JOINED
    np.testing.assert_allclose(song.mix, 0.3, rtol=1e-6)


def test_bass_and_other_in_one_are_left_alone_where_both_are_there(tmp_path: Path) -> None:
    for stem in (*STEMS, "bassother"):
        write(tmp_path / f"a__{stem}.wav", 0.1)
    assert set(find_multitracks(tmp_path)["a"]) == set(STEMS)


def test_the_error_for_an_unknown_song_names_the_nearest(tmp_path: Path) -> None:
    write(tmp_path / "lithium__drums.wav", 0.1)
    with pytest.raises(ConfigError, match="did you mean lithium"):
        choose(find_multitracks(tmp_path), ["litium"])


@pytest.mark.parametrize("find", [find_songs, find_multitracks])
def test_an_empty_folder_and_a_missing_one_give_different_errors(tmp_path: Path, find: type) -> None:
    with pytest.raises(ConfigError, match="holds no"):
        find(tmp_path)
    with pytest.raises(ConfigError, match="no such folder"):
        find(tmp_path / "nowhere")
