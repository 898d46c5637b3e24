"""Rig for a mapped device: a mapping from text, run by a real controller on a real Bus, and what the device shows."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

from bridge.control.bus import Bus
from bridge.control.registry import Registry
from bridge.control.sidecar import make_sidecar_registry
from bridge.controllers.mappings.mapping import Mapping
from bridge.controllers.mappings.mapping_reader import read_mapping
from bridge.controllers.mappings.strips import Bank
from bridge.controllers.surface.controller import Controller
from bridge.core.engine_registry import load_engine

HEAD = """
schema = 1
name = "test device"

[device]
input.linux = ["Test"]
input.macos = ["Test"]
input.windows = ["Test"]
"""


def make_registry(*engines: str) -> Registry:
    return make_sidecar_registry({name: load_engine(name).spec.controls for name in engines})


def make_mapping(text: str, registry: Registry, device: str = "", top: str = "") -> Mapping:
    """The mapping of ``text``: its entries. ``device``: lines of its device table. ``top``: of the file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "test.toml"
        head = HEAD.replace("\n[device]", f"{top}\n\n[device]")
        path.write_text(head + device + "\n" + text, encoding="utf-8")
        return read_mapping(path, registry)


class DeviceRig:
    """A device: messages in by `send`, and ``shown`` is the last message that each of its lights got."""

    def __init__(
        self,
        text: str,
        *engines: str,
        device: str = "",
        top: str = "",
        bank: Bank | None = None,
        bus: Bus | None = None,
        pickup: bool = False,
    ) -> None:
        self.bus = bus if bus is not None else Bus(make_registry(*engines))
        self.actions: list[tuple[str, str]] = []
        for action in self.bus.registry.actions:
            self.bus.add_handler(action.name, partial(self._note_action, action.name))
        self.bank = bank if bank is not None else Bank()
        device += "\npickup = false" if not pickup else ""
        self.mapping = make_mapping(text, self.bus.registry, device, top)
        self.controller = Controller(self.mapping, self.bus, self.bank, "controller:test")
        self.now_s = 100.0
        self.shown: dict[str, str] = {}
        self.sent: list[str] = []

    def _note_action(self, name: str, argument: str = "") -> None:
        self.actions.append((name, argument))

    def send(self, *messages: str, after_s: float = 0.01) -> None:
        """The device sends messages, written in hex, all at the same time."""
        self.now_s += after_s
        for message in messages:
            self.controller.receive(bytes.fromhex(message), self.now_s)

    def take(self, after_s: float = 0.01) -> list[str]:
        """All that the device is sent now, in hex."""
        self.now_s += after_s
        taken: list[str] = []
        while messages := self.controller.take_output(self.now_s):
            taken += [message.hex(" ").upper() for message in messages]
        self.shown.update({find_place(message): message for message in taken})
        self.sent += taken
        return taken

    def get(self, name: str) -> float:
        return self.bus.get(name)

    def set(self, name: str, value: object) -> None:
        """Somebody else sets a control."""
        self.bus.set(name, value, "somebody else")


def find_place(message: str) -> str:
    """The beginning of a message that says which light it is for."""
    if message[0] in "9AB":
        return message[:5]
    return message[:2] if message[0] == "E" else message[:8]
