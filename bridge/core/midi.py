"""MIDI 1.0 messages: status bytes, controllers, and what a message is by its bytes.

The low four bits of a channel message's status byte are its channel, from 0; the constants are those of channel 0. All
are plain integers, so that compiled code can use them too.
"""

from __future__ import annotations

from bridge.core.events import Midi

NOTE_OFF, NOTE_ON, KEY_PRESSURE, CONTROL_CHANGE = 0x80, 0x90, 0xA0, 0xB0
PROGRAM_CHANGE, CHANNEL_PRESSURE, PITCH_BEND = 0xC0, 0xD0, 0xE0
"""Channel messages."""
SYSTEM = 0xF0
"""Status bytes from here on are those of system messages, without a channel. This one begins a system exclusive."""
SONG_POSITION, CLOCK, START, CONTINUE, STOP = 0xF2, 0xF8, 0xFA, 0xFB, 0xFC
"""Messages about the sender's time: the position in sixteenths, then the system real-time messages."""
MIDI_CLOCK_TICKS_PER_BEAT = 24
"""MIDI clocks per quarter note (MIDI 1.0, system real-time messages). Musical material has TICKS_PER_BEAT."""
MIDI_CLOCK_TICKS_PER_SIXTEENTH = 6
"""MIDI clocks per step of the song position pointer."""
QUARTER_FRAME = 0xF1
"""A piece of MIDI time code."""

DATA_BYTES = {
    NOTE_OFF: 2, NOTE_ON: 2, KEY_PRESSURE: 2, CONTROL_CHANGE: 2, PROGRAM_CHANGE: 1, CHANNEL_PRESSURE: 1, PITCH_BEND: 2,
}  # fmt: skip
"""Data bytes of each channel message."""

MIDI_CHANNELS, DRUM_CHANNEL = 16, 9
"""General MIDI has drums on channel 10, which is 9 in the message."""

BANK_SELECT, VOLUME, PAN, EXPRESSION, BANK_SELECT_FINE, SUSTAIN_PEDAL = 0, 7, 10, 11, 32, 64
"""Controllers."""
ALL_SOUND_OFF, RESET_CONTROLLERS, ALL_NOTES_OFF = 120, 121, 123
"""Channel mode messages: controllers from ALL_SOUND_OFF on are commands, not values; all from ALL_NOTES_OFF on end the
notes."""


def get_status(message: bytes) -> int:
    """The status byte without the channel."""
    return message[0] & 0xF0


def get_channel(message: bytes) -> int:
    """The channel, from 0, of a channel message."""
    return message[0] & 0x0F


def is_note_on(message: bytes) -> bool:
    """Whether this starts a note; a note-on with velocity 0 ends one."""
    return len(message) == 3 and message[0] & 0xF0 == NOTE_ON and message[2] > 0


def is_note_off(message: bytes) -> bool:
    """Whether this ends a note: a note-off, or a note-on with velocity 0."""
    return len(message) == 3 and (message[0] & 0xF0 == NOTE_OFF or (message[0] & 0xF0 == NOTE_ON and message[2] == 0))


def is_note(message: bytes) -> bool:
    """Whether this starts or ends a note."""
    return len(message) == 3 and message[0] & 0xF0 in (NOTE_OFF, NOTE_ON)


def make_note_on(channel: int, pitch: int, velocity: int) -> Midi:
    """The message that starts a note. ``velocity``: 1 to 127; 0 would end it."""
    return Midi(bytes((NOTE_ON | channel, pitch, velocity)))


def make_note_off(channel: int, pitch: int, velocity: int = 0) -> Midi:
    """The message that ends a note."""
    return Midi(bytes((NOTE_OFF | channel, pitch, velocity)))
