"""Mackie Control handshake: the host's end, which asks a device, and the device's end, which answers a DAW.

A device may prove that it is one by a challenge. Many clones never answer and simply work, so a handshake that is not
confirmed holds nothing up: the port is there, and that is all that is known. Only system exclusive messages with the
header of the unit itself confirm; any other traffic on the port says nothing about it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from bridge.controllers.mcu.protocol import (
    CHALLENGE_BYTES,
    SERIAL_BYTES,
    Command,
    make_sysex,
    parse_sysex,
)

ASK_S = 5.0
"""Time between two questions to a device that does not answer."""
MAX_ANSWERS = 8
"""Messages that are answered per `ASK_S`: a peer that repeats itself gets no flood in return."""
VERSION = b"V1.00"
LONGEST_VERSION = 32


def compute_response(challenge: bytes) -> bytes:
    """The four bytes that answer the four bytes of a challenge (Logic's description of the protocol).

    Raises:
        ValueError: ``challenge`` has another length, or bytes above 7Fh.
    """
    if len(challenge) != CHALLENGE_BYTES or any(byte > 0x7F for byte in challenge):
        raise ValueError(f"challenge {challenge.hex(' ')}: give {CHALLENGE_BYTES} bytes from 00 to 7F")
    a, b, c, d = challenge
    response = (a + (b ^ 0x0A) - d, (c >> d) ^ (a + d), (d - (c << 2)) ^ (a | b), b - c + (0xF0 ^ (d << 4)))
    return bytes(byte & 0x7F for byte in response)


class _AnswerLimit:
    """How many messages are answered in a time."""

    def __init__(self) -> None:
        self._left, self._until_s = 0, float("-inf")

    def take(self, now_s: float) -> bool:
        """Whether one more may be answered."""
        if now_s >= self._until_s:
            self._left, self._until_s = MAX_ANSWERS, now_s + ASK_S
        self._left -= 1
        return self._left >= 0


class HostHandshake:
    """The host's end: asks the device who it is, answers its challenge, asks again while it is not confirmed.

    ``version``: its firmware, as it answered. ``is_refused``: it did not accept our response.
    """

    def __init__(self, unit: int) -> None:
        self.unit = unit
        self.is_confirmed = False
        self.is_refused = False
        self.version = ""
        self._next_ask_s = 0.0
        self._limit = _AnswerLimit()

    def start(self, now_s: float) -> list[bytes]:
        """What is sent to a device whose port was opened."""
        self.is_confirmed = self.is_refused = False
        self.version = ""
        return self._ask(now_s)

    def update(self, now_s: float) -> list[bytes]:
        """What is sent by now: the question again, each `ASK_S`, while the device is not confirmed."""
        if self.is_confirmed or now_s < self._next_ask_s:
            return []
        return self._ask(now_s)

    def receive(self, message: bytes, now_s: float) -> list[bytes]:
        """What is sent in answer to a message of the device; nothing to one that is not of a handshake."""
        parsed = parse_sysex(message, self.unit)
        if parsed is None:
            return []
        command, data = parsed
        if command == Command.CONNECTION_QUERY and len(data) == SERIAL_BYTES + CHALLENGE_BYTES:
            return self._answer(data, now_s)
        if command in (Command.CONNECTION_QUERY, Command.CONNECTION_CONFIRMATION, Command.DEVICE_READY):
            was_confirmed, self.is_confirmed, self.is_refused = self.is_confirmed, True, False
            is_asked = not was_confirmed and not self.version and self._limit.take(now_s)
            return [self._make_version_query()] if is_asked else []
        if command == Command.VERSION_REPLY:
            self.version = data[:LONGEST_VERSION].decode("ascii").strip("\0 ")
            self.is_confirmed = True
        elif command == Command.CONNECTION_ERROR:
            self.is_confirmed, self.is_refused = False, True
            self._next_ask_s = now_s + ASK_S
        return []

    def _ask(self, now_s: float) -> list[bytes]:
        self._next_ask_s = now_s + ASK_S
        return [make_sysex(self.unit, Command.DEVICE_QUERY)]

    def _answer(self, data: bytes, now_s: float) -> list[bytes]:
        """Answer a challenge, and ask for the version: there are devices that send no confirmation."""
        if self.is_confirmed:  # it was switched off and on: it begins afresh
            self.is_confirmed = False
            self._next_ask_s = now_s + ASK_S
        if not self._limit.take(now_s):
            return []
        response = data[:SERIAL_BYTES] + compute_response(data[SERIAL_BYTES:])
        return [make_sysex(self.unit, Command.CONNECTION_REPLY, response), self._make_version_query()]

    def _make_version_query(self) -> bytes:
        return make_sysex(self.unit, Command.VERSION_QUERY, b"\x00")


class DeviceHandshake:
    """The device's end: offers itself to the host, challenges it, confirms the right response.

    A host that never asks is served too; then ``confirmed`` stays false. ``make_bytes``: so many random bytes.
    """

    def __init__(self, unit: int, make_bytes: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self.unit = unit
        self.is_confirmed = False
        self._make_bytes = make_bytes
        self._serial = bytes(0x30 + byte % 10 for byte in make_bytes(SERIAL_BYTES))
        self._challenge = b""
        self._limit = _AnswerLimit()

    def start(self, now_s: float) -> list[bytes]:
        """What is sent when a host may be listening: the query of a device that was just switched on."""
        del now_s
        return [self._challenge_host()]

    def update(self, now_s: float) -> list[bytes]:
        """What is sent by now: nothing, because the host asks, not the device."""
        del now_s
        return []

    def receive(self, message: bytes, now_s: float) -> list[bytes]:
        """What is sent in answer to a message of the host; nothing to one that is not of a handshake."""
        parsed = parse_sysex(message, self.unit)
        if parsed is None or parsed[0] not in _QUESTIONS or not self._limit.take(now_s):
            return []
        command, data = parsed
        if command == Command.DEVICE_QUERY:
            return [self._challenge_host()]
        if command == Command.VERSION_QUERY:
            return [make_sysex(self.unit, Command.VERSION_REPLY, VERSION)]
        if not self._challenge:
            return []
        self.is_confirmed = data == self._serial + compute_response(self._challenge)
        answer = Command.CONNECTION_CONFIRMATION if self.is_confirmed else Command.CONNECTION_ERROR
        return [make_sysex(self.unit, answer, self._serial)]

    def _challenge_host(self) -> bytes:
        """Challenge a host: anew if it had passed, else with the same bytes, as our query and its own may cross."""
        if self.is_confirmed or not self._challenge:
            self._challenge = bytes(byte & 0x7F for byte in self._make_bytes(CHALLENGE_BYTES))
        self.is_confirmed = False
        return make_sysex(self.unit, Command.CONNECTION_QUERY, self._serial + self._challenge)


_QUESTIONS = (Command.DEVICE_QUERY, Command.CONNECTION_REPLY, Command.VERSION_QUERY)
