from __future__ import annotations

import math

import numpy as np
import pytest

from bridge.errors import ConfigError
from research.mir.evaluation.predictions import MirPrediction
from research.mir.evaluation.scores import SCORES, score_song
from research.mir.evaluation.truth import LabelledChords, SongAnnotation

pytest.importorskip("mir_eval")

BEATS = np.arange(0.5, 30, 0.5)


def beats_of(detected: list[float], bpm: float = 120.0) -> dict[str, float]:
    return score_song(
        SongAnnotation(beats=BEATS, downbeats=BEATS[::4]),
        MirPrediction(np.array(detected), np.array(detected)[::4], bpm),
    )


def test_what_is_right_is_worth_one() -> None:
    chords = LabelledChords(np.array([[0.0, 2.0], [2.0, 4.0]]), ("C:maj", "A:min7/b3"))
    found = score_song(
        SongAnnotation(BEATS, BEATS[::4], chords, "C major", BEATS, 4),
        MirPrediction(BEATS, BEATS[::4], 120.0, chords, "C major", BEATS, np.full(len(BEATS), 4)),
    )
    assert found == pytest.approx(dict.fromkeys(SCORES, 1.0) | {"six": 0.0})


def test_missing_estimates_or_truth_give_no_number() -> None:
    chords = LabelledChords(np.array([[0.0, 2.0]]), ("C:maj",))
    for truth, answer in (
        (SongAnnotation(), MirPrediction(BEATS, BEATS, 120.0, chords, "C major", BEATS)),
        (SongAnnotation(BEATS, BEATS, chords, "C major", BEATS), MirPrediction()),
    ):
        assert all(math.isnan(score) for score in score_song(truth, answer).values())


def test_an_empty_estimate_scores_zero() -> None:
    nothing = np.zeros(0)
    silence = LabelledChords(np.array([[0.0, 30.0]]), ("N",))
    truth = SongAnnotation(BEATS, BEATS[::4], LabelledChords(np.array([[0.0, 30.0]]), ("C:maj",)), "C major", BEATS, 4)
    found = score_song(truth, MirPrediction(nothing, nothing, 0.0, silence, "", nothing, np.zeros(0, np.int64)))
    assert found == dict.fromkeys(SCORES, 0.0)


def test_the_first_five_seconds_of_beats_do_not_count() -> None:
    assert beats_of([0.7, 1.1, 3.3, *BEATS[BEATS >= 5]])["beat_f"] == 1.0


@pytest.mark.parametrize(("late_s", "worth"), [(0.069, 1.0), (0.071, 0.0)])
def test_a_beat_may_be_seventy_milliseconds_off(late_s: float, worth: float) -> None:
    assert beats_of(list(BEATS + late_s))["beat_f"] == pytest.approx(worth, abs=0.05)


def test_double_time_is_right_at_another_level_only() -> None:
    found = beats_of(list(np.arange(0.5, 30, 0.25)))
    assert found["amlt"] > 0.95
    assert found["cmlt"] < 0.1


def test_bars_that_begin_on_the_second_beat_are_worth_nothing() -> None:
    found = score_song(SongAnnotation(BEATS, BEATS[::4]), MirPrediction(BEATS, BEATS[1::4]))
    assert (found["beat_f"], found["downbeat_f"]) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("bpm", "strict", "octave"),
    [
        (120, 1, 1),
        (124.7, 1, 1),
        (125, 0, 0),
        (60, 0, 1),
        (240, 0, 1),
        (360, 0, 1),
        (40, 0, 1),
        (80, 0, 0),
        (64, 0, 0),
        (248, 0, 1),
        (0, 0, 0),
    ],
)
def test_a_tempo_is_right_within_four_percent_or_at_an_octave(bpm: float, strict: float, octave: float) -> None:
    found = beats_of(list(BEATS), bpm=bpm)
    assert (found["tempo"], found["tempo_octave"]) == (strict, octave)


def chords_of(labels: list[str], detected: list[str]) -> tuple[float, float]:
    def of(names: list[str]) -> LabelledChords:
        return LabelledChords(np.array([(i, i + 1) for i in range(len(names))], np.float64), tuple(names))

    found = score_song(SongAnnotation(chords=of(labels)), MirPrediction(chords=of(detected)))
    return found["majmin"], found["sevenths"]


def test_a_seventh_that_is_missed_counts_among_sevenths_alone() -> None:
    assert chords_of(["C:maj7", "A:min"], ["C:maj", "A:min"]) == (1.0, 0.5)


def test_time_of_which_nobody_knows_the_chord_does_not_count() -> None:
    assert chords_of(["C:maj", "X", "G:maj"], ["C:maj", "D:maj", "N"]) == (0.5, 0.5)
    assert all(math.isnan(score) for score in chords_of(["X", "X"], ["C:maj", "D:maj"]))


def test_what_was_not_answered_is_no_chord() -> None:
    assert chords_of(["C:maj", "N", "G:maj", "N"], ["C:maj"])[0] == 0.75


def test_a_label_that_is_none_is_named() -> None:
    with pytest.raises(ConfigError, match="Csus") as raised:
        chords_of(["Csus"], ["C:maj"])
    assert "Harte" in str(raised.value)


@pytest.mark.parametrize(
    ("detected", "worth"), [("G major", 0.5), ("A minor", 0.3), ("C minor", 0.2), ("Db major", 0.0), ("c major", 1.0)]
)
def test_related_keys_are_worth_a_part(detected: str, worth: float) -> None:
    assert score_song(SongAnnotation(key="C major"), MirPrediction(key=detected))["key"] == worth


def test_bars_of_six_and_changes_of_chords_are_counted() -> None:
    truth = LabelledChords(np.array([[0.0, 2.0], [2.0, 4.0]]), ("C:maj", "G:maj"))
    restless = LabelledChords(np.array([[0.0, 1.0], [1.0, 2.0], [2.0, 4.0]]), ("C:maj", "A:min", "G:maj"))
    found = score_song(
        SongAnnotation(BEATS[:4], None, truth, bar_beats=4),
        MirPrediction(BEATS[:4], chords=restless, bar_beats=np.array([6, 6, 3, 4])),
    )
    assert (found["metre"], found["six"], found["chord_changes"]) == (0.25, 0.5, 2.0)
