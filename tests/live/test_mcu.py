"""Mackie Control on a real server: an X-Touch works a sidecar, and a DAW's strips are stems."""

from __future__ import annotations

import time
from collections.abc import Iterator

import msgspec
import pytest

from bridge.app import Sidecar
from bridge.control.bus import Bus
from bridge.control.sidecar import make_sidecar_registry
from bridge.controllers.devices.daw_port import DawPort
from bridge.controllers.devices.device_sessions import SessionFactory
from bridge.controllers.mcu.handshake import HostHandshake
from bridge.controllers.mcu.protocol import UNIT_MAIN
from bridge.controllers.ports.midi_systems import open_midi_system
from bridge.controllers.ports.rtmidi_system import RtmidiPort, RtmidiSystem
from bridge.drivers.dummy_server import DummyServer
from bridge.settings import ControllerSettings
from tests.live.mcu_process import peer_on
from tests.live.rig import NO_ENGINES, settings_for, sidecar_on
from tests.waiting import until

pytestmark = pytest.mark.live

NAME = "Sideman MCU"
LCD = bytes((0xF0, 0x00, 0x00, 0x66, 0x14, 0x12, 0x00)) + b"Kick   Drums  Bass   \xf7"
CLOCK = b"\xf8"


class Cable:
    """Our end and the DAW's, both polled; ``received`` is all that the DAW got.

    Without a sidecar: python-rtmidi holds the interpreter's lock while it opens a client, and JACK waits for the
    callbacks of a sidecar in the same process, which need that lock.
    """

    def __init__(self, ours: RtmidiSystem, daw: RtmidiSystem) -> None:
        self.bus = Bus(make_sidecar_registry({}))
        self.ours = DawPort(SessionFactory(self.bus, lambda *_: False), ours.open_virtual)
        self.handshake = HostHandshake(UNIT_MAIN)
        self.received: list[bytes] = []
        self._daw = daw
        self._port: RtmidiPort | None = None
        self._start_s = time.monotonic()

    @property
    def now_s(self) -> float:
        return time.monotonic() - self._start_s

    @property
    def state(self) -> str:
        return self.ours.describe().state

    def open_daw(self) -> bool:
        """Whether the DAW has found both ports, and opens them then."""
        self.ours.update(self.now_s)
        names = self._daw.list_inputs(), self._daw.list_outputs()
        found = [[name for name in listed if name.startswith(NAME)] for listed in names]
        if not all(found):
            return False
        self._port = self._daw.open(found[0][0], found[1][0])
        return True

    def send(self, *messages: bytes) -> None:
        """The DAW sends."""
        assert self._port is not None
        for message in messages:
            self._port.send(message)

    def update(self) -> None:
        """Both sides handle what has come."""
        assert self._port is not None
        self.ours.update(self.now_s)
        new = self._port.receive()
        self.received += new
        for message in new:
            self.send(*self.handshake.receive(message, self.now_s))

    def has(self, message: bytes) -> bool:
        self.update()
        return message in self.received

    def comes_to(self, control: str, value: float) -> bool:
        self.update()
        return self.bus.get(control) == value

    def read_detail(self) -> str:
        self.update()
        return self.ours.describe().detail

    def close(self) -> None:
        if self._port is not None:
            self._port.close()


@pytest.fixture
def cable(module_server: DummyServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cable]:
    """Ports that are offered on the server, and opened by a DAW."""
    monkeypatch.setenv("JACK_DEFAULT_SERVER", module_server.name)  # rtmidi knows no other way to name one
    ours, daw = open_midi_system("jack"), open_midi_system("jack", client="DAW")
    assert ours is not None
    assert daw is not None
    with ours, daw:
        cable = Cable(ours, daw)
        until("the ports", cable.open_daw)
        try:
            yield cable
        finally:
            cable.ours.close(cable.now_s)
            cable.close()


