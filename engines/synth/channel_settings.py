"""Channel settings: the last program, controllers, pressure and bend of each MIDI channel, for replay (MIDI chase)."""

from __future__ import annotations

from engines.synth.instrument import (
    BANK,
    BANK_FINE,
    CONTROL,
    CONTROLS_OFF,
    PAN,
    SOUND_OFF,
    VOLUME,
    is_note_off,
    is_note_on,
)

KEPT = (BANK, BANK_FINE, VOLUME, PAN)
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
        if is_note_on(message) or is_note_off(message):
            return
        status = message[0]
        if status & 0xF0 != CONTROL:
            self._last[status, 0] = message
        elif message[1] == CONTROLS_OFF:
            for key in [key for key in self._last if key[0] == status and key[1] not in KEPT]:
                del self._last[key]
            self._last.pop((status & 0x0F | 0xD0, 0), None)
            self._last.pop((status & 0x0F | 0xE0, 0), None)
        elif message[1] < SOUND_OFF:
            self._last[status, message[1]] = message

    def messages(self) -> list[bytes]:
        """The messages that restore the settings, banks before programs."""
        return [message for _, message in sorted(self._last.items())]
