from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.core.audio import Audio
from research.common.evaluation_tables import to_data
from research.mir.evaluation.predictions import EvaluatedTracker, MirPrediction
from research.mir.evaluation.run import MirResult, evaluate
from research.mir.evaluation.scores import SCORES
from research.mir.evaluation.songs import KnownSong
from research.mir.evaluation.table import make_rows, make_table
from research.mir.evaluation.truth import SongAnnotation

NAN = math.nan


def result(tracker: str, collection: str, song: str, **found: float) -> MirResult:
    return MirResult(tracker, tracker == "mir.x", collection, song, 0.01, dict.fromkeys(SCORES, NAN) | found)


RESULTS = [
    result("mir.x", "made", "a", beat_f=1.0, key=0.5),
    result("other", "made", "a", beat_f=0.5),
    result("mir.x", "made", "b", beat_f=0.5),
    result("other", "made", "b", beat_f=0.5),
    result("mir.x", "annotated", "c", beat_f=0.25),
]


def test_each_collection_has_rows_of_its_own() -> None:
    found = [(row.collection, row.tracker, row.songs, row.means["beat_f"].mean) for row in make_rows(RESULTS)]
    assert found == [("made", "mir.x", 2, 0.75), ("made", "other", 2, 0.5), ("annotated", "mir.x", 1, 0.25)]


def test_the_table_shows_means_intervals_and_of_how_many_songs() -> None:
    page = make_table(make_rows(RESULTS)).to_markdown().splitlines()
    assert page[0] == "| collection | tracker | processing | songs | beat F | key | cost |"
    assert page[2] == "| made | mir.x | online | 2 | 0.75 [0.50, 1.00] | 0.50 of 1 | 0.010 |"
    assert page[3] == "| made | other | offline | 2 | 0.50 [0.50, 0.50] | – | 0.010 |"
    assert page[4] == "| annotated | mir.x | online | 1 | 0.25 | – | 0.010 |"
    assert "downbeat" not in page[0]
    assert make_table(make_rows(RESULTS)).to_text().splitlines()[0].split() == [
        "collection",
        "tracker",
        "processing",
        "songs",
        "beat",
        "F",
        "key",
        "cost",
    ]


def test_the_data_is_json_without_nan() -> None:
    data = json.loads(json.dumps(to_data(make_rows(RESULTS), RESULTS), allow_nan=False))
    assert data["results"][1]["scores"]["key"] is None
    assert data["table"][0]["means"]["beat_f"] == {"mean": 0.75, "low": 0.5, "high": 1.0, "songs": 2}


def test_each_tracker_gets_each_song_cut_and_its_truth_is_cut_alike(tmp_path: Path) -> None:
    pytest.importorskip("mir_eval")
    soundfile.write(tmp_path / "a.wav", np.zeros((8000 * 20, 1)), 8000)
    beats = np.arange(0.5, 20, 0.5)
    song = KnownSong("a", "made", (tmp_path / "a.wav",), SongAnnotation(beats=beats))
    detected: list[tuple[int, int]] = []

    def track(mix: Audio, rate: int) -> MirPrediction:
        detected.append((mix.shape[1], rate))
        return MirPrediction(beats=beats[beats < 10], bpm=60.0)

    times = iter([0.0, 5.0, 7.0, 8.0])
    trackers = [EvaluatedTracker("one", track, online=True), EvaluatedTracker("two", lambda mix, rate: MirPrediction())]
    one, two = evaluate(trackers, [song], seconds=10, rate=16_000, clock=times.__next__)
    assert detected == [(48_000, 16_000), (160_000, 16_000)]  # the first is to get warm
    assert (one.tracker, one.song, one.collection, one.online, one.cost) == ("one", "a", "made", True, 0.5)
    assert (one.scores["beat_f"], one.scores["tempo"], one.scores["tempo_octave"]) == (1.0, 0.0, 1.0)
    assert (two.cost, two.online) == (0.1, False)
    assert math.isnan(two.scores["beat_f"])
