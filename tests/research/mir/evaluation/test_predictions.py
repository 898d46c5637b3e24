from __future__ import annotations

import numpy as np
import pytest

from bridge.core.events import Beat, Chord, Onset
from engines.mir.engine_lookup import create_engine
from research.mir.evaluation.predictions import make_engine_tracker
from research.mir.evaluation.scores import score_song
from research.mir.evaluation.truth import LabelledChords, SongAnnotation
from tests.engines.mir.signals import CADENCE, RATE, Scripted, clicks, tones

SECONDS = 11.8


@pytest.mark.parametrize("rate", [16_000, RATE])
def test_the_rule_engine_is_right_about_clicks_and_cadences(rate: int) -> None:
    pytest.importorskip("mir_eval")
    beats = np.arange(0.5, SECONDS, 0.5)
    engine = make_engine_tracker(create_engine("mir.chroma"))
    detected = engine.track(clicks(beats.tolist(), SECONDS, rate), rate)
    found = score_song(SongAnnotation(beats), detected)
    assert (found["beat_f"], found["tempo"]) == (1.0, 1.0)
    intervals = np.array([(i * 2.0, i * 2.0 + 2) for i in range(4)])
    truth = SongAnnotation(chords=LabelledChords(intervals, ("C", "F", "G", "C")), key="C major")
    found = score_song(truth, engine.track(tones(CADENCE, 2.0, rate), rate))
    assert found["majmin"] > 0.95
    assert found["key"] == 1.0


def test_downbeats_are_the_first_beats_of_the_bars() -> None:
    script = [(frame, Beat(number, 3, 120, 1, 0)) for number, frame in ((2, 441), (0, 4410), (1, 8820), (0, 22_050))]
    prediction = make_engine_tracker(Scripted(script)).track(np.zeros((2, RATE), np.float32), RATE)
    assert prediction.beats is not None
    assert prediction.downbeats is not None
    assert prediction.beats.tolist() == [0.01, 0.1, 0.2, 0.5]
    assert prediction.downbeats.tolist() == [0.1, 0.5]


def test_onsets_are_reported_only_by_trackers_that_detect_them() -> None:
    silence = np.zeros((2, RATE), np.float32)
    prediction = make_engine_tracker(Scripted([(4410, Onset(0.5, 0.5))])).track(silence, RATE)
    assert prediction.onsets is not None
    assert prediction.onsets.tolist() == [0.1]
    assert make_engine_tracker(Scripted([(0, Chord(0, 0, 0, 1))])).track(silence, RATE).onsets is None
