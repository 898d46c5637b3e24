from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bridge.errors import ConfigError
from research.accompaniment.songs import MODULATED, find_nearest_chord, make_segment, modulate, read_written
from tests.research.accompaniment.evaluation.made import song, symbolic


def test_only_songs_that_nothing_was_counted_on_are_read_with_their_chords_and_their_pianist(tmp_path: Path) -> None:
    songs = read_written(symbolic(tmp_path, ("004", "005", "006", "010")))
    assert [one.name for one in songs] == ["005", "010"]
    one = songs[0]
    assert (one.bpm, one.bar_beats, one.beats, one.bars) == (120.0, 4, 48, 12)
    assert [span.root for span in one.spans[:4]] == [0, 9, 5, 7]
    assert one.keys == ((0.0, 0, 0),)
    assert [(note.beat, note.pitch) for note in one.human[:4]] == [(0.0, 48), (0.0, 52), (0.0, 55), (4.0, 45)]


def test_so_many_songs_are_read_as_were_asked_for(tmp_path: Path) -> None:
    folder = symbolic(tmp_path, ("005", "010", "015"))
    assert len(read_written(folder, 2)) == 2
    assert len(read_written(folder)) == 3


def test_without_the_collections_the_error_says_what_to_unpack(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no pop909-cl"):
        read_written(tmp_path)


def test_a_chord_without_a_name_is_named_as_the_one_that_shares_most_with_it() -> None:
    assert find_nearest_chord(frozenset({0, 4, 7, 11, 2}), 0).label == "Cmaj7"
    assert (
        find_nearest_chord(frozenset({0, 4, 5, 7}), 5).label == "C/F"
    )  # Fmaj7 shares as many, but has one that is not there
    added = make_segment(0.0, 4.0, (45, 52, 59, 60, 64))  # A minor with a ninth
    assert added.chord is not None
    assert (added.chord.label, added.root, added.classes) == ("Am", 9, frozenset({9, 0, 4, 11}))


def test_a_slash_chord_keeps_its_bass() -> None:
    span = make_segment(0.0, 4.0, (40, 48, 55))
    assert (span.root, span.bass) == (0, 4)
    assert span.chord is not None
    assert span.chord.label == "C/E"


def test_a_song_that_modulates_goes_on_a_tone_higher_from_its_middle_bar() -> None:
    plain, moved = song(8), modulate(song(8))
    assert [span.root for span in moved.spans] == [0, 9, 5, 7, 2, 11, 7, 9]
    assert moved.spans[4].classes == {2, 6, 9}
    assert moved.keys == ((0.0, 0, 0), (16.0, 2, 0))
    assert (plain.modulations, moved.modulations) == ((), (4,))
    assert moved.collection == MODULATED
    assert plain.get_scale(20.0) == {0, 2, 4, 5, 7, 9, 11}
    assert moved.get_scale(20.0) == {2, 4, 6, 7, 9, 11, 1}


def test_a_chord_over_the_middle_is_cut_there() -> None:
    long = replace(song(2), spans=(make_segment(0.0, 8.0, (48, 52, 55)),))
    assert [(span.beat, span.end, span.root) for span in modulate(long).spans] == [(0, 4, 0), (4, 8, 2)]


def test_the_relative_minor_is_no_modulation() -> None:
    assert song(8, ((0.0, 0, 0), (16.0, 9, 1))).modulations == ()
