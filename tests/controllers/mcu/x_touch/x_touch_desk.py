"""Rig of the X-Touch: simulated devices on one Bus and bank, each with its session, and a clock."""

from __future__ import annotations

from functools import partial

import msgspec

from bridge.control.bus import Bus
from bridge.controllers.mappings.mapping_file import StripTable
from bridge.controllers.mappings.mapping_reader import check_mapping
from bridge.controllers.mappings.strips import Bank
from bridge.controllers.mcu.handshake import HostHandshake
from bridge.controllers.ports.session import DeviceSession
from bridge.controllers.surface.controller import Controller
from tests.controllers.fake_midi import FakePort
from tests.controllers.mcu.simulated_x_touch import SimulatedXTouch
from tests.mappings.shipped import registry, shipped_file

TICK_S = 0.005
BYTES_PER_S = 3125
"""Capacity of a MIDI cable (31,250 baud, ten bits a byte)."""
CHANNELS = ("drums", "bass", "vocals", "other", "band", "mix", "in_1", "in_2")
UNITS = {"behringer_x_touch": 0x14, "behringer_x_touch_extender": 0x15, "mackie_control_universal": 0x14}
MAINS = ("behringer_x_touch", "mackie_control_universal")
STRIPS = ["Drums", "Bass", "Vocals", "Other", "Band"]
PARTS = ["BndDrms", "BandBss", "BandKys", "BandPad", "BandGtr"]


class Desk:
    """Devices on one Bus and bank, each with its session, and a clock."""

    def __init__(self, *names: str, has_handshake: bool = True, strips: tuple[StripTable, ...] = ()) -> None:
        self.bus, self.bank, self.now_s = Bus(registry()), Bank(), 100.0
        self.actions: list[tuple[str, str]] = []
        for action in self.bus.registry.actions:
            self.bus.add_handler(action.name, partial(self._note, action.name))
        self.devices: list[tuple[SimulatedXTouch, FakePort, DeviceSession]] = []
        for name in names:
            file = msgspec.structs.replace(shipped_file(name), strip=strips)
            mapping, port = check_mapping(file, name, self.bus.registry), FakePort(name)
            surface = Controller(mapping, self.bus, self.bank, f"controller:{name}")
            session = DeviceSession(port, surface, mapping, HostHandshake(mapping.device.unit))
            self.devices.append((SimulatedXTouch(UNITS[name], has_handshake), port, session))
            session.start(self.now_s)

    def _note(self, action: str, argument: str = "") -> None:
        self.actions.append((action, argument))

    def run(self, seconds: float) -> None:
        """Let time pass."""
        for _ in range(max(1, round(seconds / TICK_S))):
            self.now_s += TICK_S
            for device, port, session in self.devices:
                port.inbox, device.inbox = port.inbox + device.inbox, []
                port.clock_s = self.now_s
                session.update(self.now_s)
                for message in port.sent[len(device.received) :]:
                    device.receive(message)

    def get(self, name: str) -> float:
        return self.bus.get(name)

    def set(self, name: str, value: object) -> None:
        self.bus.set(name, value, "osc")


def to_position(gain_db: float) -> int:
    return round((gain_db + 60) / 72 * 16383)
