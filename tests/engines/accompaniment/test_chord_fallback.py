"""Chord fallback: the chord played where none is foreseen, level by level."""

from __future__ import annotations

from bridge.core.chords import PITCH_CLASSES
from bridge.core.events import Chord, to_chord
from engines.accompaniment.chord_fallback import (
    DRUMS,
    DRUMS_BEATS,
    FORESEEN,
    HELD,
    HELD_BEATS,
    SILENCE,
    TONIC,
    TONIC_BEATS,
    ChordFallback,
    PredictedChord,
)
from engines.accompaniment.harmony.trellis import HABIT, LOOP, NOTHING, TRACK
from engines.accompaniment.score import NO_CHORD

F = PredictedChord(to_chord(5, 1.0), 0.6, LOOP)
LOST = PredictedChord(NO_CHORD, 0.5, HABIT)
A_MINOR = PITCH_CLASSES + 9


def test_the_last_chord_then_the_key_s_then_drums_then_nothing() -> None:
    ladder, levels, roots = ChordFallback(), [], []
    for results in (F, *[LOST] * (DRUMS_BEATS + 4)):
        chosen = ladder.choose(results, A_MINOR)
        levels.append(ladder.level)
        roots.append(chosen.chord.root)
    steps = [HELD_BEATS, TONIC_BEATS - HELD_BEATS, DRUMS_BEATS - TONIC_BEATS, 4]
    assert levels == [FORESEEN, *[HELD] * steps[0], *[TONIC] * steps[1], *[DRUMS] * steps[2], *[SILENCE] * steps[3]]
    assert roots == [5, *[5] * steps[0], *[9] * steps[1], *[-1] * (steps[2] + steps[3])]


def test_the_key_s_chord_has_its_third() -> None:
    ladder = ChordFallback()
    assert ladder.choose(LOST, A_MINOR).chord == Chord(9, 1, 9, 1.0)
    assert ladder.choose(LOST, 3).chord == Chord(3, 0, 3, 1.0)


def test_without_a_key_the_drums_go_on_and_before_any_detection_nothing_plays() -> None:
    ladder = ChordFallback()
    assert ladder.choose(PredictedChord(), -1).chord == NO_CHORD
    assert ladder.level == SILENCE
    ladder.choose(F, -1)
    for _ in range(HELD_BEATS + 1):
        ladder.choose(LOST, -1)
    assert ladder.level == DRUMS


def test_a_chord_that_is_foreseen_again_is_played_at_once_and_the_count_begins_anew() -> None:
    ladder = ChordFallback()
    ladder.choose(F, -1)
    for _ in range(DRUMS_BEATS + 9):
        ladder.choose(LOST, -1)
    assert ladder.choose(F, -1) == F
    assert ladder.level == FORESEEN
    ladder.choose(LOST, -1)
    assert ladder.level == HELD


def test_no_chord_by_the_user_s_word_is_played_as_written() -> None:
    ladder = ChordFallback()
    ladder.choose(F, 0)
    assert ladder.choose(PredictedChord(NO_CHORD, 1.0, TRACK), 0).chord == NO_CHORD
    assert ladder.level == FORESEEN
    assert ladder.choose(PredictedChord(source=NOTHING), 0).chord == F.chord
