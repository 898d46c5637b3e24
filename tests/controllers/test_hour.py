"""An hour of use in virtual time: devices come, go, sleep and storm, and all stays flat, nothing stuck, lights right.

The real service, device watch, sessions and controllers run on a scripted MIDI system. The same ten minutes come six
times, so that what the last ones cost can be compared with what the first ones did, in counts, not in time.
"""

from __future__ import annotations

import cProfile
import gc
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bridge.control import preset
from bridge.control.bus import Bus
from bridge.control.preset_lookup import find_preset
from bridge.controllers.devices.control_port import ControlPort, Peers
from bridge.controllers.mappings.mapping_lookup import find_mapping
from bridge.controllers.mappings.mapping_reader import read_mapping
from bridge.controllers.mappings.strips import Bank
from bridge.controllers.service import ControllerService
from bridge.controllers.surface.controller import Controller
from bridge.installed_controls import make_registry
from bridge.settings import ControllerSettings, Settings
from tests.controllers.fake_midi import FakePort, FakeSystem

BLOCK_S, BLOCKS, FIRST = 600.0, 6, 2
"""The last one is compared with the third: by then every device is known under all names that a block gives it."""
STEP_S, STORM_STEP_S = 0.1, 0.002
STORM_S, STORM_HZ = 1.0, 10_000
SLEEP_S = 600.0
NATIVE = bytes.fromhex("F0 42 40 00 01 13 00 00 00 01 F7")
NATIVE_REPLY = bytes.fromhex("F0 42 40 00 01 13 00 40 00 02 F7")
NANO, TOUCH, MIX = "korg_nanokontrol2", "behringer_x_touch", "akai_midi_mix"
FILL, DROPOUT, MUTE_1 = 41, 45, 48  # controllers of the nanoKONTROL2
METERS = 0xD0
"""Meters fall by themselves: what one was sent last is not what it shows."""


class Device:
    """A device as the user has it: the last message that each of its lights got since it was plugged in."""

    def __init__(self) -> None:
        self.port: FakePort | None = None
        self.lights: dict[bytes, bytes] = {}
        self.got = 0

    def plug(self, port: FakePort | None) -> None:
        """Another port is open to it, or none. What it was without power is dark."""
        if port is not self.port:
            self.port = port
            self.lights.clear()

    def serve(self) -> None:
        """Take what it was sent, and answer."""
        if self.port is None:
            return
        for _, message in self.port.log:
            self.got += 1
            self.lights[address(message)] = message
            if message == NATIVE:
                self.port.inbox.append(NATIVE_REPLY)
        self.port.log.clear()

    def send(self, *messages: bytes) -> None:
        if self.port is not None:
            self.port.inbox += messages


def address(message: bytes) -> bytes:
    """What stays the same in the messages of one light."""
    if message[0] == 0xF0:
        return message[:7]
    return message[:1] if message[0] & 0xF0 == 0xE0 else message[:2]


