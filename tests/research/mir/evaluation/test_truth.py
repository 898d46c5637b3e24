from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bridge.errors import ConfigError
from research.mir.evaluation.truth import (
    LabelledChords,
    SongAnnotation,
    read_beats,
    read_chords,
    read_key,
    read_times,
    read_truth,
)


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_beats_come_with_their_downbeats(tmp_path: Path) -> None:
    beats, downbeats, bar_beats = read_beats(write(tmp_path / "a.beats", "# by hand\n0.5 1\n1.0\t2\n\n1.5 3\n2.0 1\n"))
    assert beats.tolist() == [0.5, 1.0, 1.5, 2.0]
    assert (downbeats.tolist(), bar_beats) == ([0.5, 2.0], 3)


def test_chords_may_have_gaps_that_nobody_knows(tmp_path: Path) -> None:
    chords = read_chords(write(tmp_path / "a.chords", "0 1.5 C:maj\n1.5\t1.5\tF\n2 3 A:min7/b3\n"))
    assert chords.labels == ("C:maj", "X", "A:min7/b3")
    assert chords.intervals.tolist() == [[0, 1.5], [1.5, 2], [2, 3]]


@pytest.mark.parametrize(
    ("text", "key"), [("C major\n", "C major"), ("f# MINOR", "F# minor"), ("Bb major", "Bb major")]
)
def test_a_key_is_a_note_and_a_mode(tmp_path: Path, text: str, key: str) -> None:
    assert read_key(write(tmp_path / "a.key", text)) == key


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.beats", "0.5 1\n0.5 2\n", "0.5 s is not after"),
        ("a.beats", "0.5 1\nhalf 2\n", "a.beats:2: half: no number"),
        ("a.beats", "nan 1\n", "a.beats:1: nan: no number"),
        ("a.beats", "", "holds no time"),
        ("a.chords", "0 1\n", "a.chords:1: 2 words"),
        ("a.chords", "1 0 C\n", "a.chords:1: 1 to 0 s"),
        ("a.chords", "0 2 C\n1 3 F\n", "a.chords:2: 1 to 3 s"),
        ("a.chords", "\n", "holds no chord"),
        ("a.key", "H major", "H major: no key"),
        ("a.key", "Bb", "Bb: no key"),
        ("a.key", "", "holds no key"),
        ("a.onsets", "2\n1\n", "1 s is not after"),
    ],
)
def test_the_error_for_a_wrong_line_names_the_fix(tmp_path: Path, name: str, text: str, said: str) -> None:
    write(tmp_path / name, text)
    with pytest.raises(ConfigError) as raised:
        read_truth(tmp_path / "a")
    assert said in raised.value.message
    assert raised.value.hint


def test_a_file_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.onsets").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8"):
        read_times(tmp_path / "a.onsets")


def test_what_is_not_beside_the_song_is_not_known(tmp_path: Path) -> None:
    write(tmp_path / "a.key", "C major")
    truth = read_truth(tmp_path / "a")
    assert (truth.beats, truth.downbeats, truth.chords, truth.onsets) == (None, None, None, None)
    assert truth
    assert not read_truth(tmp_path / "b")


def test_truth_ends_where_the_clip_ends() -> None:
    chords = LabelledChords(np.array([[0.0, 4.0], [4.0, 8.0], [8.0, 9.0]]), ("C", "F", "G"))
    times = np.array([1.0, 5.0, 6.0])
    truth = SongAnnotation(times, times[:1], chords, "C major", times).until(5.5)
    assert truth.beats is not None
    assert truth.beats.tolist() == [1.0, 5.0]
    assert truth.chords is not None
    assert (truth.chords.intervals.tolist(), truth.chords.labels) == ([[0, 4], [4, 5.5]], ("C", "F"))
    assert truth.key == "C major"
