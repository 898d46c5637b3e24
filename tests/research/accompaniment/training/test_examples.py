"""Training examples of the chord prediction."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bridge.core.chords import NO_CHORD_STATE, PITCH_CLASSES
from bridge.core.events import to_chord
from bridge.errors import ConfigError
from engines.accompaniment.harmony.chord_states import UNKNOWN, States
from engines.accompaniment.harmony.predictor import KINDS
from engines.accompaniment.harmony.repetition import HORIZON, LAGS, RAISED
from research.accompaniment.simulated_input import list_true_chords
from research.accompaniment.songs import AnnotatedSong, ChordSegment
from research.accompaniment.training import recogniser_corpus
from research.accompaniment.training.examples import join, make_examples, modulate, simulate_recogniser
from research.accompaniment.training.progressions import Progression

C, F, G, AM = 0, 5, 7, PITCH_CLASSES + 9
LOOP = np.tile(np.repeat([C, AM, F, G], 4), 4)


def progression(states: States, key: int = 0) -> Progression:
    return Progression("001", states, np.full(len(states), key, np.int64), 4)


def test_an_example_has_what_comes_counted_from_the_chord_that_sounds() -> None:
    found = make_examples(LOOP, progression(LOOP), 1, np.random.default_rng(0))
    assert found is not None
    assert len(found) == len(LOOP) - 1 - 8
    first = found.truth[7]  # after sixteen beats, the last of G: C lies five above
    assert first[:8].tolist() == [2 * 5] * 4 + [2 * 2 + 1] * 4
    predicted = found.predicted[7]
    assert predicted.shape == (len(RAISED), len(LAGS), HORIZON)
    np.testing.assert_array_equal(predicted[0, LAGS.tolist().index(16)][:16], first[:16])
    assert (predicted[1, LAGS.tolist().index(16)][:4] == 2 * 6).all()
    assert (found.truth[-1][1:] == -1).all()  # the song is over


def test_nothing_is_learned_from_a_song_too_short_nor_from_beats_that_nobody_knows() -> None:
    assert make_examples(LOOP[:8], progression(LOOP[:8]), 1, np.random.default_rng(0)) is None
    holed = LOOP.copy()
    holed[20:40] = UNKNOWN
    found = make_examples(holed, progression(holed), 1, np.random.default_rng(0))
    assert found is not None
    assert len(found) == len(LOOP) - 1 - 8 - 20
    assert (found.truth[11][:20] == -1).all()
    assert found.truth[11][20] >= 0
    assert found.truth.max() < KINDS


def test_examples_are_joined_in_order() -> None:
    one = make_examples(LOOP, progression(LOOP), 1, np.random.default_rng(0))
    assert one is not None
    both = join([one, one])
    assert len(both) == 2 * len(one)
    np.testing.assert_array_equal(both.context[len(one) :], one.context)


def test_recognition_errors_are_few_differ_each_time_and_leave_unknown_beats_unknown() -> None:
    holed = np.tile(LOOP, 4)
    holed[100:104] = UNKNOWN
    right = []
    for seed in range(40):
        recognised = simulate_recogniser(holed, np.random.default_rng(seed))
        assert recognised.shape == holed.shape
        assert ((recognised >= UNKNOWN) & (recognised <= NO_CHORD_STATE)).all()
        right.append(float((recognised == holed).mean()))
    assert 0.7 < np.mean(right) < 0.95
    assert max(right) - min(right) > 0.1  # one song better than another
    np.testing.assert_array_equal(
        simulate_recogniser(holed, np.random.default_rng(3)), simulate_recogniser(holed, np.random.default_rng(3))
    )


def test_a_song_modulates_upwards_at_a_bar_and_its_key_is_reported_later() -> None:
    song = progression(np.tile(LOOP, 2))
    ups = set()
    for seed in range(20):
        higher = modulate(song, np.random.default_rng(seed))
        turn, announced = (
            int(np.flatnonzero(one != other)[0])
            for one, other in ((higher.states, song.states), (higher.keys, song.keys))
        )
        assert turn % 4 == 0
        assert turn + 4 <= announced < turn + 24
        up = int(higher.keys[-1])
        ups.add(up)
        np.testing.assert_array_equal(higher.states[turn:] % PITCH_CLASSES, (song.states[turn:] + up) % PITCH_CLASSES)
        np.testing.assert_array_equal(higher.states[turn:] // PITCH_CLASSES, song.states[turn:] // PITCH_CLASSES)
    assert ups == {1, 2}


def test_recognised_songs_are_written_and_read_again(tmp_path: Path) -> None:
    recognised = [
        recogniser_corpus.RecognisedSong(simulate_recogniser(LOOP, np.random.default_rng(1)), progression(LOOP, 5))
    ]
    recogniser_corpus.write_recognised(tmp_path / "recognised.json", recognised)
    (again,) = recogniser_corpus.read_recognised(tmp_path / "recognised.json")
    np.testing.assert_array_equal(again.recognised, recognised[0].recognised)
    np.testing.assert_array_equal(again.song.states, LOOP)
    assert again.song.keys[0] == 5
    (tmp_path / "recognised.json").write_text("[{}]")
    with pytest.raises(ConfigError, match=r"recognised\.json"):
        recogniser_corpus.read_recognised(tmp_path / "recognised.json")


def test_a_chord_reported_late_is_put_on_the_beat_on_which_it_began(monkeypatch: pytest.MonkeyPatch) -> None:
    spans = tuple(
        ChordSegment(
            4.0 * bar, 4.0 * bar + 4, state % PITCH_CLASSES, state % PITCH_CLASSES, frozenset(), to_chord(state, 1.0)
        )
        for bar, state in enumerate(LOOP[::4].tolist())
    )
    song = AnnotatedSong("song-001", "rendered", 120.0, 4, len(LOOP), spans, ((0.0, 7, 0),), start_s=0.3)
    monkeypatch.setattr(recogniser_corpus, "read_rendered", lambda _stems, split: [song] if split == "train" else [])
    monkeypatch.setattr(recogniser_corpus, "list_tunes", lambda _stems, _song: {"001"})
    monkeypatch.setattr(recogniser_corpus, "load_analyser", lambda name: name)
    monkeypatch.setattr(recogniser_corpus, "recognise_chords", lambda song, _engine: list_true_chords(song, 0.6))
    (found,) = recogniser_corpus.recognise_songs(Path(), "mir.standard")
    np.testing.assert_array_equal(found.song.states, LOOP)
    np.testing.assert_array_equal(found.recognised[:-4], LOOP[:-4])
    assert found.song.keys[20] == 7
    monkeypatch.setattr(recogniser_corpus, "list_tunes", lambda _stems, _song: {"005"})
    assert not list(recogniser_corpus.recognise_songs(Path(), "mir.standard"))  # held out
