"""What the lattice says of chords to come, on progressions whose future is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.core.events import QUALITIES, Chord
from bridge.errors import ConfigError
from engines.accompaniment.harmony.habits import HORIZON, read_habits, shipped
from engines.accompaniment.harmony.lattice import SOURCES, Metre, foreseen
from engines.accompaniment.harmony.loops import lag_scores, repeated
from engines.accompaniment.harmony.states import CLASSES, COUNT, LIKENESS, NONE, UNKNOWN, chord_of, state_of

C, F, G, AM = 0, 5, 7, CLASSES + 9
LOOP = np.repeat([C, AM, F, G], 4)
"""Four bars."""


@pytest.mark.parametrize("quality", range(len(QUALITIES)))
def test_a_chord_is_a_number_and_back(quality: int) -> None:
    for root in range(CLASSES):
        chord = Chord(root, quality, root, 0.5)
        assert chord_of(state_of(chord), 0.5) == chord
    assert chord_of(NONE, 0.5).root == -1
    assert state_of(Chord(-1, 0, -1, 1.0)) == NONE


def test_likeness_is_one_for_the_same_less_for_another_and_the_same_both_ways() -> None:
    np.testing.assert_array_equal(LIKENESS, LIKENESS.T)
    assert (np.diag(LIKENESS) == 1.0).all()
    assert LIKENESS[~np.eye(COUNT, dtype=bool)].max() < 1.0
    assert LIKENESS[state_of(Chord(9, 4, 9, 1.0)), C] > LIKENESS[F + 1, C] == 0.0  # Am7 is nearly C


@pytest.mark.parametrize("known", [24, 30, 37])
def test_what_was_played_twice_is_foreseen_to_the_horizon(known: int) -> None:
    song = np.tile(LOOP, 5)
    told, score = repeated(song[:known], 4, HORIZON)
    np.testing.assert_array_equal(told.argmax(1), song[known : known + HORIZON])
    np.testing.assert_allclose(told.sum(1), 1.0)
    assert score > 0.6


def test_the_lag_of_the_loop_scores_best_and_beats_of_which_nothing_is_known_do_not_count() -> None:
    song = np.tile(LOOP, 3)
    scores = lag_scores(song, 4)
    assert int(scores.argmax()) + 2 == 16
    holed = song.copy()
    holed[::5] = UNKNOWN
    assert int(lag_scores(holed, 4).argmax()) + 2 == 16


@pytest.mark.parametrize("up", [1, 2])
def test_a_loop_that_goes_on_higher_is_foreseen_there(up: int) -> None:
    """After two chords of it, of which the first alone could have been any other turn."""
    raised = LOOP // CLASSES * CLASSES + (LOOP + up) % CLASSES
    song = np.concatenate([np.tile(LOOP, 2), raised])
    told, _ = repeated(song[:40], 4, 8)
    np.testing.assert_array_equal(told.argmax(1), song[40:48])


def test_there_is_no_loop_in_three_beats() -> None:
    assert not len(lag_scores(np.array([C, C, C]), 4))
    told, score = repeated(np.array([C, C, C]), 4, 8)
    assert not told.any()
    assert score == 0.0


def test_a_loop_is_the_way_once_it_was_heard_and_habit_until_then() -> None:
    song = np.tile(LOOP, 4)
    late = foreseen(shipped(), song[:40], 40, 0, Metre(), {})
    np.testing.assert_array_equal(late.path, song[40 : 40 + HORIZON])
    assert (late.sources[1:] == SOURCES.index("loop")).all()
    early = foreseen(shipped(), song[:3], 3, 0, Metre(), {})
    assert (early.sources == SOURCES.index("habit")).all()
    assert early.sure.mean() < late.sure.mean()


def test_the_user_s_chords_win_over_what_was_heard() -> None:
    song = np.tile(LOOP, 4)
    track = {42: F + 1, 43: F + 1}
    told = foreseen(shipped(), song[:40], 40, 0, Metre(), track)
    assert told.path[2] == told.path[3] == F + 1
    assert set(told.sources[2:4]) == {SOURCES.index("track")}
    assert told.path[0] == song[40]


def test_before_anything_was_heard_every_chord_is_as_likely_and_nothing_is_its_source() -> None:
    told = foreseen(shipped(), np.zeros(0, np.int64), 0, -1, Metre(), {})
    np.testing.assert_allclose(told.chances, 1.0 / COUNT)
    assert (told.sources == 0).all()


def test_a_key_makes_its_own_chords_likelier() -> None:
    heard = np.repeat([C], 6)
    belongs = [C, F, G, AM, CLASSES + 2, CLASSES + 4]
    in_key, beside = (foreseen(shipped(), heard, 6, key, Metre(), {}).chances[6:, belongs].sum() for key in (0, 6))
    assert in_key > 1.05 * beside


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from([C, F, G, AM, NONE, UNKNOWN, COUNT - 2]), max_size=80),
    st.integers(-1, 23),
    st.integers(2, 7),
)
def test_whatever_was_heard_chances_are_chances(heard: list[int], key: int, bar_beats: int) -> None:
    told = foreseen(shipped(), np.array(heard, np.int64), len(heard), key, Metre(bar_beats, 1), {}, 20)
    np.testing.assert_allclose(told.chances.sum(1), 1.0)
    assert (told.chances > 0).all()
    assert ((told.path >= 0) & (told.path < COUNT)).all()


def test_the_way_does_not_flicker_where_two_chords_are_as_likely() -> None:
    told = foreseen(shipped(), np.repeat([C, F], 8)[:12], 12, 0, Metre(), {})
    assert np.count_nonzero(np.diff(told.path)) <= 5
    sure = np.tile(np.repeat([C, F], 2), 15)
    assert np.count_nonzero(np.diff(foreseen(shipped(), sure, 60, 0, Metre(), {}).path)) >= 6


@pytest.mark.parametrize("text", ["", "[]", '{"changes": [[1]]}', '{"changes": 3}'])
def test_habits_that_are_none_are_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "habits.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"habits\.json"):
        read_habits(path)


def test_the_habits_that_ship_are_chances_and_come_back_from_a_file(tmp_path: Path) -> None:
    habits = shipped()
    np.testing.assert_allclose(habits.follows.sum((1, 2)), 1.0, atol=1e-3)
    np.testing.assert_allclose(habits.belongs.sum((1, 2)), 1.0, atol=1e-3)
    assert ((habits.loops >= 0) & (habits.loops <= 1)).all()
    assert habits.changes[0].mean() > 1.5 * habits.changes[1].mean()  # chords change on the first beat of a bar
    for key in (-1, 0, 17):
        np.testing.assert_allclose(habits.moves(key).sum(1), 1.0)
    (tmp_path / "habits.json").write_bytes(habits.as_file())
    np.testing.assert_array_equal(read_habits(tmp_path / "habits.json").follows, habits.follows)
