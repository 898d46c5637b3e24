"""Chords and beats as notes."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.core.events import Beat, Chord, Key, Midi, TimedEvent
from bridge.runtime.analysis_to_midi import BEAT_CHANNEL, BEAT_NOTE, DOWNBEAT_NOTE, NoteRenderer

RATE = 44100
LENGTH = round(0.05 * RATE)
C, A_MINOR, NONE = Chord(0, 0, 0, 1.0), Chord(9, 1, 9, 1.0), Chord(-1, 0, -1, 0.0)


def beat(number: int) -> Beat:
    return Beat(number, 4, 120.0, 1.0, number)


def to_rows(events: Sequence[TimedEvent]) -> list[tuple[int, bool, int]]:
    """(frame, on, note) of each message."""
    rows = []
    for event in events:
        assert isinstance(event.payload, Midi)
        rows.append((event.frame, event.payload.data[0] & 0xF0 == 0x90, event.payload.data[1]))
    return rows


def test_a_chord_is_held_until_the_next_one() -> None:
    renderer = NoteRenderer(RATE)
    first = to_rows(renderer.render([TimedEvent(10, C)], 1000))
    assert first == [(10, True, note) for note in (48, 52, 55)]
    assert to_rows(renderer.render([], 2000)) == []
    second = to_rows(renderer.render([TimedEvent(2500, A_MINOR)], 3000))
    assert second == [(2500, False, note) for note in (48, 52, 55)] + [(2500, True, note) for note in (48, 52, 57)]


def test_no_chord_is_silence() -> None:
    renderer = NoteRenderer(RATE)
    renderer.render([TimedEvent(10, C)], 1000)
    assert to_rows(renderer.render([TimedEvent(1500, NONE)], 2000)) == [(1500, False, note) for note in (48, 52, 55)]
    assert to_rows(renderer.render([TimedEvent(2500, C)], 3000)) == [(2500, True, note) for note in (48, 52, 55)]


def test_a_downbeat_sounds_other_than_a_beat_on_the_percussion_channel() -> None:
    events = NoteRenderer(RATE).render([TimedEvent(0, beat(0)), TimedEvent(9000, beat(1))], 10**6)
    assert to_rows(events) == [
        (0, True, DOWNBEAT_NOTE),
        (LENGTH, False, DOWNBEAT_NOTE),
        (9000, True, BEAT_NOTE),
        (9000 + LENGTH, False, BEAT_NOTE),
    ]
    assert {event.payload.data[0] & 0x0F for event in events if isinstance(event.payload, Midi)} == {BEAT_CHANNEL}


def test_what_falls_later_is_kept_until_its_time() -> None:
    renderer = NoteRenderer(RATE)
    assert to_rows(renderer.render([TimedEvent(100, beat(1))], 101)) == [(100, True, BEAT_NOTE)]
    assert to_rows(renderer.render([], 100 + LENGTH)) == []
    assert to_rows(renderer.render([], 101 + LENGTH)) == [(100 + LENGTH, False, BEAT_NOTE)]


def test_a_reset_forgets_what_is_held_and_what_was_planned() -> None:
    renderer = NoteRenderer(RATE)
    renderer.render([TimedEvent(0, C), TimedEvent(0, beat(0))], 1)
    renderer.reset()
    assert to_rows(renderer.render([TimedEvent(5000, A_MINOR)], 10**6)) == [(5000, True, note) for note in (48, 52, 57)]


def test_other_events_are_passed_over() -> None:
    assert NoteRenderer(RATE).render([TimedEvent(0, Key(0, 0, 1.0))], 10) == []


chords = st.sampled_from([C, A_MINOR, NONE, Chord(7, 2, 11, 0.5)])


@given(
    stream=st.lists(st.tuples(st.integers(1, 5000), st.one_of(chords, st.builds(beat, st.integers(0, 3)))), max_size=30)
)
@settings(deadline=None)
def test_notes_come_in_order_and_all_end_once_no_chord_sounds(stream: list[tuple[int, Chord | Beat]]) -> None:
    renderer, frame, rows = NoteRenderer(RATE), 0, []
    for step, payload in stream:
        frame += step
        rows += to_rows(renderer.render([TimedEvent(frame, payload)], frame + 1))
    rows += to_rows(renderer.render([TimedEvent(frame + 1, NONE)], frame + LENGTH + 10))
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    for note in {row[2] for row in rows}:
        assert not [on for _, on, number in rows if number == note][-1]