def test_a_daw_finds_the_ports_and_its_strips_are_stems(cable: Cable) -> None:
    bus = cable.bus
    cable.send(*[CLOCK] * 100, LCD, b"\xe1\x00\x00", b"\xe2\x7f\x7f", b"\x90\x12\x7f")
    until("the fader of the drums", lambda: cable.comes_to("stems.drums.gain_db", -60.0))
    until("the fader of the bass", lambda: cable.comes_to("stems.bass.gain_db", 12.0))
    until("the mute of the bass", lambda: cable.comes_to("stems.bass.mute", 1.0))
    assert cable.state == "port"

    cable.send(*cable.handshake.start(cable.now_s))
    until("the version", lambda: cable.has(bytes((0xF0, 0, 0, 0x66, 0x14, 0x14)) + b"V1.00\xf7"))
    assert cable.state == "confirmed"
    assert cable.handshake.is_confirmed

    bus.set("stems.bass.mute", False, "test")
    until("the button pressed and released", lambda: cable.has(b"\x90\x12\x00"))
    cable.send(b"\x90\x12\x00")
    bus.set("stems.drums.gain_db", 12.0, "test")
    until("the fader let go", lambda: cable.has(b"\x90\x69\x00") and b"\xe1\x7f\x7f" in cable.received)
    moved = cable.received.index(b"\xe1\x7f\x7f")
    assert cable.received[moved - 1] == b"\x90\x69\x7f"
    assert cable.received.count(b"\x90\x12\x7f") == 1
    assert bus.get("stems.bass.mute") == 0.0


def test_at_the_end_the_daw_has_every_fader_let_go(cable: Cable) -> None:
    cable.send(LCD)
    until("the strips", lambda: "Drums 2" in cable.read_detail())
    cable.bus.set("stems.drums.gain_db", -6.0, "test")
    until("a touch", lambda: cable.has(b"\x90\x69\x7f"))
    before = len(cable.received)
    cable.ours.close(cable.now_s)
    until("the last message", lambda: cable.has(b"\x90\x6f\x00") and b"\x90\x6f\x00" in cable.received[before:])
    assert b"\x90\x69\x00" in cable.received[before:]


def read_state(bus: Bus, device: str) -> object:
    """The state of a device as users read it; None where there is none of this name."""
    rows = [row for row in bus.get_rows("controllers.device") if row[0] == device]
    return rows[-1][4] if rows else None


def test_an_x_touch_at_control_in_is_confirmed_shows_the_stems_and_moves_them(module_server: DummyServer) -> None:
    with sidecar_on(module_server, NO_ENGINES) as sidecar:
        bus = sidecar.bus
        with peer_on(module_server, "x_touch") as device:
            until("the handshake", lambda: read_state(bus, "Behringer X-Touch") == "confirmed")
            until("the names", lambda: device.show()["upper"][:4] == ["Drums", "Bass", "Vocals", "Other"])
            until("the values", lambda: device.show()["lower"][:4] == ["0.0dB"] * 4)
            device.do("touch", 1, 1)
            device.do("move", 1, 0)
            until("the fader of the bass", lambda: bus.get("stems.bass.gain_db") == -60.0)
            bus.set("stems.bass.gain_db", 12.0, "test")
            until("the value in the display", lambda: device.show()["lower"][1] == "12.0dB")
            assert device.show()["faders"][1] < 16383  # a finger is on it
            device.do("touch", 1, 0)
            until("the motor", lambda: device.show()["faders"][1] == 16383)
            device.do("press", 0x12)
            until("the light", lambda: device.show()["leds"].get(str(0x12)) == 0x7F)
            assert bus.get("stems.vocals.mute") == 1.0
            sidecar.__exit__(None, None, None)
            until("darkness", lambda: device.show()["is_dark"])


def test_the_mixer_of_a_daw_at_control_in_moves_stems_and_is_moved_by_them(module_server: DummyServer) -> None:
    settings = settings_for(module_server, NO_ENGINES)
    with Sidecar(msgspec.structs.replace(settings, controllers=ControllerSettings(control_in="mcu"))) as sidecar:
        bus = sidecar.bus
        with peer_on(module_server, "daw") as daw:
            daw.do("add_surface")
            until("the handshake", lambda: daw.show()["confirmed"] and read_state(bus, NAME) == "confirmed")
            daw.do("move", 1, 0)
            until("the fader of the drums", lambda: bus.get("stems.drums.gain_db") == -60.0)
            daw.do("mute", 2)
            until("the mute of the bass", lambda: bus.get("stems.bass.mute") == 1.0)
            bus.set("stems.drums.gain_db", 12.0, "test")
            bus.set("stems.bass.mute", False, "test")
            until("the DAW's fader", lambda: daw.show()["faders"][1] == 16383)
            until("the DAW's mute", lambda: daw.show()["mutes"] == [False, False, False])
            until("the hand off the fader", lambda: daw.show()["touched"] == [])
            assert daw.show()["faders"][0] == 12000
