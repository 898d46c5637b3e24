"""Simulated X-Touch: what the lights, displays, rings, meters and motors of one show, from the bytes that it was sent.

Written from the data sheet of the protocol alone, not from the code or the mapping that is tested with it.
"""

from __future__ import annotations

HEADER = bytes((0xF0, 0x00, 0x00, 0x66))
SERIAL = bytes(range(0x41, 0x48))
CHALLENGE = bytes((0x01, 0x02, 0x03, 0x04))
RESPONSE = bytes((0x05, 0x05, 0x7B, 0x2F))


class SimulatedXTouch:
    """A main unit or an extender. It fails the test where a message is none that it knows, or is another unit's."""

    def __init__(self, unit: int = 0x14, has_handshake: bool = True) -> None:
        self.unit = unit
        self.has_handshake = has_handshake
        self.inbox: list[bytes] = []
        """What it sends, until the other side reads it."""
        self.switch_on()

    def switch_on(self) -> None:
        """It was without power, or has just been plugged in: all is dark."""
        self.lcd = [" "] * 112
        self.colours = [7] * 8
        self.leds: dict[int, int] = {}
        self.rings = [0] * 8
        self.meters = [0] * 8
        self.faders = [0] * 9
        self.moves: list[tuple[int, int]] = []
        """Motors: (fader, position) in order."""
        self.received: list[bytes] = []

    def receive(self, message: bytes) -> None:
        """Take a message of the host in."""
        self.received.append(message)
        kind = message[0] & 0xF0
        if kind == 0xF0:
            self._receive_sysex(message)
        elif kind == 0x90 and message[0] == 0x90:
            assert message[2] in (0x00, 0x01, 0x7F)
            self.leds[message[1]] = message[2]
        elif message[0] == 0xB0 and 0x30 <= message[1] < 0x38:
            self.rings[message[1] - 0x30] = message[2]
        elif message[0] == 0xD0 and len(message) == 2:
            assert message[1] & 0x0F <= 0x0C
            self.meters[message[1] >> 4] = message[1] & 0x0F
        elif kind == 0xE0 and message[0] <= (0xE8 if self.unit == 0x14 else 0xE7):
            self.faders[message[0] & 0x0F] = message[1] | message[2] << 7
            self.moves.append((message[0] & 0x0F, self.faders[message[0] & 0x0F]))
        else:
            raise AssertionError(f"it knows no {message.hex(' ')}")

    def _receive_sysex(self, message: bytes) -> None:
        assert message.startswith(HEADER) and message.endswith(b"\xf7")
        assert message[4] == self.unit
        command, data = message[5], message[6:-1]
        if command == 0x00 and self.has_handshake:
            self._send(0x01, SERIAL + CHALLENGE)
        elif command == 0x02:
            self._send(0x03 if data == SERIAL + RESPONSE else 0x04, SERIAL)
        elif command == 0x13 and self.has_handshake:
            self._send(0x14, b"1.22")
        elif command == 0x12:
            text = data[1:].decode("ascii")
            assert data[0] + len(text) <= 112
            self.lcd[data[0] : data[0] + len(text)] = text
        elif command == 0x72:
            assert len(data) == 8
            assert max(data) <= 7
            self.colours = list(data)
        else:
            assert command in (0x00, 0x13)

    def _send(self, command: int, data: bytes) -> None:
        self.inbox.append(HEADER + bytes((self.unit, command)) + data + b"\xf7")

    def read(self, line: int) -> list[str]:
        """The text of the upper (0) or lower (1) line, by strip, without the spaces at the ends."""
        return ["".join(self.lcd[line * 56 + i * 7 : line * 56 + (i + 1) * 7]).strip() for i in range(8)]

    def touch(self, fader: int, on: bool) -> None:
        """A finger is put on a fader, or taken off; 8 is the master."""
        self.inbox.append(bytes((0x90, 0x68 + fader, 0x7F * on)))

    def move(self, fader: int, position: int) -> None:
        """A hand moves a fader."""
        self.inbox.append(bytes((0xE0 + fader, position & 0x7F, position >> 7)))

    def press(self, note: int) -> None:
        """A button is pressed and released."""
        self.inbox += [bytes((0x90, note, 0x7F)), bytes((0x90, note, 0x00))]

    def turn(self, knob: int, value: int) -> None:
        """A V-pot is turned; the value as it comes."""
        self.inbox.append(bytes((0xB0, 0x10 + knob, value)))

    def is_dark(self) -> bool:
        """Whether nothing is lit, written or up."""
        shown = [*self.leds.values(), *self.rings, *self.meters]
        return not any(shown) and not "".join(self.lcd).strip()
