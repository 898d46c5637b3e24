"""Ground truth of a piece: names of chords, and the file beside the stems."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.core.chords import QUALITY_NUMBERS
from research.datasets.symbolic import Tune, TuneChord
from research.datasets.truth import (
    UNKNOWN,
    ChordTruth,
    SongTruth,
    make_truth,
    name_chord,
    read_annotated,
    read_truth,
    write_truth,
)


@pytest.mark.parametrize(
    "pitches, root, quality, bass",
    [
        ((48, 52, 55), 0, "", 0),
        ((57, 60, 64), 9, "m", 9),
        ((52, 55, 60), 0, "", 4),
        ((55, 59, 62, 65), 7, "7", 7),
        ((60, 64, 67, 71), 0, "maj7", 0),
        ((59, 60, 64, 67), 0, "maj7", 11),
        ((62, 65, 69, 72), 2, "m7", 2),
        ((59, 62, 65), 11, "dim", 11),
        ((60, 64, 68), 0, "aug", 0),
        ((60, 65, 67), 0, "sus4", 0),
        ((60, 64, 67, 69), 0, "", 0),
    ],
)
def test_a_chord_has_the_name_that_a_player_gives_it(
    pitches: tuple[int, ...], root: int, quality: str, bass: int
) -> None:
    assert name_chord(pitches) == (root, QUALITY_NUMBERS[quality], bass)


def test_what_has_no_name_is_unknown_and_keeps_its_root_where_there_is_a_fifth() -> None:
    assert name_chord((60, 62, 67)) == (0, UNKNOWN, 0)
    assert name_chord((60, 61, 62)) == (UNKNOWN, UNKNOWN, 0)


def tune() -> Tune:
    chords = (TuneChord(0.0, 4.0, (48, 52, 55)), TuneChord(4.0, 4.0, (45, 48, 52)))
    return Tune("001", 100.0, 4.0, chords, (), ((0.0, 0, 0), (2.0, 9, 1)))


def test_the_truth_of_a_tune_moves_and_is_cut_with_it() -> None:
    truth = make_truth(tune().cut(3.0, 8.0).transpose(2))
    assert truth.chords == (ChordTruth(0.0, 1.0, 2, 0, 2), ChordTruth(1.0, 4.0, 11, 1, 11))
    assert truth.keys == ((0.0, 11, 1),)
    assert (truth.bpm, truth.bar_beats) == (100.0, 4)


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    truth = make_truth(tune())
    write_truth(tmp_path, "song-000", truth)
    assert read_truth(tmp_path, "song-000") == truth
    assert read_truth(tmp_path, "song-001") is None
    assert [path.name for path in tmp_path.iterdir()] == ["song-000.truth.json"]


def test_an_annotated_song_is_a_grid_through_its_beats(tmp_path: Path) -> None:
    rows = [f"{0.5 + 0.4 * i:.4f} {(i + 2) % 4 + 1}" for i in range(60)]
    (tmp_path / "one.beats").write_text("\n".join(rows))
    (tmp_path / "one.key").write_text("Bb minor\n")
    truth = read_annotated(tmp_path, "one")
    assert truth is not None
    assert truth.bpm == pytest.approx(150.0, abs=0.01)
    assert truth.start_s == pytest.approx(1.3, abs=0.001)
    assert not truth.downbeats
    assert truth.keys == ((0.0, 10, 1),)
    assert read_annotated(tmp_path, "two") is None


def test_a_truth_without_chords_is_a_truth(tmp_path: Path) -> None:
    write_truth(tmp_path, "groove", SongTruth(97.5))
    assert read_truth(tmp_path, "groove") == SongTruth(97.5)
