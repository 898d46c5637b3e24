"""Chord predictor: inputs and outputs of the network that ships."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.core.chords import NO_CHORD_STATE, PITCH_CLASSES
from bridge.errors import EngineError
from engines.accompaniment.harmony.chord_states import COUNT, UNKNOWN, States
from engines.accompaniment.harmony.predictor import (
    CONTEXT,
    KINDS,
    PREDICTORS,
    ChordPredictor,
    encode_context,
    find_reference,
    load_shipped,
)
from engines.accompaniment.harmony.repetition import FEATURES, HORIZON, LAGS, RAISED, compare_lags, read_lags
from tests.engines.networks import Shape, make_network

C, F, G, AM = 0, 5, 7, PITCH_CLASSES + 9
LOOP = np.repeat([C, AM, F, G], 4)
"""Four bars."""


def transpose(states: States, up: int) -> States:
    """All so many semitones higher."""
    higher = states // PITCH_CLASSES * PITCH_CLASSES + (states + up) % PITCH_CLASSES
    return np.where((states == NO_CHORD_STATE) | (states == UNKNOWN), states, higher)


def lag(beats: int) -> int:
    return int(np.flatnonzero(beats == LAGS)[0])


def test_the_lag_of_a_loop_is_wholly_alike_and_beats_of_which_nothing_is_known_do_not_count() -> None:
    song = np.tile(LOOP, 3)
    likeness = compare_lags(song, 4)[0, :, :6]
    assert (likeness[lag(16)] == 1.0).all()
    assert (likeness[[lag(4), lag(12)], 3] < 0.9).all()
    song[::5] = UNKNOWN
    assert (compare_lags(song, 4)[0, lag(16), :6] >= 0.0).all()
    np.testing.assert_allclose(compare_lags(song, 4)[0, lag(16), 3:6], 1.0)


@pytest.mark.parametrize("up", [1, 2])
def test_what_goes_on_higher_is_alike_where_it_is_raised(up: int) -> None:
    song = np.concatenate([LOOP, transpose(LOOP, up)])
    found = compare_lags(song, 4)[:, lag(16), 4]
    assert int(found.argmax()) == RAISED.index(up)
    assert found.max() == 1.0


def test_every_lag_says_what_stood_so_long_before_and_nothing_where_nothing_stood() -> None:
    song = np.arange(20)
    says = read_lags(song)
    np.testing.assert_array_equal(says[lag(8)], [12 + ahead % 8 for ahead in range(HORIZON)])
    assert (says[lag(21)] == UNKNOWN)[0]
    np.testing.assert_array_equal(says[lag(21)][1:21], song)
    assert (read_lags(np.zeros(0, np.int64)) == UNKNOWN).all()


@pytest.mark.parametrize("key", [-1, 0, 9 + PITCH_CLASSES])
def test_the_same_song_in_another_key_is_the_same_to_the_network(key: int) -> None:
    song = np.concatenate([LOOP[:11], [NO_CHORD_STATE, UNKNOWN], LOOP])
    for up in (1, 6, 11):
        key_up = -1 if key < 0 else key // PITCH_CLASSES * PITCH_CLASSES + (key + up) % PITCH_CLASSES
        np.testing.assert_array_equal(encode_context(transpose(song, up), 3, key_up), encode_context(song, 3, key))
        for one, other in zip(
            load_shipped().predict(transpose(song, up), 3, key_up, 4),
            load_shipped().predict(song, 3, key, 4),
            strict=True,
        ):
            np.testing.assert_allclose(one[:, transpose(np.arange(COUNT), up)], other, atol=1e-6)


def test_it_is_counted_from_the_last_root_or_from_the_tonic_where_no_chord_sounds() -> None:
    assert find_reference(np.array([C, AM]), 7) == 9
    assert find_reference(np.array([C, NO_CHORD_STATE]), 7 + PITCH_CLASSES) == 7
    assert find_reference(np.array([C, UNKNOWN]), -1) == 0


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([C, F, G, AM, NO_CHORD_STATE, UNKNOWN, COUNT - 2]), min_size=1, max_size=200),
    st.integers(-1, 23),
    st.integers(1, 7),
)
def test_for_any_history_similarities_lie_between_0_and_1_and_probabilities_sum_to_one(
    recorded: list[int], key: int, bar_beats: int
) -> None:
    states = np.array(recorded, np.int64)
    lags, context = compare_lags(states, bar_beats), encode_context(states, bar_beats - 1, key)
    assert lags.shape == (len(RAISED), len(LAGS), FEATURES)
    assert context.shape == (CONTEXT,)
    for asked in (lags, context):
        assert ((asked >= 0.0) & (asked <= 1.0 + 1e-6)).all()
    loops, habit = load_shipped().predict(states, bar_beats - 1, key, bar_beats)
    np.testing.assert_allclose((loops + habit).sum(1), 1.0, atol=1e-5)


@pytest.mark.parametrize("known", [32, 38, 45])
def test_what_was_played_twice_is_foreseen_as_far_as_it_goes(known: int) -> None:
    song = np.tile(LOOP, 6)
    loops, habit = load_shipped().predict(song[:known], known % 4, 0, 4)
    np.testing.assert_array_equal((loops + habit).argmax(1), song[known : known + HORIZON])


@pytest.mark.parametrize("up", [1, 2])
def test_a_loop_that_goes_on_higher_is_foreseen_there(up: int) -> None:
    """After two chords of it, of which the first alone could have been any other turn."""
    song = np.concatenate([np.tile(LOOP, 2), transpose(LOOP, up)])
    loops, habit = load_shipped().predict(song[:40], 0, 0, 4)
    np.testing.assert_array_equal((loops + habit).argmax(1)[:8], song[40:48])


def test_a_loop_detected_with_errors_is_predicted_with_fewer() -> None:
    random = np.random.default_rng(5)
    wrong_heard, wrong_foreseen = [], []
    for _ in range(40):
        song = np.tile(LOOP, 5)
        recorded = np.where(random.random(len(song)) < 0.15, random.choice([C, F, G, AM, AM + 2], len(song)), song)
        loops, habit = load_shipped().predict(recorded[:64], 0, 0, 4)
        wrong_heard.append(np.mean(recorded[:64] != song[:64]))
        wrong_foreseen.append(np.mean((loops + habit).argmax(1)[:16] != LOOP))
    assert 0.08 < np.mean(wrong_heard) < 0.16
    assert np.mean(wrong_foreseen) < 0.7 * np.mean(wrong_heard)


SHAPES_IN: dict[str, Shape] = {
    "lags": (len(RAISED), len(LAGS), FEATURES), "context": (CONTEXT,), "there": (len(LAGS), HORIZON),
}  # fmt: skip
SHAPES_OUT: dict[str, Shape] = {"words": (PREDICTORS, HORIZON), "habit": (HORIZON, KINDS)}


def test_a_network_of_the_right_shapes_is_taken() -> None:
    loops, habit = ChordPredictor(make_network(SHAPES_IN, SHAPES_OUT)).predict(LOOP, 0, 0, 4)
    assert loops.shape == habit.shape == (HORIZON, COUNT)


@pytest.mark.parametrize("port", [*SHAPES_IN, *SHAPES_OUT])
def test_a_network_of_another_width_is_refused_with_both_widths(port: str) -> None:
    def widen(ports: dict[str, Shape]) -> dict[str, Shape]:
        return {name: (*shape[:-1], int(shape[-1]) + 1) if name == port else shape for name, shape in ports.items()}

    width = int((SHAPES_IN | SHAPES_OUT)[port][-1])
    with pytest.raises(
        EngineError, match=rf"mine\.onnx: \w+ '{port}' is .*\b{width + 1}, not .*\b{width}; .*chords\.md"
    ):
        ChordPredictor(make_network(widen(SHAPES_IN), widen(SHAPES_OUT)), "mine.onnx")


def test_a_file_that_is_no_network_is_named() -> None:
    with pytest.raises(EngineError, match=r"wrong\.onnx"):
        ChordPredictor(b"not a graph", "wrong.onnx")
