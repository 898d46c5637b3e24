"""Instrument protocol of the synth engine, and the MIDI messages of instruments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bridge.core.audio import Audio
from bridge.core.engine import State
from bridge.core.midi import (
    ALL_NOTES_OFF,
    CHANNEL_PRESSURE,
    CONTROL_CHANGE,
    DATA_BYTES,
    MIDI_CHANNELS,
    NOTE_OFF,
    NOTE_ON,
    PITCH_BEND,
    PROGRAM_CHANGE,
    SUSTAIN_PEDAL,
    get_status,
)

HI_HATS = (42, 44, 46)
"""General MIDI's hi-hat: closed, pedal and open. They form one choke group."""
HANDLED = (NOTE_OFF, NOTE_ON, CONTROL_CHANGE, PROGRAM_CHANGE, CHANNEL_PRESSURE, PITCH_BEND)
"""The channel messages that instruments handle."""

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
    status = get_status(message)
    return status in HANDLED and len(message) == 1 + DATA_BYTES[status] and max(message[1:]) < 0x80


RELEASE_MESSAGES: tuple[bytes, ...] = tuple(
    bytes((CONTROL_CHANGE | channel, controller, 0))
    for controller in (SUSTAIN_PEDAL, ALL_NOTES_OFF)
    for channel in range(MIDI_CHANNELS)
)
"""Messages that end every note: pedals up and all notes off, on every channel."""
