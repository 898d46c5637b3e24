"""Trellis: chords predicted on progressions whose continuation is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.core.chords import NO_CHORD_STATE, PITCH_CLASSES, QUALITIES
from bridge.core.events import Chord, to_chord, to_state
from engines.accompaniment.harmony.chord_states import COUNT, LIKENESS, UNKNOWN
from engines.accompaniment.harmony.repetition import HORIZON
from engines.accompaniment.harmony.trellis import SOURCES, Metre, predict_chords

C, F, G, AM = 0, 5, 7, PITCH_CLASSES + 9
LOOP = np.repeat([C, AM, F, G], 4)
"""Four bars."""


@pytest.mark.parametrize("quality", range(len(QUALITIES)))
def test_a_chord_is_a_number_and_back(quality: int) -> None:
    for root in range(PITCH_CLASSES):
        chord = Chord(root, quality, root, 0.5)
        assert to_chord(to_state(chord), 0.5) == chord
    assert to_chord(NO_CHORD_STATE, 0.5).root == -1
    assert to_state(Chord(-1, 0, -1, 1.0)) == NO_CHORD_STATE


def test_likeness_is_one_for_the_same_less_for_another_and_the_same_both_ways() -> None:
    np.testing.assert_array_equal(LIKENESS, LIKENESS.T)
    assert (np.diag(LIKENESS) == 1.0).all()
    assert LIKENESS[~np.eye(COUNT, dtype=bool)].max() < 1.0
    assert LIKENESS[to_state(Chord(9, 4, 9, 1.0)), C] > LIKENESS[F + 1, C] == 0.0  # Am7 is nearly C


def test_a_loop_is_predicted_once_it_was_detected_and_common_progressions_until_then() -> None:
    song = np.tile(LOOP, 5)
    late = predict_chords(song[:40], 40, 0, Metre(), {})
    np.testing.assert_array_equal(late.path, song[40 : 40 + HORIZON])
    assert (late.sources[1:] == SOURCES.index("loop")).all()
    early = predict_chords(song[:3], 3, 0, Metre(), {})
    assert (early.sources == SOURCES.index("habit")).mean() > 0.8
    assert early.confidence.mean() < late.confidence.mean()


def test_the_user_s_chords_override_detected_ones() -> None:
    song = np.tile(LOOP, 4)
    track = {42: F + 1, 43: F + 1}
    results = predict_chords(song[:40], 40, 0, Metre(), track)
    assert results.path[2] == results.path[3] == F + 1
    assert set(results.sources[2:4]) == {SOURCES.index("track")}
    assert results.path[0] == song[40]


def test_before_any_detection_all_chords_are_equally_likely_and_have_no_source() -> None:
    results = predict_chords(np.zeros(0, np.int64), 0, -1, Metre(), {})
    np.testing.assert_allclose(results.probabilities, 1.0 / COUNT)
    assert (results.sources == 0).all()


def test_a_key_makes_its_own_chords_likelier() -> None:
    recorded = np.repeat([C], 6)
    belongs = [C, F, G, AM, PITCH_CLASSES + 2, PITCH_CLASSES + 4]
    in_key, beside = (predict_chords(recorded, 6, key, Metre(), {}).probabilities[6:, belongs].sum() for key in (0, 6))
    assert in_key > 1.05 * beside


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from([C, F, G, AM, NO_CHORD_STATE, UNKNOWN, COUNT - 2]), max_size=80),
    st.integers(-1, 23),
    st.integers(2, 7),
)
def test_probabilities_sum_to_one_for_any_history(recorded: list[int], key: int, bar_beats: int) -> None:
    results = predict_chords(np.array(recorded, np.int64), len(recorded), key, Metre(bar_beats, 1), {})
    np.testing.assert_allclose(results.probabilities.sum(1), 1.0)
    assert (results.probabilities > 0).all()
    assert ((results.path >= 0) & (results.path < COUNT)).all()


def test_the_way_does_not_flicker_where_two_chords_are_as_likely() -> None:
    results = predict_chords(np.repeat([C, F], 8)[:12], 12, 0, Metre(), {})
    assert np.count_nonzero(np.diff(results.path)) <= 5
    sure = np.tile(np.repeat([C, F], 2), 15)
    assert np.count_nonzero(np.diff(predict_chords(sure, 60, 0, Metre(), {}).path)) >= 6
