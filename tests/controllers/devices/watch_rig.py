"""Rig of the device watch: a watch on a scripted MIDI system in virtual time."""

from __future__ import annotations

from bridge.controllers.devices.device_watch import DeviceStatus, DeviceWatch
from bridge.controllers.mappings.mapping import Mapping
from tests.controllers.fake_midi import FakePort, FakeSurface, FakeSystem, make_mapping

INIT, EXIT = "F0 01 01 F7", "F0 01 00 F7"
STEP_S = 0.05
LIGHT = "90 05 01"
MIX = "MIDI Mix:MIDI Mix MIDI 1 {}:0"


class Rig:
    """A watch on a fake system, its surfaces by the name of the device, and its clock."""

    def __init__(self, *mappings: Mapping) -> None:
        self.system, self.now_s = FakeSystem(), 0.0
        self.surfaces: dict[str, list[FakeSurface]] = {}
        self.in_jack: set[str] = set()
        self.warnings: list[tuple[str, str]] = []
        self.watch = DeviceWatch(
            self.system,
            mappings or (make_mapping("MIDI Mix", init=[INIT], exit=[EXIT]),),
            self.make_surface,
            is_taken=self.in_jack.__contains__,
            on_warning=lambda name, text: self.warnings.append((name, text)),
            make_unmapped=lambda name: make_mapping(name, patterns=[]),
            system_name="linux",
        )

    def make_surface(self, mapping: Mapping, name: str) -> FakeSurface:
        surface = FakeSurface()
        surface.shown[5] = 1
        self.surfaces.setdefault(name, []).append(surface)
        return surface

    def run(self, seconds: float, step_s: float = STEP_S) -> Rig:
        for _ in range(round(seconds / step_s)):
            self.now_s += step_s
            self.system.clock_s = self.now_s
            self.watch.update(self.now_s)
        return self

    def is_closed(self) -> bool:
        # as a method, because mypy takes an attribute to stay as it was once compared
        return self.watch.is_closed

    def states(self) -> dict[str, str]:
        return {device.name: device.state for device in self.watch.devices}

    def device(self, name: str = "MIDI Mix") -> DeviceStatus:
        return next(device for device in self.watch.devices if device.name == name)

    def port(self, input_name: str) -> FakePort:
        """The open port of that name."""
        (port,) = [port for port in self.system.open_ports if port.name == input_name]
        return port


def list_sent(port: FakePort) -> list[str]:
    return [message.hex(" ").upper() for message in port.sent]
