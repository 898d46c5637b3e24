from __future__ import annotations

import numpy as np

from bridge.core.events import Beat, Chord
from engines.mir.engine_lookup import create_engine
from research.mir.evaluation.delays import make_table
from research.mir.evaluation.predictions import make_engine_tracker
from tests.engines.mir.signals import CADENCE, RATE, Scripted, clicks, tones

C, BEAT = Chord(0, 0, 0, 0.9), Beat(0, 4, 120, 1, 0)


def test_the_delay_is_from_the_frame_that_is_meant_to_the_block_that_tells() -> None:
    tracker = make_engine_tracker(Scripted([(256, C), (1000, C), (1030, BEAT)], delay=512))
    tracker.track(np.zeros((2, 4096), np.float32), RATE)
    assert tracker.delays is not None
    beat, chord = tracker.delays.make_rows()
    assert (beat.output, beat.count, beat.least) == ("said: beat", 1, 1536 - 1030)
    assert (chord.output, chord.count, chord.declared) == ("said: chord", 2, 512)
    assert (chord.least, chord.median, chord.most) == (1280 - 1000, (280 + 512) / 2, 512)
    assert "| 512 (11.6 ms) | 280 (6.3 ms) | 396 (9.0 ms) | 512 (11.6 ms) | yes |" in make_table([chord]).to_markdown()


def test_an_engine_that_tells_later_than_it_declares_is_found_out() -> None:
    engine = Scripted([(1024, C)], delay=512)
    engine.latency_frames = lambda port: 511  # type: ignore[method-assign]
    tracker = make_engine_tracker(engine)
    tracker.track(np.zeros((2, 4096), np.float32), RATE)
    assert tracker.delays is not None
    assert "**no**" in make_table(tracker.delays.make_rows()).to_markdown()


def test_the_rule_engine_keeps_what_it_declares() -> None:
    tracker = make_engine_tracker(create_engine("mir.chroma"))
    for audio in (clicks(np.arange(0, 8, 0.5).tolist(), 8), tones(CADENCE, 1.5)):
        tracker.track(audio, RATE)
    assert tracker.delays is not None
    rows = tracker.delays.make_rows()
    assert {"beats: beat", "chords: chord", "chords: key"} <= {row.output for row in rows}
    assert all(row.declared - row.hop <= row.most <= row.declared for row in rows)
