"""Device sessions: which devices move their strips together."""

from __future__ import annotations

from bridge.control.bus import Bus
from bridge.controllers.devices.device_sessions import SessionFactory
from tests.controllers.rig import make_mapping, make_registry

STRIPS = """
[[input]]
midi = "note 16-17"
button = "momentary"
strip = 1
function = "mute"
[[input]]
midi = "note 47"
button = "momentary"
bank = 1
"""
MCU = "strips = 2\nprotocol = 'mcu'\n"


def test_mackie_units_move_together_and_other_devices_by_themselves() -> None:
    bus = Bus(make_registry("accompaniment.band"))
    sessions = SessionFactory(bus, lambda *_: False)
    devices = {"main": MCU, "extender": MCU + "first_strip = 3\n", "one": "strips = 2", "two": "strips = 2"}
    surfaces = {
        name: sessions.make_surface(make_mapping(STRIPS, bus.registry, device), name)
        for name, device in devices.items()
    }

    def press(device: str, note: int) -> None:
        surfaces[device].receive(bytes([0x90, note, 127]), 1.0)

    press("one", 47)
    press("main", 47)
    press("extender", 47)
    for device, stem in {"one": "bass", "two": "drums", "main": "vocals"}.items():
        press(device, 16)
        assert bus.get(f"stems.{stem}.mute") == 1
    press("extender", 16)
    assert bus.get("accompaniment.band.drums.mute") == 1


def test_a_device_keeps_its_place_when_its_mapping_is_edited() -> None:
    bus = Bus(make_registry())
    sessions = SessionFactory(bus, lambda *_: False)
    mapping = make_mapping(STRIPS, bus.registry, "strips = 2")
    before = sessions.make_surface(mapping, "one")
    before.receive(bytes([0x90, 47, 127]), 1.0)
    after = sessions.make_surface(mapping, "one")
    before.close()
    after.receive(bytes([0x90, 16, 127]), 2.0)
    assert bus.get("stems.bass.mute") == 1
