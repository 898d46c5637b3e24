"""Device session on a fake port and surface, in virtual time."""

from __future__ import annotations

from bridge.controllers.mappings.mapping import Mapping
from bridge.controllers.ports.session import DeviceSession
from tests.controllers.fake_midi import FakePort, FakeSurface

INIT, EXIT, REPLY, RESET = "F0 01 01 F7", "F0 01 00 F7", "F0 01 02 F7", "F0 01 04 F7"
CLOCK = bytes((0xF8,))
STEP_S = 0.002


class Rig:
    """A session on a fake port and surface, and its clock."""

    def __init__(self, mapping: Mapping, handshake: FakeHandshake | None = None) -> None:
        self.port, self.surface, self.now_s = FakePort(), FakeSurface(), 0.0
        self.warnings: list[str] = []
        self.session = DeviceSession(self.port, self.surface, mapping, handshake, self.warnings.append)

    def start(self) -> Rig:
        self.session.start(self.now_s)
        return self

    def run(self, seconds: float, step_s: float = STEP_S) -> Rig:
        """Update every ``step_s`` for so long."""
        for _ in range(round(seconds / step_s)):
            self.now_s += step_s
            self.port.clock_s = self.now_s
            self.session.update(self.now_s)
        return self

    def receive(self, *messages: str) -> Rig:
        self.port.inbox += [bytes.fromhex(message) for message in messages]
        return self.run(STEP_S)

    def close(self) -> Rig:
        self.session.close(self.now_s)
        return self

    # as methods, because mypy takes an attribute to stay as it was once compared
    def state(self) -> str:
        return self.session.state

    def is_closed(self) -> bool:
        return self.session.is_closed

    @property
    def sent_messages(self) -> list[str]:
        return [message.hex(" ").upper() for message in self.port.sent]


class FakeHandshake:
    """Asks each minute, is confirmed by REPLY, which it answers, and no longer by RESET."""

    def __init__(self) -> None:
        self.is_confirmed = False

    def start(self, now_s: float) -> list[bytes]:
        self.is_confirmed, self._ask_s = False, now_s + 60.0
        return [b"\xf0\x02\xf7"]

    def update(self, now_s: float) -> list[bytes]:
        if self.is_confirmed or now_s < self._ask_s:
            return []
        self._ask_s = now_s + 60.0
        return [b"\xf0\x02\xf7"]

    def receive(self, message: bytes, now_s: float) -> list[bytes]:
        if message == bytes.fromhex(RESET):
            self.is_confirmed = False
        if message != bytes.fromhex(REPLY):
            return []
        self.is_confirmed = True
        return [b"\xf0\x03\xf7", b"\xf0\x04\xf7"]
