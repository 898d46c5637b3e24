"""Channel settings: the last program, controllers, pressure and bend of each MIDI channel, for replay (MIDI chase)."""

from __future__ import annotations

from bridge.core.midi import (
    ALL_SOUND_OFF,
    BANK_SELECT,
    BANK_SELECT_FINE,
    CHANNEL_PRESSURE,
    CONTROL_CHANGE,
    PAN,
    PITCH_BEND,
    RESET_CONTROLLERS,
    VOLUME,
    get_channel,
    get_status,
    is_note,
)

KEPT = (BANK_SELECT, BANK_SELECT_FINE, VOLUME, PAN)
"""Controllers that a reset of all controllers leaves alone (MIDI RP-015)."""


class ChannelSettings:
    """The last message of each kind, channel and controller."""

    def __init__(self) -> None:
        self._last: dict[tuple[int, int], bytes] = {}

    def reset(self) -> None:
        """Drop all settings."""
        self._last.clear()

    def update(self, message: bytes) -> None:
        """Store ``message`` unless it is a note."""
        if is_note(message):
            return
        status = message[0]
        if get_status(message) != CONTROL_CHANGE:
            self._last[status, 0] = message
        elif message[1] == RESET_CONTROLLERS:
            for key in [key for key in self._last if key[0] == status and key[1] not in KEPT]:
                del self._last[key]
            for kind in (CHANNEL_PRESSURE, PITCH_BEND):
                self._last.pop((kind | get_channel(message), 0), None)
        elif message[1] < ALL_SOUND_OFF:
            self._last[status, message[1]] = message

    def list_messages(self) -> list[bytes]:
        """The messages that restore the settings, banks before programs."""
        return [message for _, message in sorted(self._last.items())]
