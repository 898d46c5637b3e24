"""MIDI input in pieces: what the callback takes for messages is what `MidiStream` makes of the same pieces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.midi_stream import MidiStream
from bridge.runtime.callback.context import MAX_MESSAGE
from bridge.runtime.callback.midi_assembly import read_event
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.layout import MAX_EVENTS
from tests.runtime.callback_driver import NO_ENGINES, Callback, open_callback

Pieces = Sequence[bytes]


@pytest.fixture(scope="module")
def callback() -> Iterator[Callback]:
    with open_callback(NO_ENGINES) as opened:
        yield opened


def read_cycle(callback: Callback, pieces: Pieces) -> list[tuple[int, bytes]]:
    """The messages of a cycle with these events, each one frame after the last, with their frames."""
    context = callback.context
    context.callback_state[w.IN_EVENTS] = 0
    for frame, piece in enumerate(pieces):
        read_event(context, frame, np.frombuffer(piece, np.uint8), len(piece))
    rows = context.in_events[: context.callback_state[w.IN_EVENTS]]
    return [(int(row[w.FRAME]), row[w.DATA :].tobytes()[: int(row[w.SIZE])]) for row in rows]


def take_lost(callback: Callback) -> int:
    """Messages lost since the last call."""
    lost, callback.state[w.LOST_EVENTS] = int(callback.state[w.LOST_EVENTS]), 0
    return lost


def cut(message: bytes, size: int) -> list[bytes]:
    return [message[at : at + size] for at in range(0, len(message), size)]


FULL_FRAME = bytes.fromhex("f07f7f01012122232425f7")
"""Of MIDI time code, as PipeWire 1.4 delivers it: in two events."""


@pytest.mark.parametrize("size", [1, 5, 6, 7, 40])
def test_a_message_in_pieces_arrives_whole_at_the_frame_of_its_last_piece(callback: Callback, size: int) -> None:
    pieces = cut(FULL_FRAME, size)
    assert read_cycle(callback, pieces) == [(len(pieces) - 1, FULL_FRAME)]
    assert take_lost(callback) == 0


def test_a_message_may_come_over_several_cycles_with_the_clock_between_its_bytes(callback: Callback) -> None:
    assert read_cycle(callback, [FULL_FRAME[:6], b"\xf8"]) == [(1, b"\xf8")]
    assert read_cycle(callback, []) == []
    assert read_cycle(callback, [FULL_FRAME[6:8] + b"\xfa" + FULL_FRAME[8:]]) == [(0, b"\xfa"), (0, FULL_FRAME)]
    assert take_lost(callback) == 0


@pytest.mark.parametrize("size", [6, 300])
def test_a_message_longer_than_a_record_is_lost_once_and_what_follows_is_read(callback: Callback, size: int) -> None:
    message = b"\xf0" + bytes(300) + b"\xf7"
    pieces = [*cut(message, size), b"\x90\x3c\x40", FULL_FRAME]
    assert [data for _, data in read_cycle(callback, pieces)] == [b"\x90\x3c\x40", FULL_FRAME]
    assert take_lost(callback) == 1


def test_the_longest_message_that_fits_arrives_and_one_more_byte_is_too_long(callback: Callback) -> None:
    fits = b"\xf0" + bytes(MAX_MESSAGE - 2) + b"\xf7"
    assert read_cycle(callback, cut(fits, 7)) == [(-(-len(fits) // 7) - 1, fits)]
    assert read_cycle(callback, cut(b"\xf0\x01" + fits[1:], 7)) == []
    assert take_lost(callback) == 1


def test_a_message_that_another_one_breaks_off_is_lost_and_pieces_without_a_start_are_dropped(
    callback: Callback,
) -> None:
    pieces = [b"\xf0\x01\x02", b"\x90\x3c\x40", b"\x03\x04\xf7", FULL_FRAME]
    assert [data for _, data in read_cycle(callback, pieces)] == [b"\x90\x3c\x40", FULL_FRAME]
    assert take_lost(callback) == 1


def test_events_beyond_the_room_of_a_cycle_are_counted(callback: Callback) -> None:
    assert len(read_cycle(callback, [b"\xf8"] * (MAX_EVENTS + 3))) == MAX_EVENTS
    assert take_lost(callback) == 3


SHORT = st.sampled_from(
    [b"\x90\x3c\x40", b"\xb0\x07\x7f", b"\xc1\x05", b"\xe0\x00\x40", b"\xf2\x10\x01", b"\xfa", b"\xf8"]
)
SYSEX = st.binary(min_size=0, max_size=MAX_MESSAGE - 2).map(
    lambda data: b"\xf0" + bytes(byte & 0x7F for byte in data) + b"\xf7"
)


@st.composite
def cut_streams(draw: st.DrawFn) -> list[bytes]:
    """Events: short messages are whole, those of system exclusive cut anywhere, with real-time bytes between."""
    events: list[bytes] = []
    for message in draw(st.lists(SHORT | SYSEX, max_size=8)):
        if message[0] != 0xF0:
            events.append(message)
            continue
        rest = message
        while rest:
            size = draw(st.integers(1, len(rest)))
            events.append(rest[:size])
            rest = rest[size:]
            if draw(st.booleans()):
                events.append(b"\xf8")
    return events


@given(cut_streams())
def test_it_agrees_with_the_reader_of_controllers(callback: Callback, events: list[bytes]) -> None:
    stream = MidiStream()
    expected = [message for event in events for message in stream.feed(event)]
    assert [data for _, data in read_cycle(callback, events)] == expected
    assert take_lost(callback) == 0


@given(st.lists(st.binary(min_size=1, max_size=60), max_size=20))
def test_any_bytes_are_survived(callback: Callback, events: list[bytes]) -> None:
    for _, data in read_cycle(callback, events):
        assert 0 < len(data) <= MAX_MESSAGE
    read_cycle(callback, [FULL_FRAME])  # ends whatever had begun
    assert [data for _, data in read_cycle(callback, [FULL_FRAME])] == [FULL_FRAME]
    take_lost(callback)
