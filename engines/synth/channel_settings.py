"""What a channel was told to be: its program, controllers, bend. Enough to tell another instrument the same."""

from __future__ import annotations

from engines.synth.instrument import BANK, BANK_FINE, CONTROL, CONTROLS_OFF, PAN, SOUND_OFF, VOLUME, lets_go, strikes

KEPT = (BANK, BANK_FINE, VOLUME, PAN)
"""Controllers that a reset of all controllers leaves alone (MIDI RP-015)."""


class ChannelSettings:
    """The last message of each kind, channel and controller."""

    def __init__(self) -> None:
        self._last: dict[tuple[int, int], bytes] = {}

    def reset(self) -> None:
        self._last.clear()

    def take(self, message: bytes) -> None:
        """Remember ``message``, where it is no note."""
        if strikes(message) or lets_go(message):
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
        """In an order that sets banks before programs."""
        return [message for _, message in sorted(self._last.items())]
