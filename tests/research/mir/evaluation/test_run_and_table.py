from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.core.audio import Audio
from research.mir.evaluation.predictions import EvaluatedTracker, MirPrediction
from research.mir.evaluation.run import MirResult, evaluate
from research.mir.evaluation.scores import SCORES
from research.mir.evaluation.songs import KnownSong
from research.mir.evaluation.table import make_rows, to_data, to_markdown, to_text
from research.mir.evaluation.truth import SongAnnotation

NAN = math.nan


def result(listener: str, collection: str, song: str, **found: float) -> MirResult:
    return MirResult(listener, listener == "mir.x", collection, song, 0.01, dict.fromkeys(SCORES, NAN) | found)


RESULTS = [
    result("mir.x", "made", "a", beat_f=1.0, key=0.5),
    result("other", "made", "a", beat_f=0.5),
    result("mir.x", "made", "b", beat_f=0.5),
    result("other", "made", "b", beat_f=0.5),
    result("mir.x", "annotated", "c", beat_f=0.25),
]


def test_each_collection_has_rows_of_its_own() -> None:
    found = [(row.collection, row.listener, row.songs, row.means["beat_f"].mean) for row in make_rows(RESULTS)]
    assert found == [("made", "mir.x", 2, 0.75), ("made", "other", 2, 0.5), ("annotated", "mir.x", 1, 0.25)]


def test_the_table_shows_means_intervals_and_of_how_many_songs() -> None:
    page = to_markdown(make_rows(RESULTS)).splitlines()
    assert page[0] == "| collection | listener | hears | songs | beat F | key | cost |"
    assert page[2] == "| made | mir.x | live | 2 | 0.75 [0.50, 1.00] | 0.50 of 1 | 0.010 |"
    assert page[3] == "| made | other | the whole song first | 2 | 0.50 [0.50, 0.50] | – | 0.010 |"
    assert page[4] == "| annotated | mir.x | live | 1 | 0.25 | – | 0.010 |"
    assert "downbeat" not in page[0]
    assert to_text(make_rows(RESULTS)).splitlines()[0].split() == [
        "collection",
        "listener",
        "hears",
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


def test_each_listener_hears_each_song_cut_and_its_truth_is_cut_alike(tmp_path: Path) -> None:
    pytest.importorskip("mir_eval")
    soundfile.write(tmp_path / "a.wav", np.zeros((8000 * 20, 1)), 8000)
    beats = np.arange(0.5, 20, 0.5)
    song = KnownSong("a", "made", (tmp_path / "a.wav",), SongAnnotation(beats=beats))
    detected: list[tuple[int, int]] = []

    def listen(mix: Audio, rate: int) -> MirPrediction:
        detected.append((mix.shape[1], rate))
        return MirPrediction(beats=beats[beats < 10], bpm=60.0)

    times = iter([0.0, 5.0, 7.0, 8.0])
    listeners = [EvaluatedTracker("one", listen, live=True), EvaluatedTracker("two", lambda mix, rate: MirPrediction())]
    one, two = evaluate(listeners, [song], seconds=10, rate=16_000, clock=times.__next__)
    assert detected == [(48_000, 16_000), (160_000, 16_000)]  # the first is to get warm
    assert (one.listener, one.song, one.collection, one.live, one.cost) == ("one", "a", "made", True, 0.5)
    assert (one.scores["beat_f"], one.scores["tempo"], one.scores["tempo_octave"]) == (1.0, 0.0, 1.0)
    assert (two.cost, two.live) == (0.1, False)
    assert math.isnan(two.scores["beat_f"])
