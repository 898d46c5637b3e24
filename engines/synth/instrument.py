"""What makes the sound in a synth engine, and the MIDI messages that it hears."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bridge.core.audio import Audio
from bridge.core.engine import State

NOTE_OFF, NOTE_ON, CONTROL, PROGRAM, PRESSURE, BEND = 0x80, 0x90, 0xB0, 0xC0, 0xD0, 0xE0
"""Kinds of messages, the upper half of their first bytes."""
MIDI_CHANNELS, DRUM_CHANNEL = 16, 9
BANK, VOLUME, PAN, EXPRESSION, BANK_FINE, PEDAL = 0, 7, 10, 11, 32, 64
SOUND_OFF, CONTROLS_OFF, NOTES_OFF = 120, 121, 123
"""Controllers; the last three are channel mode messages. From NOTES_OFF on all end the notes."""
HATS = (42, 44, 46)
"""General MIDI's hi-hat, closed, by foot and open: one thing, which makes one sound at a time."""
LENGTHS = {NOTE_OFF: 3, NOTE_ON: 3, CONTROL: 3, PROGRAM: 2, PRESSURE: 2, BEND: 3}

TimedMidi = tuple[int, bytes]
"""A frame and a message."""


class Instrument(Protocol):
    """An instrument of sixteen channels, without a limiter and without an idea of time but its own frames."""

    def play(self, events: Sequence[TimedMidi], out: Audio) -> None:
        """Fill ``out``, shape (2, frames), with what comes next. ``events``: by their frame in ``out``, sorted."""

    def release(self) -> None:
        """Let go of every note, pedals included."""

    def reset(self) -> None:
        """As new: silent, with all programs and controllers as at the start."""

    def state(self) -> State: ...

    def restore(self, state: State) -> None: ...


def is_heard(message: bytes) -> bool:
    """Whether this is a whole message of a channel, of a kind that an instrument hears."""
    return LENGTHS.get(message[0] & 0xF0) == len(message) and max(message[1:]) < 0x80


def strikes(message: bytes) -> bool:
    """Whether a note begins: a note-on with velocity 0 ends one."""
    return message[0] & 0xF0 == NOTE_ON and message[2] > 0


def lets_go(message: bytes) -> bool:
    """Whether a note ends."""
    return message[0] & 0xF0 == NOTE_OFF or (message[0] & 0xF0 == NOTE_ON and message[2] == 0)


RELEASE: tuple[bytes, ...] = tuple(
    bytes((CONTROL | channel, controller, 0)) for controller in (PEDAL, NOTES_OFF) for channel in range(MIDI_CHANNELS)
)
"""What ends every note."""
