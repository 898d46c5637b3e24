"""Mackie Control protocol: the numbers of its messages, and how its system exclusive messages are framed.

Sources: Logic's description of the protocol, Ardour's and DrivenByMoss's drivers, read and never tried on a device.
"""

from __future__ import annotations

import enum

SYSEX_START, SYSEX_END = 0xF0, 0xF7
MANUFACTURER = bytes((0x00, 0x00, 0x66))
STRIPS = 8
"""Channel strips of a main unit, and of an extender."""

UNIT_MAIN, UNIT_EXTENDER = 0x14, 0x15
"""Unit ids of Mackie Control and its clones."""
UNIT_LOGIC_CONTROL, UNIT_LOGIC_CONTROL_XT = 0x10, 0x11

NOTE_SOLO, NOTE_MUTE, NOTE_TOUCH = 0x08, 0x10, 0x68
"""The notes of the first strip's buttons, and of a finger on its fader."""
LED_ON, LED_BLINK = 0x7F, 0x01
"""Velocities of a button's light; 0 is off. A button sends LED_ON when it is pressed and 0 when it is released."""

LINE_CHARACTERS = 56
"""Characters in a line of the display: seven for each strip. The lower line begins at this offset."""
STRIP_CHARACTERS = 7

SERIAL_BYTES, CHALLENGE_BYTES = 7, 4


class Command(enum.IntEnum):
    """Kind of a system exclusive message, the byte after the unit id."""

    DEVICE_QUERY = 0x00
    CONNECTION_QUERY = 0x01
    """The device: its serial number and a challenge. From a Mackie Control without a challenge: it is ready."""
    CONNECTION_REPLY = 0x02
    CONNECTION_CONFIRMATION = 0x03
    CONNECTION_ERROR = 0x04
    DEVICE_READY = 0x06
    """The answer of an X-Touch Compact to the device query."""
    LCD = 0x12
    VERSION_QUERY = 0x13
    VERSION_REPLY = 0x14


def make_sysex(unit: int, command: int, data: bytes = b"") -> bytes:
    """A system exclusive message of, or to, the unit. ``data``: seven bits each."""
    return bytes((SYSEX_START, *MANUFACTURER, unit, command, *data, SYSEX_END))


def parse_sysex(message: bytes, unit: int) -> tuple[int, bytes] | None:
    """The command and data of a system exclusive message; None if it is another's, not whole, or has no command."""
    head = bytes((SYSEX_START, *MANUFACTURER, unit))
    if len(message) < len(head) + 2 or not message.startswith(head) or message[-1] != SYSEX_END:
        return None
    command, data = message[len(head)], message[len(head) + 1 : -1]
    return None if command > 0x7F or any(byte > 0x7F for byte in data) else (command, data)


def make_fader(strip: int, position: int) -> bytes:
    """The message for a fader, ``strip`` from 0, ``position`` 0 to 16383."""
    return bytes((0xE0 + strip, position & 0x7F, position >> 7))


def make_note(note: int, velocity: int) -> bytes:
    """The message for a button, its light, or a finger on a fader. Never a note-off: devices send velocity 0."""
    return bytes((0x90, note, velocity))
