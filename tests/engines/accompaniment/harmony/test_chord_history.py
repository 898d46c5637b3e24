"""Chord history: the chords and keys reported so far, and the chord that is predicted at a beat."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from bridge.core.chords import NO_CHORD_STATE, PITCH_CLASSES
from bridge.core.events import Chord, Key, to_chord
from bridge.core.time import BlockTime
from engines.accompaniment.harmony.chord_history import HISTORY_BEATS, ChordHistory
from engines.accompaniment.harmony.trellis import SOURCES, Metre
from engines.accompaniment.timeline import Timeline

RATE = 48000
TEMPO = 120.0
BEAT = 24000
TIMELINE = Timeline(BlockTime(0, RATE, 0.0, TEMPO, True, 4, True))
LOOP = [0, PITCH_CLASSES + 9, 5, 7]


def push_chords(listener: ChordHistory, bars: Sequence[int], late: int, until: float, first: float = 0.0) -> None:
    """A chord a bar, each received ``late`` frames after it began, up to beat ``until``; in blocks of 512 frames."""
    changes = [(round((4 * i) * BEAT), state) for i, state in enumerate(bars) if i == 0 or bars[i - 1] != state]
    for frame in range(round(first * BEAT), round(until * BEAT), 512):
        for began, state in changes:
            if frame <= began + late < frame + 512:
                listener.push_chord(to_chord(state, 0.9), began, frame)
        listener.advance(TIMELINE, frame)


@pytest.mark.parametrize("late", [0, 8000, 28000, 60000])
def test_each_beat_gets_the_chord_that_began_with_it_however_late_it_was_reported(late: int) -> None:
    listener = ChordHistory()
    push_chords(listener, LOOP * 2, late, 32.0)
    known = listener.history[HISTORY_BEATS - listener.count :]
    expected = np.repeat(LOOP * 2, 4)[: listener.count]
    np.testing.assert_array_equal(known, expected)
    assert listener.next == listener.count
    assert listener.next >= 32 - 2 - late / BEAT


@pytest.mark.parametrize("late", [0, 28000])
def test_a_loop_that_was_detected_is_played_on_the_beat(late: int) -> None:
    listener = ChordHistory()
    push_chords(listener, LOOP * 4, late, 40.0)
    results = [listener.predict_chord(beat, Metre(), {})[0] for beat in range(40, 52)]
    assert results == np.repeat(LOOP * 4, 4)[40:52].tolist()
    assert listener.predict_chord(44, Metre(), {})[2] == SOURCES.index("loop")


def test_no_report_is_no_chord_and_detected_chords_are_kept() -> None:
    listener = ChordHistory()
    assert listener.predict_chord(3, Metre(), {}) == (NO_CHORD_STATE, 0.0, 0)
    push_chords(listener, LOOP, 0, 12.0)
    assert [listener.predict_chord(beat, Metre(), {})[0] for beat in (0, 4, 8)] == LOOP[:3]
    assert listener.predict_chord(-1, Metre(), {})[0] == NO_CHORD_STATE


def test_a_chord_is_known_at_once_when_it_changes_and_waited_for_when_it_does_not() -> None:
    listener = ChordHistory()
    push_chords(listener, LOOP, 20000, 8.0)
    before = listener.next
    listener.push_chord(to_chord(5, 0.9), 8 * BEAT, 8 * BEAT + 100)
    listener.advance(TIMELINE, 8 * BEAT + 100)
    assert before < listener.next == 9


def test_the_song_that_jumps_back_goes_on_being_remembered() -> None:
    listener = ChordHistory()
    push_chords(listener, LOOP * 2, 30000, 32.0)
    assert listener.count < 32  # a change in the last beats would not have been reported yet
    listener.jump(0, Metre())
    assert listener.count == 32
    np.testing.assert_array_equal(listener.history[-32:], np.repeat(LOOP * 2, 4))
    results = [listener.predict_chord(beat, Metre(), {})[0] for beat in range(8)]
    assert results == np.repeat(LOOP, 4)[:8].tolist()


def test_from_its_state_it_goes_on_to_the_same_and_forgetting_makes_it_new() -> None:
    one, other = ChordHistory(), ChordHistory()
    push_chords(one, LOOP * 3, 9000, 30.0)
    one.push_key(Key(0, 0, 0.9))
    other.restore(one.state())
    assert [one.predict_chord(b, Metre(), {}) for b in range(30, 44)] == [
        other.predict_chord(b, Metre(), {}) for b in range(30, 44)
    ]
    one.reset()
    fresh = ChordHistory()
    for name, array in fresh.state().items():
        np.testing.assert_array_equal(one.state()[name], array)


def test_a_chord_that_a_later_one_has_overtaken_is_passed_over() -> None:
    listener = ChordHistory()
    listener.push_chord(to_chord(5, 0.9), 4 * BEAT, 5 * BEAT)
    listener.push_chord(to_chord(7, 0.9), 3 * BEAT, 5 * BEAT + 9)
    for frame in range(0, 12 * BEAT, 512):
        listener.advance(TIMELINE, frame)
    assert listener.history[-1] == 5
    assert 7 not in listener.history


def test_held_chords_override_detected_ones_until_they_are_released() -> None:
    listener = ChordHistory()
    listener.push_chord(to_chord(0, 0.9), 0, 30000)
    listener.push_played(2, 4 * BEAT)
    listener.prefer_played(9 * BEAT, True)
    listener.advance(TIMELINE, 4 * BEAT + 4000)
    assert listener.next == 5  # known at once
    listener.advance(TIMELINE, 5 * BEAT + 100)
    assert listener.next == 6  # and so is that it is held
    assert listener.predict_chord(4, Metre(), {}) == (2, 1.0, SOURCES.index("played"))
    listener.push_chord(to_chord(7, 0.9), 6 * BEAT, 6 * BEAT + 30000)
    listener.advance(TIMELINE, 8 * BEAT)
    assert listener.history[-1] == 2
    listener.prefer_played(9 * BEAT, False)
    for frame in range(8 * BEAT, 14 * BEAT, 512):
        listener.advance(TIMELINE, frame)
    assert listener.history[-1] == 7
    assert listener.history[-4] == 7
    assert listener.predict_chord(listener.next - 1, Metre(), {})[2] == SOURCES.index("detected")


def test_more_chords_than_can_wait_are_taken_in_order() -> None:
    listener = ChordHistory()
    for i in range(40):
        listener.push_chord(Chord(i % 12, 0, i % 12, 0.9), 1000 * i, 1000 * i)
    listener.advance(TIMELINE, 3 * BEAT)
    assert listener.history[-1] == 39 % 12
