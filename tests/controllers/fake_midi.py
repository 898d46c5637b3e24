"""Scripted MIDI system: devices that are plugged in and out, taken and silenced, in virtual time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bridge.controllers.mappings.mapping import Mapping, ModeWarning
from bridge.controllers.mappings.mapping_file import DeviceTable, KeepaliveTable, PacingTable, PortPatterns
from bridge.controllers.ports.midi_port import PortGoneError
from bridge.errors import DriverError


class FakePort:
    """An open pair of ports; ``log`` is everything that was sent, with the time in ``clock_s`` at which it was."""

    def __init__(self, name: str = "Device", output_name: str = "Device", system: FakeSystem | None = None) -> None:
        self.name = name
        self.output_name = output_name
        self.inbox: list[bytes] = []
        self.log: list[tuple[float, bytes]] = []
        self.clock_s = 0.0
        self.is_broken = False
        self.is_closed = False
        self.incomplete = 0
        self._system = system

    @property
    def sent(self) -> list[bytes]:
        return [message for _, message in self.log]

    def receive(self) -> list[bytes]:
        self._check()
        messages, self.inbox = self.inbox, []
        return messages

    def send(self, message: bytes) -> None:
        self._check()
        self.log.append((self._system.clock_s if self._system else self.clock_s, message))

    def close(self) -> None:
        assert not self.is_closed, "closed twice"
        self.is_closed = True

    def _check(self) -> None:
        assert not self.is_closed, "used after it was closed"
        if self.is_broken:
            raise PortGoneError(f"{self.name}: the port is gone", "plug the device in again")


class FakeSystem:
    """A `MidiSystem` whose ports a test plugs in and out. ``calls`` counts what was asked of it."""

    def __init__(self) -> None:
        self.inputs: list[str] = []
        self.outputs: list[str] = []
        self.taken: set[str] = set()
        """Names that another program holds."""
        self.is_down = False
        """No list can be had."""
        self.opened: list[FakePort] = []
        self.calls: Counter[str] = Counter()
        self.clock_s = 0.0

    def plug(self, input_name: str, output_name: str | None = None) -> None:
        """A device appears; ``output_name`` is the input's where it is None, and none where it is empty."""
        self.inputs.append(input_name)
        if output_name != "":
            self.outputs.append(input_name if output_name is None else output_name)

    def unplug(self, input_name: str, output_name: str | None = None) -> None:
        """A device disappears. Its open port keeps taking messages, as rtmidi's do."""
        self.inputs.remove(input_name)
        if output_name != "":
            self.outputs.remove(input_name if output_name is None else output_name)

    @property
    def open_ports(self) -> list[FakePort]:
        return [port for port in self.opened if not port.is_closed]

    def list_inputs(self) -> list[str]:
        self.calls["list"] += 1
        if self.is_down:
            raise DriverError("the MIDI system does not answer", "restart it")
        return list(self.inputs)

    def list_outputs(self) -> list[str]:
        self.calls["list"] += 1
        return list(self.outputs)

    def open(self, input_name: str, output_name: str, input_nth: int = 0, output_nth: int = 0) -> FakePort:
        self.calls["open"] += 1
        missing = input_nth >= self.inputs.count(input_name)
        if missing or (output_name and output_nth >= self.outputs.count(output_name)):
            raise PortGoneError(f"{input_name}: there is no such port", "plug the device in again")
        if {input_name, output_name} & self.taken:
            raise PortGoneError(f"{input_name}: another program has it", "close that program")
        port = FakePort(input_name, output_name, self)
        self.opened.append(port)
        return port


class FakeSurface:
    """A surface that shows what a test puts into ``shown``, one light a key, and remembers what it got.

    It gives differences only, as a controller does; ``replay`` makes it give everything again.
    """

    def __init__(self, most: int = 64) -> None:
        self.received: list[bytes] = []
        self.shown: dict[int, int] = {}
        self.released = self.replayed = 0
        self.updated_after = 0
        """How many messages it had received at its last update."""
        self.is_closed = False
        self._on_device: dict[int, int] = {}
        self._most = most

    def receive(self, message: bytes, now_s: float) -> None:
        self.received.append(message)

    def update(self, now_s: float) -> None:
        assert not self.is_closed
        self.updated_after = len(self.received)

    def take_output(self, now_s: float) -> list[bytes]:
        assert not self.is_closed
        keys = [key for key, value in self.shown.items() if self._on_device.get(key) != value][: self._most]
        for key in keys:
            self._on_device[key] = self.shown[key]
        return [bytes((0x90, key, self.shown[key])) for key in keys]

    def replay(self) -> None:
        self.replayed += 1
        self._on_device.clear()

    def release(self, now_s: float) -> None:
        self.released += 1

    def close(self) -> None:
        assert not self.is_closed, "closed twice"
        self.is_closed = True


def make_mapping(
    name: str = "Device",
    init: Sequence[str] = (),
    exit: Sequence[str] = (),
    expect: str = "",
    keepalive: tuple[str, float] | None = None,
    pacing: PacingTable | None = None,
    patterns: Sequence[str] | None = None,
    warning: tuple[str, str, str] | None = None,
) -> Mapping:
    """A mapping of a device and nothing else; messages in hex, ``??`` for any byte.

    ``warning``: its message, its text and the message that ends it.
    """
    words = tuple(patterns if patterns is not None else (name,))
    return Mapping(
        name=name,
        doc="",
        source="",
        verified="docs",
        path=f"{name}.toml",
        device=DeviceTable(
            input=PortPatterns(words, words, words),
            keepalive=KeepaliveTable(*keepalive) if keepalive else None,
            pacing=pacing or PacingTable(),
        ),
        inputs=(),
        feedback=(),
        strips=(),
        warnings=(ModeWarning(parse_pattern(warning[0]), warning[1], parse_pattern(warning[2])),) if warning else (),
        init=tuple(map(bytes.fromhex, init)),
        init_expect=parse_pattern(expect),
        exit=tuple(map(bytes.fromhex, exit)),
        keepalive=bytes.fromhex(keepalive[0]) if keepalive else b"",
    )


def parse_pattern(text: str) -> tuple[int | None, ...]:
    """Bytes in hex, None for ``??``."""
    return tuple(None if word == "??" else int(word, 16) for word in text.split())
