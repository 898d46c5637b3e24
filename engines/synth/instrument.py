"""Instrument protocol of the synth engine, and the MIDI messages of instruments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bridge.core.audio import Audio
from bridge.core.engine import State

NOTE_OFF, NOTE_ON, CONTROL, PROGRAM, PRESSURE, BEND = 0x80, 0x90, 0xB0, 0xC0, 0xD0, 0xE0
"""Status bytes of channel messages, without the channel."""
MIDI_CHANNELS, DRUM_CHANNEL = 16, 9
BANK, VOLUME, PAN, EXPRESSION, BANK_FINE, PEDAL = 0, 7, 10, 11, 32, 64
SOUND_OFF, CONTROLS_OFF, NOTES_OFF = 120, 121, 123
"""Controllers; the last three are channel mode messages. NOTES_OFF and all above end the notes."""
HI_HATS = (42, 44, 46)
"""General MIDI's hi-hat: closed, pedal and open. They form one choke group."""
LENGTHS = {NOTE_OFF: 3, NOTE_ON: 3, CONTROL: 3, PROGRAM: 2, PRESSURE: 2, BEND: 3}

TimedMidi = tuple[int, bytes]
"""Frame and message bytes."""


class Instrument(Protocol):
    """An instrument of sixteen MIDI channels, without a limiter. Its time is its own count of frames."""

    def render(self, events: Sequence[TimedMidi], out: Audio) -> None:
        """Fill ``out``, shape (2, frames), with the next frames. ``events``: by their frame in ``out``, sorted."""

    def release(self) -> None:
        """Release every note and every pedal."""

    def reset(self) -> None:
        """Silence everything; all programs and controllers get their initial values."""

    def state(self) -> State:
        """A copy of the complete state."""

    def restore(self, state: State) -> None:
        """Continue from a state that `state` returned."""


def is_channel_message(message: bytes) -> bool:
    """Whether this is a complete channel message of a kind that instruments handle."""
    return LENGTHS.get(message[0] & 0xF0) == len(message) and max(message[1:]) < 0x80


def is_note_on(message: bytes) -> bool:
    """Whether this starts a note; a note-on with velocity 0 ends one."""
    return message[0] & 0xF0 == NOTE_ON and message[2] > 0


def is_note_off(message: bytes) -> bool:
    """Whether this ends a note: a note-off, or a note-on with velocity 0."""
    return message[0] & 0xF0 == NOTE_OFF or (message[0] & 0xF0 == NOTE_ON and message[2] == 0)


RELEASE_MESSAGES: tuple[bytes, ...] = tuple(
    bytes((CONTROL | channel, controller, 0)) for controller in (PEDAL, NOTES_OFF) for channel in range(MIDI_CHANNELS)
)
"""Messages that end every note: pedals up and all notes off, on every channel."""
