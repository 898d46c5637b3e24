"""MIDI messages by their bytes, against those that mido makes: what starts a note, what ends one, and neither."""

from __future__ import annotations

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core import midi

CHANNELS, DATA = st.integers(0, 15), st.integers(0, 127)

STATUS_BYTES = {
    "note_off": midi.NOTE_OFF,
    "note_on": midi.NOTE_ON,
    "polytouch": midi.KEY_PRESSURE,
    "control_change": midi.CONTROL_CHANGE,
    "program_change": midi.PROGRAM_CHANGE,
    "aftertouch": midi.CHANNEL_PRESSURE,
    "pitchwheel": midi.PITCH_BEND,
    "sysex": midi.SYSTEM,
    "songpos": midi.SONG_POSITION,
    "clock": midi.CLOCK,
    "start": midi.START,
    "continue": midi.CONTINUE,
    "stop": midi.STOP,
}
"""The status byte of each kind of message that has a name in mido."""


@pytest.mark.parametrize("kind", STATUS_BYTES)
def test_status_bytes_and_lengths_are_those_of_mido(kind: str) -> None:
    message = bytes(mido.Message(kind).bytes())
    assert message[0] == STATUS_BYTES[kind]
    if message[0] < midi.SYSTEM:
        assert len(message) == 1 + midi.DATA_BYTES[message[0]]


@given(CHANNELS, DATA, st.integers(1, 127))
def test_a_note_on_starts_a_note_and_is_made_as_mido_makes_it(channel: int, pitch: int, velocity: int) -> None:
    data = midi.make_note_on(channel, pitch, velocity).data
    assert list(data) == mido.Message("note_on", channel=channel, note=pitch, velocity=velocity).bytes()
    assert (midi.get_status(data), midi.get_channel(data)) == (midi.NOTE_ON, channel)
    assert midi.is_note(data)
    assert midi.is_note_on(data)
    assert not midi.is_note_off(data)


@given(CHANNELS, DATA, DATA)
def test_a_note_off_ends_a_note_and_is_made_as_mido_makes_it(channel: int, pitch: int, velocity: int) -> None:
    data = midi.make_note_off(channel, pitch, velocity).data
    assert list(data) == mido.Message("note_off", channel=channel, note=pitch, velocity=velocity).bytes()
    assert (midi.get_status(data), midi.get_channel(data)) == (midi.NOTE_OFF, channel)
    assert midi.is_note(data)
    assert midi.is_note_off(data)
    assert not midi.is_note_on(data)


@given(CHANNELS, DATA)
def test_a_note_on_with_velocity_0_ends_a_note(channel: int, pitch: int) -> None:
    data = bytes((midi.NOTE_ON | channel, pitch, 0))
    assert midi.is_note(data)
    assert midi.is_note_off(data)
    assert not midi.is_note_on(data)


@pytest.mark.parametrize("kind", [kind for kind in STATUS_BYTES if not kind.startswith("note")])
def test_no_other_message_is_a_note(kind: str) -> None:
    message = bytes(mido.Message(kind).bytes())
    assert not (midi.is_note(message) or midi.is_note_on(message) or midi.is_note_off(message))


@pytest.mark.parametrize("message", [b"\x90", b"\x90\x3c", b"\x80\x3c", b"\xf8"])
def test_a_message_that_is_cut_off_is_no_note(message: bytes) -> None:
    assert not (midi.is_note(message) or midi.is_note_on(message) or midi.is_note_off(message))
