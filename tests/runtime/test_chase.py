"""MIDI chase: which events are remembered and replayed."""

from __future__ import annotations

from bridge.core.events import Beat, Chord, Key, Midi, TimedEvent
from bridge.runtime.chase import EventChaser

C, F = Chord(0, 0, 0, 0.5), Chord(5, 0, 5, 0.5)


def number_frames(*messages: bytes) -> list[TimedEvent]:
    return [TimedEvent(frame, Midi(data)) for frame, data in enumerate(messages)]


def replay(events: list[TimedEvent]) -> list[TimedEvent]:
    chaser = EventChaser()
    chaser.remember(events)
    return chaser.replay()


def test_the_last_chord_and_the_last_key_hold_and_a_beat_does_not() -> None:
    key = Key(0, 0, 0.9)
    events = [TimedEvent(1, C), TimedEvent(2, key), TimedEvent(3, Beat(0, 4, 120.0, 1.0, 0)), TimedEvent(4, F)]
    assert replay(events) == [TimedEvent(2, key), TimedEvent(4, F)]


def test_the_last_of_each_setting_of_each_channel_holds() -> None:
    old, settings = (b"\xc1\x05", b"\xb1\x07\x10", b"\xe1\x00\x10"), (b"\xc1\x06", b"\xc2\x05", b"\xb1\x07\x20")
    more = (b"\xb1\x0a\x20", b"\xb2\x07\x20", b"\xd1\x20", b"\xe1\x00\x20")
    assert [event.payload for event in replay(number_frames(*old, *settings, *more))] == [
        Midi(data) for data in (*settings, *more)
    ]


def test_notes_commands_and_what_is_no_channels_do_not_hold() -> None:
    over = (
        b"\x91\x3c\x40",
        b"\x81\x3c\x40",
        b"\xa1\x3c\x40",
        b"\xb1\x7b\x00",
        b"\xb1\x78\x00",
        b"\xf8",
        b"\xf0\x7e\xf7",
    )
    assert replay(number_frames(*over)) == []


def test_events_of_one_frame_are_replayed_in_the_order_of_their_last_arrival() -> None:
    bank, program = Midi(b"\xb1\x00\x01"), Midi(b"\xc1\x05")
    chaser = EventChaser()
    chaser.remember([TimedEvent(5, program)])
    chaser.remember([TimedEvent(9, bank), TimedEvent(9, program)])
    assert [event.payload for event in chaser.replay()] == [bank, program]
    chaser.reset()
    assert chaser.replay() == []
