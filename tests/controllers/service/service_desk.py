"""Rig of the controller service: a service without threads, its time, and a scripted MIDI system."""

from __future__ import annotations

from pathlib import Path

from bridge.control.bus import Bus
from bridge.control.sidecar import make_sidecar_registry
from bridge.controllers.devices.control_port import ControlPort, Peers
from bridge.controllers.service import ControllerService
from bridge.settings import ControllerSettings
from tests.controllers.fake_midi import FakePort, FakeSystem

MAPPING = """
schema = 1
name = "{name}"
[device]
input.linux = ["{name}"]
input.macos = ["{name}"]
input.windows = ["{name}"]
init = ["B0 7E 01"]
exit = ["B0 7E 00"]
[[input]]
midi = "cc 48"
button = "momentary"
set = "stems.drums.mute"
led = {{ on = "B0 {{n}} 7F", off = "B0 {{n}} 00" }}
[[input]]
midi = "cc 7"
encoder = "absolute"
set = "stems.drums.gain_db"
pickup = false
"""
INIT, EXIT, LIT, DARK = (bytes.fromhex(text) for text in ("B0 7E 01", "B0 7E 00", "B0 30 7F", "B0 30 00"))
PRESS, RELEASE = LIT, DARK


class Desk:
    """A service without threads, its time, and a scripted MIDI system."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bus = Bus(make_sidecar_registry({}))
        self.peers = Peers()
        self.service = ControllerService(self.bus, ControllerSettings(), lambda _: False, lambda: self.peers)
        self.system, self.now_s = FakeSystem(), 100.0
        self.service.open_devices(self.system)
        self.ports: list[FakePort] = []
        self.control_port = ControlPort(self._open, self.service.sessions, lambda: self.peers)

    def _open(self) -> FakePort:
        self.ports.append(FakePort("control_in"))
        return self.ports[-1]

    def write(self, name: str, text: str = "") -> None:
        """A file that an editor replaces."""
        draft = self.folder / f"{name}.draft"
        draft.write_text(text or MAPPING.format(name=name))
        draft.replace(self.folder / f"{name}.toml")

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.05)):
            self.now_s += 0.05
            self.system.clock_s = self.now_s
            self.service.update_devices(self.now_s)
            self.control_port.update(self.service.store.mappings, self.now_s)

    def rows(self) -> dict[str, tuple[object, ...]]:
        return {str(row[0]): row[1:] for row in self.bus.get_rows("controllers.device")}

    def connect(self, *names: str) -> None:
        self.peers = Peers(tuple((name,) for name in names), tuple((name,) for name in names[:1]))
