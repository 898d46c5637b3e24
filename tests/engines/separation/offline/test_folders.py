"""Output folders: songs found, and the folder of each song."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engines.offline.songs import find_songs
from engines.separation.offline.folders import find_folder
from engines.separation.offline.journal import SCHEMA, Identity, Journal, Recipe, read_identity

RECIPE = Recipe("dsp", "separation.dsp", "", (), "wav24")


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(str(path).encode())


def take(song: Path, out: Path) -> Path:
    """The song's folder, as a run leaves it."""
    folder = find_folder(song, read_identity(song), out)
    folder.mkdir(parents=True, exist_ok=True)
    Journal(SCHEMA, str(song.resolve()), read_identity(song), RECIPE, {}).save(folder)
    return folder


def test_a_folder_is_the_songs_in_it_and_below_in_order(tmp_path: Path) -> None:
    album = tmp_path / "album"
    touch(album / "b.WAV", album / "a.flac", album / "cd2" / "c.mp3", album / "cover.jpg", album / ".hidden.wav")
    touch(album / ".trash" / "d.wav")
    assert find_songs([album], tmp_path / "out") == [album / "a.flac", album / "b.WAV", album / "cd2" / "c.mp3"]


def test_a_named_file_is_tried_whatever_its_name_ends_with(tmp_path: Path) -> None:
    touch(tmp_path / "song.xyz")
    assert find_songs([tmp_path / "song.xyz"], tmp_path / "out") == [tmp_path / "song.xyz"]


def test_a_song_that_is_given_twice_is_separated_once(tmp_path: Path) -> None:
    touch(tmp_path / "a.wav")
    assert find_songs([tmp_path / "a.wav", tmp_path, tmp_path / "x" / ".." / "a.wav"], tmp_path / "out") == [
        tmp_path / "a.wav"
    ]


def test_results_are_not_taken_for_songs(tmp_path: Path) -> None:
    touch(tmp_path / "a.wav", tmp_path / "out" / "a" / "drums.wav")
    (take(tmp_path / "a.wav", tmp_path / "elsewhere") / "bass.wav").write_bytes(b"")
    assert find_songs([tmp_path], tmp_path / "out") == [tmp_path / "a.wav"]


def test_a_folder_without_a_song_stays_to_be_named(tmp_path: Path) -> None:
    assert find_songs([tmp_path], tmp_path / "out") == [tmp_path]


def test_songs_of_one_name_get_folders_of_their_own_and_keep_them(tmp_path: Path) -> None:
    songs = [tmp_path / "x" / "song.wav", tmp_path / "y" / "song.wav", tmp_path / "x" / "song.flac"]
    touch(*songs)
    out = tmp_path / "out"
    assert [take(song, out).name for song in songs] == ["song", "song (2)", "song (3)"]
    assert [take(song, out).name for song in reversed(songs)] == ["song (3)", "song (2)", "song"]


def test_songs_whose_names_differ_in_capitals_alone_do_not_meet_on_any_disk(tmp_path: Path) -> None:
    songs = [tmp_path / "Song.wav", tmp_path / "song.wav", tmp_path / "SONG.flac"]
    touch(*songs)
    out = tmp_path / "out"
    assert [take(song, out).name for song in songs] == ["Song", "song (2)", "SONG (3)"]
    assert [take(song, out).name for song in reversed(songs)] == ["SONG (3)", "song (2)", "Song"]


def test_a_folder_that_an_older_version_made_beside_one_in_capitals_is_kept(tmp_path: Path) -> None:
    songs = [tmp_path / "Song.wav", tmp_path / "song.wav"]
    touch(*songs)
    for song in songs:
        folder = tmp_path / "out" / song.stem
        folder.mkdir(parents=True)
        Journal(SCHEMA, str(song), read_identity(song), RECIPE, {}).save(folder)
    assert [take(song, tmp_path / "out").name for song in songs] == ["Song", "song"]


@pytest.mark.parametrize("letter", ["b", "ü"])
@pytest.mark.parametrize("bytes_", [240, 250, 251])
def test_a_long_name_gets_a_folder_and_a_second_one_of_it_another(tmp_path: Path, letter: str, bytes_: int) -> None:
    stem = letter * (bytes_ // len(letter.encode()))
    songs = [tmp_path / folder / f"{stem}.wav" for folder in ("x", "y")]
    touch(*songs)
    first, second = (take(song, tmp_path / "out") for song in songs)
    assert first.name == stem
    assert second.name.endswith(" (2)")
    assert [take(song, tmp_path / "out") for song in songs] == [first, second]


def test_a_song_that_moved_keeps_its_folder(tmp_path: Path) -> None:
    touch(tmp_path / "song.wav")
    first = take(tmp_path / "song.wav", tmp_path / "out")
    (tmp_path / "new").mkdir()
    moved = (tmp_path / "song.wav").rename(tmp_path / "new" / "song.wav")
    assert take(moved, tmp_path / "out") == first


def test_a_bounce_over_the_same_file_keeps_its_folder(tmp_path: Path) -> None:
    song = tmp_path / "song.wav"
    touch(song)
    first = take(song, tmp_path / "out")
    song.write_bytes(b"another take")
    assert take(song, tmp_path / "out") == first


def test_somebody_else_s_folder_or_file_is_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "out"
    touch(tmp_path / "song.wav", out / "song" / "drums.wav", out / "song (2)")
    assert take(tmp_path / "song.wav", out).name == "song (3)"


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    touch(tmp_path / "song.wav")
    (tmp_path / "out" / "song").mkdir(parents=True)
    assert take(tmp_path / "song.wav", tmp_path / "out").name == "song"


def test_the_identity_changes_with_the_file(tmp_path: Path) -> None:
    song = tmp_path / "song.wav"
    touch(song)
    before = read_identity(song)
    os.utime(song, ns=(1, 1))
    assert read_identity(song) == Identity(before.size_bytes, 1, before.head)


@pytest.mark.parametrize(("name", "folder"), [("..wav", "song"), (".take.wav", "take"), ("take 1. .wav", "take 1")])
def test_a_name_that_makes_no_folder_of_its_own_is_trimmed(tmp_path: Path, name: str, folder: str) -> None:
    touch(tmp_path / name)
    assert take(tmp_path / name, tmp_path / "out") == tmp_path / "out" / folder
