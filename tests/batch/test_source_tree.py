"""Source tree: the files of a batch, in a fixed order, without results and hidden ones."""

from __future__ import annotations

from pathlib import Path

from batch.batch_kind import KINDS
from batch.source_tree import iterate_sources
from tests.batch.simulated_batch import write_files


def list_names(kind: str, out: Path, *roots: Path) -> list[str]:
    return [source.name for source in iterate_sources(roots, out, KINDS[kind])]


def test_the_tree_is_mirrored_in_a_fixed_order(tmp_path: Path) -> None:
    songs = write_files(tmp_path / "songs", "b.wav", "a.FLAC", "x/y/c.mp3", "x/d.ogg", ".e.wav", ".f/g.wav", "h.txt")
    assert list_names("separate", tmp_path / "out", songs) == ["a.FLAC", "b.wav", "x/d.ogg", "x/y/c.mp3"]


def test_of_several_folders_each_has_its_name(tmp_path: Path) -> None:
    one, two = write_files(tmp_path / "one", "a.wav"), write_files(tmp_path / "two", "a.wav", "b.wav")
    assert list_names("separate", tmp_path, one, two, two / "b.wav") == ["one/a.wav", "two/a.wav", "two/b.wav", "b.wav"]


def test_what_batches_and_separate_wrote_is_no_song(tmp_path: Path) -> None:
    names = ("a.wav", "stems/a/drums.wav", "stems/a/.separation.json", "out/b.wav", "old/c.wav", "old/batch.sqlite")
    songs = write_files(tmp_path / "songs", *names)
    assert list_names("separate", songs / "out", songs) == ["a.wav"]


def test_stems_are_one_source_of_render_and_tempo_maps_none(tmp_path: Path) -> None:
    names = ("a/drums.wav", "a/.separation.json", "b.mid", "b.beats.csv", "c.mid")
    songs = write_files(tmp_path / "songs", *names)
    assert list_names("render", tmp_path / "out", songs) == ["c.mid", "a"]
    assert list_names("accompany", tmp_path / "out", songs) == ["c.mid"]
    assert list_names("render", tmp_path / "out", songs / "a") == ["a"]
