"""Render sources: what is found in folders, what a source's parts are, and names for its results."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.errors import ConfigError
from chains.document.chain import Chain
from chains.render.render_journal import RenderJournal
from chains.render.render_options import MIX, ChainChoice, RenderOptions
from chains.render.render_source import find_sources, read_source
from engines.offline.songs import JOURNAL

NOTHING = ChainChoice("nothing", Chain(), Path())


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_folders_of_stems_are_sources_and_what_lies_in_them_is_not(tmp_path: Path) -> None:
    touch(tmp_path / "a.wav", tmp_path / "b.mid", tmp_path / "song" / JOURNAL, tmp_path / "song" / "drums.wav")
    touch(tmp_path / "live" / "c.flac", tmp_path / ".hidden" / "d.wav", tmp_path / "out" / "a.wav", tmp_path / "e.txt")
    found = find_sources([tmp_path, tmp_path / "a.wav"], tmp_path / "out", RenderOptions())
    assert [str(one.relative_to(tmp_path)) for one in found] == ["a.wav", "b.mid", "live/c.flac", "song"]


def test_the_tempo_map_of_an_analysis_is_no_source(tmp_path: Path) -> None:
    touch(tmp_path / "maps" / "a.mid", tmp_path / "maps" / "a.json", tmp_path / "maps" / "a.beats.csv")
    touch(tmp_path / "a.wav", tmp_path / "maps" / "b.mid")
    found = find_sources([tmp_path], tmp_path / "out", RenderOptions())
    assert [str(one.relative_to(tmp_path)) for one in found] == ["a.wav", "maps/b.mid"]


def test_any_folder_with_a_file_for_each_chain_is_one_of_stems(tmp_path: Path) -> None:
    touch(tmp_path / "x" / "kick.wav", tmp_path / "x" / "bass.wav", tmp_path / "y" / "kick.wav")
    options = RenderOptions(chains={"kick": NOTHING, "bass": NOTHING, MIX: NOTHING})
    found = find_sources([tmp_path], tmp_path / "out", options)
    assert [str(one.relative_to(tmp_path)) for one in found] == ["x", "y/kick.wav"]


def test_mixes_in_a_folder_of_stems_are_not_counted_twice(tmp_path: Path) -> None:
    touch(*(tmp_path / f"{name}.wav" for name in ("drums", "bass", "mix", "no_vocals", ".bass")), tmp_path / JOURNAL)
    assert read_source(tmp_path, RenderOptions()).parts == ("bass", "drums")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (RenderOptions(chains={"drms": NOTHING}), r"--chain drms=CHAIN: there is no such part; did you mean drums\?"),
        (RenderOptions(instruments={"": NOTHING}), "--instrument: it is no MIDI file"),
    ],
)
def test_a_chain_for_a_part_that_is_not_there_is_an_error(tmp_path: Path, options: RenderOptions, message: str) -> None:
    touch(tmp_path / "drums.wav", tmp_path / JOURNAL)
    with pytest.raises(ConfigError, match=message):
        read_source(tmp_path, options)


def test_a_song_has_no_parts_and_that_is_said(tmp_path: Path) -> None:
    touch(tmp_path / "a.wav")
    with pytest.raises(ConfigError, match="it has no parts; give a folder that sideman separate wrote"):
        read_source(tmp_path / "a.wav", RenderOptions(chains={"drums": NOTHING}))


def test_a_name_that_another_file_has_is_left_alone(tmp_path: Path) -> None:
    journal, song = RenderJournal(), tmp_path / "in" / "Song.wav"
    touch(song, tmp_path / "song.wav")
    name = journal.choose_name(song, tmp_path, ".wav")
    assert name == "Song (2).wav"
    journal.claim(name, song)
    touch(tmp_path / name)
    assert journal.choose_name(song, tmp_path, ".wav") == name


def test_a_folder_keeps_the_dots_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "in" / "Song v1.2").mkdir(parents=True)
    assert RenderJournal().choose_name(tmp_path / "in" / "Song v1.2", tmp_path, "") == "Song v1.2"