class Studio:
    """The sidecar's side without threads, and a desk of devices: two equal ones, one with motors, one on control_in."""

    def __init__(self) -> None:
        self.bus = Bus(make_registry(Settings()))
        self.bus.add_handler("preset.load", self.load_preset)
        self.bus.add_handler("transport.panic", lambda: None)
        self.peers = Peers()
        self.system, self.now_s = FakeSystem(), 1000.0
        settings = ControllerSettings(mcu=False)
        self.service = ControllerService(self.bus, settings, lambda _: False, lambda: self.peers)
        self.service.store.update()
        self.service.open_devices(self.system)
        self.jack_ports: list[FakePort] = []
        self.control_port = ControlPort(self._open_jack, self.service.sessions, lambda: self.peers)
        self.devices = {name: Device() for name in ("first", "second", "motors", "mix")}
        self.names: dict[str, str] = {}

    def _open_jack(self) -> FakePort:
        self.jack_ports = [FakePort("control_in")]
        return self.jack_ports[0]

    def load_preset(self, name: str) -> None:
        preset.apply(preset.load(find_preset(name), self.bus.registry), self.bus)

    def step(self, step_s: float = STEP_S) -> None:
        """Time goes on: each device takes what it was sent, then the service is called."""
        self.now_s += step_s
        self.system.clock_s = self.now_s
        self.system.opened = self.system.open_ports
        for name, device in self.devices.items():
            if name == "mix":
                device.plug(self.jack_ports[0] if self.peers.sources and self.jack_ports else None)
            else:
                ports = [port for port in self.system.opened if port.name == self.names.get(name)]
                device.plug(ports[-1] if ports else None)
            device.serve()
        self.control_port.update(self.service.store.mappings, self.now_s)
        self.service.update_devices(self.now_s)

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / STEP_S)):
            self.step()

    def plug(self, device: str, name: str) -> None:
        self.names[device] = name
        self.system.plug(name)

    def unplug(self, device: str) -> None:
        self.system.unplug(self.names.pop(device))

    def connect_mix(self) -> None:
        self.peers = Peers((("MIDI Mix:out",),), (("MIDI Mix:in",),))

    def press(self, device: str, controller: int, pressed: bool = True) -> None:
        self.devices[device].send(bytes((0xBF, controller, 127 if pressed else 0)))

    def storm(self, device: str, make: Callable[[int], bytes]) -> None:
        """10,000 messages a second."""
        each = round(STORM_HZ * STORM_STEP_S)
        for k in range(round(STORM_S / STORM_STEP_S)):
            self.devices[device].send(*(make(k * each + n) for n in range(each)))
            self.step(STORM_STEP_S)

    def play(self, seconds: float) -> None:
        """The band plays: beats, meters, chords, and somebody at the screen."""
        rng = random.Random(1)
        for k in range(round(seconds * 2)):
            self.bus.publish("mir.beat", k * 24000, k % 4, 4, 120.0, 1.0, k)
            self.bus.publish("accompaniment.chord", k * 24000, ("Am7", "Dm7", "G7", "C")[k // 4 % 4], 0.9)
            name = rng.choice(("stems.drums.gain_db", "stems.bass.mute", "accompaniment.band.style"))
            control = self.bus.registry.get_control(name)
            self.bus.set(name, rng.uniform(control.low, control.high), "screen")
            for _ in range(5):
                for port in ("drums", "bass", "vocals", "other", "band"):
                    self.bus.publish("meters", port, rng.uniform(-60, 0), -60.0, *[-60.0] * 4)
                self.step(0.1)


def ten_minutes(studio: Studio, block: int) -> None:
    """The same each time, but for the numbers that the system gives to ports."""
    nano = f"nanoKONTROL2:nanoKONTROL2 MIDI 1 {20 + block}:0"
    motors = f"X-Touch:X-Touch X-TOUCH_INT {30 + block}:0"
    end_s = studio.now_s + BLOCK_S + SLEEP_S
    studio.plug("first", nano)
    studio.plug("motors", motors)
    studio.connect_mix()
    studio.run(10)
    studio.press("first", MUTE_1)
    studio.run(0.2)
    studio.press("first", MUTE_1, False)
    studio.press("first", FILL)
    studio.run(0.5)
    assert studio.bus.get("accompaniment.band.fill") == 1.0
    studio.unplug("first")  # the key is down
    studio.run(5)
    assert studio.bus.get("accompaniment.band.fill") == 0.0
    studio.plug("first", nano.replace(f"{20 + block}:", f"{40 + block}:"))
    studio.plug("second", nano.replace(f"{20 + block}:", f"{60 + block}:"))
    studio.bus.trigger("preset.load", "karaoke")
    studio.run(10)
    studio.storm("first", lambda n: bytes((0xBF, n % 5, n * 7 % 128)))
    studio.storm("mix", lambda n: bytes((0xB0, (19, 23, 27, 31, 49)[n % 5], n % 128)))
    studio.devices["motors"].send(b"\x90\x68\x7f")  # a finger, never lifted
    studio.storm("motors", lambda n: bytes((0xE0, n & 0x7F, n >> 3 & 0x7F)))
    studio.storm("motors", lambda n: bytes((0xF0, 0x00)) if n % 2 else bytes((0xD1, n & 0x7F)))
    studio.run(10)
    for unit, device in enumerate(("first", "second", "motors")):  # another MIDI bridge has other names
        client, _, port = studio.names[device].rpartition(" ")[0].partition(":")
        studio.unplug(device)
        studio.plug(device, f"Midi-Bridge:{client} {10 * block + unit}:(capture_0) {port}")
    studio.run(10)
    studio.press("second", DROPOUT)
    studio.run(0.5)
    assert studio.bus.get("accompaniment.band.dropout") == 1.0
    studio.now_s += SLEEP_S  # the lid is closed, the key down
    studio.run(1)
    assert studio.bus.get("accompaniment.band.dropout") == 0.0
    studio.press("second", DROPOUT, False)
    studio.bus.trigger("preset.load", "drumless")
    studio.run(5)
    studio.system.is_down = True
    studio.run(20)
    studio.system.is_down = False
    studio.peers = Peers()
    studio.run(10)
    studio.connect_mix()
    for _ in range(8):
        for device in ("second", "motors"):
            name = studio.names[device]
            studio.unplug(device)
            studio.run(2)
            studio.plug(device, name)
        studio.run(3)
    studio.play(120)
    studio.run(end_s - studio.now_s - 5)
    for device in ("first", "second", "motors"):
        if block < BLOCKS - 1:
            studio.unplug(device)
    studio.run(5)


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path))
    yield Studio()


