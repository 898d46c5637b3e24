"""Chords that are held on a keyboard."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.core.chords import QUALITIES
from bridge.core.events import NOTE_NAMES, Midi, TimedEvent, to_chord, to_state
from engines.accompaniment.chord_symbol import parse_chord
from engines.accompaniment.harmony.chord_states import UNKNOWN
from engines.accompaniment.held_chord import HeldChord, recognise_state


def label(pitches: list[int]) -> str:
    state = recognise_state(pitches)
    return "" if state == UNKNOWN else to_chord(state, 1.0).label


@pytest.mark.parametrize(
    ("pitches", "name"),
    [
        ([48, 64, 67], "C"), ([52, 60, 67], "C"), ([45, 60, 64], "Am"), ([50, 65, 69, 72], "Dm7"),
        ([43, 59, 65], "G7"), ([43, 45, 50], ""), ([43, 59, 62, 65], "G7"), ([48, 64, 67, 71], "Cmaj7"),
        ([47, 62, 65], "Bdim"), ([48, 64, 68], "Caug"), ([43, 60, 62], "Gsus4"), ([48, 64, 67, 69], "C"),
        ([48, 63, 67, 69], "Cm"), ([48, 64, 67, 70, 74], "C7"), ([60, 62, 64], ""), ([48, 55, 60], ""), ([48, 64], ""),
        ([], ""),
    ],
)  # fmt: skip
def test_notes_are_named_as_a_player_would_read_them(pitches: list[int], name: str) -> None:
    assert label(pitches) == name


def test_every_chord_of_a_sheet_is_known_by_its_own_notes() -> None:
    for root in NOTE_NAMES:
        for quality in QUALITIES:
            chord = parse_chord(root + quality.suffix)
            assert chord is not None
            pitches = [48 + chord.root, *(60 + one for one in chord.pitch_classes[1:])]
            assert recognise_state(pitches) == to_state(chord)


def hands() -> HeldChord:
    made = HeldChord()
    made.settle_frames = 1000
    return made


def note(frame: int, pitch: int, on: bool = True, channel: int = 0) -> TimedEvent:
    return TimedEvent(frame, Midi(bytes(((0x90 if on else 0x80) | channel, pitch, 80 * on))))


def test_a_chord_is_said_once_when_its_last_note_has_settled_with_the_frame_of_its_first() -> None:
    keys = hands()
    keys.push_midi([note(500, 60), note(900, 64)])
    assert keys.pop_chord(1400) is None
    keys.push_midi([note(1450, 67)])
    assert keys.pop_chord(2400) is None
    assert keys.pop_chord(2450) == (0, 500)
    assert keys.pop_chord(9000) is None
    assert keys.is_held


def test_a_melody_over_a_held_chord_changes_nothing_and_another_chord_is_said() -> None:
    keys = hands()
    keys.push_midi([note(0, 48), note(0, 52), note(0, 55)])
    assert keys.pop_chord(1000) == (0, 0)
    keys.push_midi([note(5000, 74)])
    assert keys.pop_chord(7000) is None
    keys.push_midi([note(8000, p, False) for p in (48, 52, 55, 74)] + [note(8000, p) for p in (53, 57, 60)])
    assert keys.pop_chord(9000) == (5, 8000)


def test_the_same_chord_is_said_again_after_the_hands_were_off() -> None:
    keys = hands()
    for start in (0, 10000):
        keys.push_midi([note(start, p) for p in (48, 52, 55)])
        assert keys.pop_chord(start + 1000) == (0, start)
        keys.push_midi([note(start + 4000, p, False) for p in (48, 52, 55)])
        assert not keys.is_held


def test_drums_and_notes_that_end_twice_are_no_chord() -> None:
    keys = hands()
    keys.push_midi([note(0, p, channel=9) for p in (48, 52, 55)])
    keys.push_midi([note(10, 48, False), note(20, 48), note(20, 52), note(20, 55)])
    assert keys.down.sum() == 3
    assert keys.pop_chord(2000) == (0, 20)


def test_from_its_state_it_goes_on_to_the_same() -> None:
    one, other = hands(), hands()
    one.push_midi([note(0, 48), note(0, 52)])
    other.restore(one.state())
    for keys in (one, other):
        keys.push_midi([note(30, 55)])
    assert one.pop_chord(2000) == other.pop_chord(2000) == (0, 0)
    np.testing.assert_array_equal(one.down, other.down)
