"""MIDI stream: whole messages out of the pieces in which a MIDI system delivers them.

A system exclusive message may come in many events: PipeWire cuts it into 6 or 7 bytes, jackd's ALSA bridge into 256.
System real-time messages may stand between any two bytes and leave the others alone (MIDI 1.0, page 30). Data bytes
without a status byte are dropped: events carry no running status, so these belong to a message whose start was lost.
"""

from __future__ import annotations

from bridge.core.midi import DATA_BYTES, SYSTEM

SYSEX, SYSEX_END, FIRST_REALTIME = SYSTEM, 0xF7, 0xF8
MAX_SYSEX_BYTES = 1 << 16
"""A longer system exclusive message is dropped. Controllers send some hundred bytes; samples are not for us."""

_COMMON_DATA_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1, 0xF6: 0}
"""Data bytes of the system common messages; the others are undefined."""


class MidiStream:
    """The messages of one port."""

    def __init__(self) -> None:
        self.incomplete = 0
        """Messages that ended before they were whole, or were too long."""
        self._message = bytearray()
        self._missing = 0
        """Data bytes that the begun message still needs; -1: up to the end of a system exclusive message."""

    def feed(self, event: bytes) -> list[bytes]:
        """The messages that are whole with the next ``event``, a piece of any length, in the order of their ends."""
        if not self._message and is_short_message(event):  # the usual case
            return [event]
        whole: list[bytes] = []
        for byte in event:
            if byte >= FIRST_REALTIME:
                whole.append(bytes((byte,)))
            elif byte == SYSEX_END:
                self._end_sysex(whole)
            elif byte >= 0x80:
                self._begin(byte, whole)
            elif self._message:
                self._append(byte, whole)
        return whole

    def break_off(self) -> None:
        """Events were lost here: a message that had begun will not become whole."""
        if self._message:
            self.incomplete += 1
            self._message.clear()

    def _begin(self, status: int, whole: list[bytes]) -> None:
        self.break_off()
        if status == SYSEX:
            self._missing = -1
        else:
            missing = DATA_BYTES.get(status & 0xF0, _COMMON_DATA_BYTES.get(status))
            if missing is None:
                return
            self._missing = missing
        self._message.append(status)
        self._emit_if_whole(whole)

    def _append(self, byte: int, whole: list[bytes]) -> None:
        if self._missing < 0 and len(self._message) >= MAX_SYSEX_BYTES - 1:
            self.break_off()
            return
        self._message.append(byte)
        self._missing -= self._missing > 0
        self._emit_if_whole(whole)

    def _emit_if_whole(self, whole: list[bytes]) -> None:
        if self._missing == 0:
            whole.append(bytes(self._message))
            self._message.clear()

    def _end_sysex(self, whole: list[bytes]) -> None:
        if self._message and self._missing < 0:
            self._message.append(SYSEX_END)
            whole.append(bytes(self._message))
            self._message.clear()
        else:
            self.break_off()


def is_short_message(event: bytes) -> bool:
    """Whether ``event`` is exactly one channel message."""
    return len(event) > 1 and len(event) == 1 + DATA_BYTES.get(event[0] & 0xF0, -1) and max(event[1:]) < 0x80
