"""MIDI stream: whatever the pieces are, the messages come out whole and in order; what is cut off is counted."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.midi_stream import MAX_SYSEX_BYTES, MidiStream, is_short_message

data_byte = st.integers(0, 0x7F)
LENGTHS = {0x80: 2, 0x90: 2, 0xA0: 2, 0xB0: 2, 0xC0: 1, 0xD0: 1, 0xE0: 2, 0xF1: 1, 0xF2: 2, 0xF3: 1, 0xF6: 0}
"""Data bytes by status byte, from the table of MIDI 1.0."""


@st.composite
def short_messages(draw: st.DrawFn) -> bytes:
    status = draw(st.sampled_from(sorted(LENGTHS)))
    channel = draw(st.integers(0, 15)) if status < 0xF0 else 0
    return bytes((status | channel, *draw(st.tuples(*[data_byte] * LENGTHS[status]))))


sysex_messages = st.lists(data_byte, max_size=400).map(lambda data: bytes((0xF0, *data, 0xF7)))
realtime_bytes = st.sampled_from([0xF8, 0xF9, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF])


@st.composite
def streams(draw: st.DrawFn) -> tuple[bytes, list[bytes], int]:
    """(bytes, the messages in the order of their ends, how many were cut off)."""
    raw, whole, cut = bytearray(), list[bytes](), 0
    after_cut = False
    for kind in draw(st.lists(st.sampled_from(["short", "sysex", "cut"]), max_size=12)):
        message = draw(short_messages() if kind == "short" else sysex_messages)
        if kind == "cut":
            message = message[: draw(st.integers(1, len(message) - 1))]
        cut += after_cut  # the status byte that begins now ends what was cut off
        after_cut = kind == "cut"
        for byte in message:
            raw.append(byte)
            if byte != 0xF7 and byte != message[-1] and draw(st.integers(0, 30)) == 0:
                realtime = draw(realtime_bytes)
                raw.append(realtime)
                whole.append(bytes((realtime,)))
        if kind != "cut":
            whole.append(message)
    return bytes(raw), whole, cut


def cut_up(raw: bytes, borders: list[int]) -> list[bytes]:
    places = [0, *sorted(border % (len(raw) + 1) for border in borders), len(raw)]
    return [raw[start:end] for start, end in pairwise(places)]


@given(stream=streams(), borders=st.lists(st.integers(0, 1 << 20), max_size=40))
def test_messages_are_whole_wherever_they_are_cut(stream: tuple[bytes, list[bytes], int], borders: list[int]) -> None:
    raw, whole, cut = stream
    parser = MidiStream()
    assert [message for piece in cut_up(raw, borders) for message in parser.feed(piece)] == whole
    assert parser.incomplete == cut


@given(stream=streams(), size=st.integers(1, 8))
def test_pieces_of_some_bytes_are_joined_as_pipewire_cuts_them(
    stream: tuple[bytes, list[bytes], int], size: int
) -> None:
    raw, whole, _ = stream
    parser = MidiStream()
    assert [m for at in range(0, len(raw), size) for m in parser.feed(raw[at : at + size])] == whole


@given(pieces=st.lists(st.binary(max_size=20), max_size=30))
def test_any_bytes_give_only_messages_that_are_whole(pieces: list[bytes]) -> None:
    parser = MidiStream()
    for piece in pieces:
        for message in parser.feed(piece):
            status, data = message[0], message[1:]
            if status == 0xF0:
                assert data[-1] == 0xF7
                data = data[:-1]
            elif status < 0xF8:
                assert len(data) == LENGTHS[status & 0xF0 if status < 0xF0 else status]
            else:
                assert not data
            assert all(byte < 0x80 for byte in data)


def test_302_bytes_in_51_events_are_one_message() -> None:
    message = bytes((0xF0, *(k & 0x7F for k in range(300)), 0xF7))
    pieces = [message[at : at + 6] for at in range(0, 302, 6)]
    assert len(pieces) == 51
    parser = MidiStream()
    assert [parser.feed(piece) for piece in pieces] == [[]] * 50 + [[message]]


def test_a_message_that_never_ends_is_dropped_at_the_limit_and_the_next_is_whole() -> None:
    parser = MidiStream()
    assert parser.feed(b"\xf0") == []
    for _ in range(2 * MAX_SYSEX_BYTES // 100):
        assert parser.feed(bytes(100)) == []
    assert parser.incomplete == 1
    assert parser.feed(b"\xf7\xb0\x07\x64") == [b"\xb0\x07\x64"]
    assert parser.incomplete == 1


@pytest.mark.parametrize(("data", "incomplete"), [(MAX_SYSEX_BYTES - 2, 0), (MAX_SYSEX_BYTES - 1, 1)])
def test_the_longest_message_is_64_kib(data: int, incomplete: int) -> None:
    parser = MidiStream()
    message = bytes((0xF0, *bytes(data), 0xF7))
    assert parser.feed(message) == ([] if incomplete else [message])
    assert parser.incomplete == incomplete


def test_after_a_loss_no_two_halves_are_joined() -> None:
    parser = MidiStream()
    assert parser.feed(b"\xf0\x01\x02") == []
    parser.break_off()
    assert parser.feed(b"\x05\x06\xf7") == []
    assert parser.incomplete == 1


def test_data_bytes_alone_are_no_message() -> None:
    assert MidiStream().feed(b"\x10\x20\x30") == []
    assert not is_short_message(b"\x10\x20\x30")
    assert not is_short_message(b"")