def show_truth(studio: Studio, name: str) -> dict[bytes, bytes]:
    """The lights of a device with this mapping that was plugged in this moment."""
    mapping = read_mapping(find_mapping(name).path, studio.bus.registry)
    controller = Controller(mapping, studio.bus, Bank(), "truth")
    lights: dict[bytes, bytes] = {}
    while messages := controller.take_output(studio.now_s):
        lights |= {address(message): message for message in messages if message[0] & 0xF0 != METERS}
    controller.close()
    return lights


def test_an_hour_of_use_leaves_nothing_behind(studio: Studio) -> None:
    calls, requests, allocated = dict[int, int](), list[int](), list[int]()
    for block in range(BLOCKS):
        before, profile = studio.system.calls.total(), cProfile.Profile()
        if block in (FIRST, BLOCKS - 1):
            with profile:
                ten_minutes(studio, block)
            calls[block] = sum(entry.callcount for entry in profile.getstats())
        else:
            ten_minutes(studio, block)
        requests.append(studio.system.calls.total() - before)
        del profile
        gc.collect()
        allocated.append(sys.getallocatedblocks())
    assert calls[BLOCKS - 1] < calls[FIRST] * 1.03  # calls of functions: the work
    assert requests[-1] < requests[FIRST] * 1.03  # lists of ports, and attempts to open one
    assert allocated[-1] - allocated[FIRST] < 2000  # pieces of memory

    assert studio.bus.get("accompaniment.band.fill") == studio.bus.get("accompaniment.band.dropout") == 0.0
    for device, mapping in (("first", NANO), ("second", NANO), ("motors", TOUCH), ("mix", MIX)):
        truth = show_truth(studio, mapping)
        lights = studio.devices[device].lights
        assert len(truth) > 10
        assert {key: lights.get(key) for key in truth} == truth, device
    for k, stem in enumerate(("drums", "bass", "vocals", "other")):
        lit = studio.devices["second"].lights[bytes((0xBF, MUTE_1 + k))][2]
        assert lit == (127 if studio.bus.get(f"stems.{stem}.mute") else 0)
    states = {row[0]: row[4] for row in studio.bus.get_rows("controllers.device")}
    assert states["Korg nanoKONTROL2"] == states["Korg nanoKONTROL2 2"] == "confirmed"
