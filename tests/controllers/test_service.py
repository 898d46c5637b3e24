"""Controller service: what is connected chooses the mapping, files are taken up, a fault stays with its device."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.control.bus import Bus
from bridge.control.sidecar import make_sidecar_registry
from bridge.controllers.devices.control_port import DAW, ControlPort, Peers, choose_mapping
from bridge.controllers.mcu.protocol import NOTE_MUTE, UNIT_MAIN, Command, make_note, make_sysex
from bridge.controllers.ports.session import EXPECT_S
from bridge.controllers.service import ControllerService, read_clock_s
from bridge.controllers.surface.controller import Controller
from bridge.core.audio import STEMS
from bridge.errors import ConfigError
from bridge.settings import ControllerSettings
from tests.controllers.fake_midi import FakePort, FakeSystem
from tests.waiting import until

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


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path))
    (tmp_path / "mappings").mkdir()
    yield Desk(tmp_path / "mappings")


def test_what_is_connected_to_control_in_gets_the_mapping_of_its_name(desk: Desk) -> None:
    desk.write("Pads")
    desk.run(1.1)
    desk.connect("Pads:out")
    desk.run(0.1)
    assert desk.ports[-1].sent == [EXIT, INIT, DARK]
    desk.ports[-1].inbox.append(PRESS)
    desk.run(0.1)
    assert desk.bus.get("stems.drums.mute") == 1.0
    assert desk.ports[-1].sent[-1] == LIT


def test_a_new_cable_to_the_device_carries_nothing_before_the_server_has_run_two_cycles(desk: Desk) -> None:
    cycles = 70
    desk.write("Pads")
    desk.control_port = ControlPort(desk._open, desk.service.sessions, lambda: desk.peers, read_cycles=lambda: cycles)
    desk.run(1.1)
    desk.connect("Pads:out")
    for cycles in (70, 71):  # noqa: B007 - read by the port
        desk.run(0.1)
        assert all(port.sent == [] for port in desk.ports)
        assert desk.control_port.is_connected
    cycles = 72
    desk.run(0.1)
    assert desk.ports[-1].sent == [EXIT, INIT, DARK]
    desk.ports[-1].inbox.append(PRESS)
    desk.run(0.1)
    desk.peers = Peers()
    desk.run(0.1)  # a cable that is pulled needs no cycle
    assert desk.bus.get("stems.drums.mute") == 0.0
    cycles = 3  # a new server
    desk.connect("Pads:out")
    desk.run(0.1)
    cycles = 0
    desk.run(0.1)
    assert desk.ports[-1].sent == [EXIT, INIT, DARK]


def test_a_cable_that_is_pulled_releases_what_is_held_and_another_gets_all_again(desk: Desk) -> None:
    desk.write("Pads")
    desk.run(1.1)
    desk.connect("Pads:out")
    desk.run(0.1)
    desk.ports[-1].inbox.append(PRESS)
    desk.run(0.1)
    first = desk.ports[-1]
    desk.peers = Peers()
    desk.run(0.1)
    assert desk.bus.get("stems.drums.mute") == 0.0
    assert first.sent[-1] == EXIT
    desk.connect("Pads:out")
    desk.run(0.1)
    assert desk.ports[-1].sent == [EXIT, INIT, DARK]


def test_control_in_is_a_mackie_control_for_a_daw_where_the_settings_say_so(desk: Desk) -> None:
    desk.control_port = ControlPort(desk._open, desk.service.sessions, lambda: desk.peers, DAW)
    desk.connect("ardour:mackie control out")
    desk.run(0.1)
    names = make_sysex(UNIT_MAIN, Command.LCD, b"\0" + b"Vocals".ljust(7) + b"Kick".ljust(7))
    desk.ports[-1].inbox += [names, make_note(NOTE_MUTE, 0x7F), make_note(NOTE_MUTE + 1, 0x7F)]
    desk.run(EXPECT_S + 0.5)
    assert [desk.bus.get(f"stems.{stem}.mute") for stem in STEMS] == [0.0, 0.0, 1.0, 0.0]
    desk.bus.set("stems.vocals.mute", 0, "test")
    desk.run(0.2)
    assert make_note(NOTE_MUTE, 0x7F) in desk.ports[-1].sent
    row = desk.control_port.describe()
    assert (row.device, row.state, row.detail) == ("Sideman MCU", "port", "on the DAW's strips: Vocals 1")
    assert desk.control_port.list_devices() == []


def test_what_a_daw_shows_before_its_cables_are_noticed_counts_until_they_are_pulled(desk: Desk) -> None:
    desk.control_port = ControlPort(desk._open, desk.service.sessions, lambda: desk.peers, DAW)
    desk.run(0.1)
    desk.ports[-1].inbox.append(make_sysex(UNIT_MAIN, Command.LCD, b"\0" + b"Vocals".ljust(7)))
    desk.run(0.1)
    for peers in (Peers((("ardour:out",),)), Peers((("ardour:out",),), (("ardour:in",),))):
        desk.peers = peers
        desk.run(0.1)
    assert len(desk.ports) == 1
    desk.ports[-1].inbox.append(make_note(NOTE_MUTE, 0x7F))
    desk.run(EXPECT_S + 0.5)
    assert desk.bus.get("stems.vocals.mute") == 1.0
    desk.peers = Peers()
    desk.run(0.1)
    desk.connect("ardour:out")
    desk.run(0.1)
    assert desk.control_port.describe().detail == "no strip of a DAW is bound"


@pytest.mark.parametrize(
    ("sources", "wanted", "name", "detail"),
    [
        ((), "", "", "connect a controller"),
        (("Pads:out",), "", "Pads", ""),
        (("Keys:out",), "", "", "sideman learn"),
        (("Keys:out", "Pads:out"), "", "Pads", "Keys:out: connected as well"),
        (("Keys:out",), "Pads", "Pads", ""),
        (("Pads:out",), "Pad", "", "there is no mapping Pad"),
        (("system:midi_capture_1", "alsa_pcm:Pads/midi_capture_1"), "", "Pads", ""),
    ],
)
def test_the_choice_of_a_mapping_says_what_the_user_should_know(
    desk: Desk, sources: tuple[str, ...], wanted: str, name: str, detail: str
) -> None:
    desk.write("Pads")
    desk.service.store.update()
    ports = (sources,) if sources[:1] == ("system:midi_capture_1",) else tuple((one,) for one in sources)
    choice = choose_mapping(Peers(ports, ports), desk.service.store.mappings, wanted)
    assert choice.name == name
    assert detail in choice.detail if detail else choice.detail == ""


def test_a_device_with_lights_that_gets_none_is_said(desk: Desk) -> None:
    desk.write("Pads")
    desk.service.store.update()
    choice = choose_mapping(Peers((("Pads:out",),)), desk.service.store.mappings)
    assert "nothing is connected to control_out" in choice.detail


def test_an_edited_file_is_used_at_once_without_leaving_the_device(desk: Desk) -> None:
    desk.write("Pads")
    desk.system.plug("Pads")
    desk.connect("Pads:out")
    desk.run(2.2)
    desk.write("Pads", MAPPING.format(name="Pads").replace("stems.drums", "stems.bass"))
    desk.run(2.2)
    desk.ports[-1].inbox.append(PRESS)
    desk.run(0.1)
    assert (desk.bus.get("stems.bass.mute"), desk.bus.get("stems.drums.mute")) == (1.0, 0.0)
    assert len(desk.ports) == 1
    assert desk.ports[0].sent.count(EXIT) == 1


def test_a_broken_file_leaves_the_last_good_mapping_at_work_and_its_row_says_what_and_where(desk: Desk) -> None:
    desk.write("Pads")
    desk.system.plug("Pads")
    desk.run(2.2)
    desk.write("Pads", MAPPING.format(name="Pads").replace("stems.drums.mute", "stems.drum.mute"))
    desk.run(2.2)
    [port] = desk.system.open_ports
    port.inbox.append(PRESS)
    desk.run(0.1)
    assert desk.bus.get("stems.drums.mute") == 1.0
    _, _, _, state, detail = desk.rows()["Pads"]
    assert state == "port"
    assert "input 1 (cc 48)" in str(detail)
    assert "stems.drums.mute" in str(detail)
    assert "the last good mapping stays" in str(detail)
    with pytest.raises(ConfigError, match=r"Pads\.toml: input 1"):
        desk.service.reload()


def test_a_file_that_never_was_good_has_a_row_of_its_own(desk: Desk) -> None:
    desk.write("Pads", "schema = 1\n")
    desk.run(1.1)
    mapping, _, _, state, detail = desk.rows()["Pads"]
    assert (mapping, state) == ("Pads", "refused")
    assert "Pads.toml" in str(detail)


def test_a_device_that_is_connected_to_control_in_is_not_opened_twice(desk: Desk) -> None:
    desk.write("Pads")
    desk.system.plug("Pads:Pads MIDI 1 24:0")
    desk.connect("Midi-Bridge:Pads:[1] Pads MIDI 1")
    desk.run(2.2)
    assert desk.system.open_ports == []
    desk.peers = Peers()
    desk.run(2.2)
    assert len(desk.system.open_ports) == 1


def test_a_fault_in_one_controller_does_not_stop_the_other(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("First", "Second"):
        desk.write(name)
        desk.system.plug(name)
    desk.run(2.2)
    real = Controller.take_output

    def fail(self: Controller, now_s: float) -> list[bytes]:
        if self.mapping.name == "First":
            raise ZeroDivisionError("a fault")
        return real(self, now_s)

    monkeypatch.setattr(Controller, "take_output", fail)
    with caplog.at_level(logging.ERROR):
        desk.bus.set("stems.drums.mute", 1, "test")
        desk.run(1)
    first, second = desk.system.open_ports
    assert (first.sent[-1], second.sent[-1]) == (DARK, LIT)
    assert len([record for record in caplog.records if "First: its controller failed" in record.message]) == 1


def test_the_last_message_and_its_control_are_published_calmly(desk: Desk) -> None:
    desk.write("Pads")
    desk.system.plug("Pads")
    desk.run(2.2)
    seen: list[tuple[object, ...]] = []
    desk.bus.subscribe(lambda name, row, _: seen.append(row) if name == "controllers.message" else None)
    [port] = desk.system.open_ports
    for _ in range(20):
        port.inbox += [bytes((0xB0, 7, n)) for n in range(100)]
        desk.now_s += 0.002
        desk.service.update_devices(desk.now_s)
    assert len(seen) == 1
    port.inbox.append(b"\x90\x24\x40")
    desk.run(0.1)
    assert seen == [("Pads", "cc 7 ch 1", 99, "stems.drums.gain_db"), ("Pads", "note 36 ch 1", 64, "")]
    desk.run(1)
    counters = desk.bus.get_latest("controllers.counters")
    assert counters is not None
    assert counters[0] == 2001


def test_what_is_learned_acts_on_nothing_meanwhile_and_a_held_button_is_released(desk: Desk) -> None:
    desk.write("Pads")
    desk.system.plug("Pads")
    desk.run(2.2)
    [port] = desk.system.open_ports
    port.inbox.append(PRESS)
    desk.run(0.1)
    desk.service.learn.start("stems.vocals.gain_db")
    port.inbox += [bytes((0xB0, 7, n)) for n in range(100)]
    desk.run(0.3)
    assert desk.bus.get("stems.drums.gain_db") == 0.0
    assert desk.bus.get("stems.drums.mute") == 0.0
    desk.service.learn.take("1")
    desk.run(1.2)
    port.inbox.append(bytes((0xB0, 7, 127)))
    desk.run(0.1)
    port.inbox.append(bytes((0xB0, 7, 0)))
    desk.run(0.1)
    assert desk.bus.get("stems.vocals.gain_db") == -60.0  # it passed the value on its way
    assert desk.bus.get("stems.drums.gain_db") == 0.0


def test_a_device_without_a_mapping_is_learned_from_and_works_at_once(desk: Desk) -> None:
    desk.system.plug("Strange Box")
    desk.run(1.2)
    assert desk.system.open_ports == []
    desk.service.learn.start("stems.vocals.mute")
    desk.run(1.2)
    [port] = desk.system.open_ports
    port.inbox += [b"\x90\x24\x7f", b"\x80\x24\x00"]
    desk.run(0.3)
    desk.service.learn.take("1")
    desk.run(1.2)
    desk.system.open_ports[-1].inbox.append(b"\x90\x24\x7f")
    desk.run(0.1)
    assert desk.bus.get("stems.vocals.mute") == 1.0
    desk.service.learn.undo()
    desk.run(2.2)
    assert desk.system.open_ports == []


def test_the_clock_includes_the_sleep_of_the_machine() -> None:
    if not hasattr(time, "CLOCK_BOOTTIME"):
        pytest.skip("this system's clocks have other names")
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert before <= read_clock_s() <= time.clock_gettime(time.CLOCK_BOOTTIME)


class ClosingSystem(FakeSystem):
    """As the machine's own system, which is closed at the end."""

    is_closed = False

    def close(self) -> None:
        self.is_closed = True

    def open_virtual(self, name: str) -> FakePort:
        return FakePort(name, name, self)


@pytest.mark.parametrize("way", ["regular", "error", "signal at the start"])
def test_a_device_is_left_as_it_was_on_every_way_out(desk: Desk, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """With the threads."""
    desk.write("Pads")
    system = ClosingSystem()
    system.plug("Pads")
    monkeypatch.setattr("bridge.controllers.service.open_midi_system", lambda _api: system)
    service = ControllerService(desk.bus, ControllerSettings(), lambda _: False, Peers)

    def use() -> None:
        with service:
            until("the set-up", lambda: any(INIT in port.sent for port in system.opened))
            if way == "error":
                raise ConfigError("the start failed")
            if way == "signal at the start":
                service.leave()  # in the thread of the signals; this one comes no further
                assert system.is_closed

    if way == "error":
        with pytest.raises(ConfigError):
            use()
    else:
        use()
    [port] = system.opened
    assert port.sent[-1] == EXIT
    assert port.is_closed
    assert system.is_closed


def test_the_log_says_what_came_and_went_and_what_was_learned(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    def list_said() -> list[str]:
        return [record.message for record in caplog.records if record.levelno == logging.INFO]

    desk.write("Pads")
    desk.run(1.1)
    assert list_said() == []  # files that were there at the start are not reported
    desk.system.plug("Pads")
    desk.run(2.2)
    assert list_said() == ["Pads: connected, 2 inputs bound"]
    desk.write("Pads", MAPPING.format(name="Pads").replace("stems.drums", "stems.bass"))
    desk.run(2.2)
    assert list_said()[1:] == ["mapping Pads: read again"]
    [port] = desk.system.open_ports
    desk.service.learn.start("stems.vocals.gain_db")
    port.inbox += [bytes((0xB0, 20, n)) for n in range(100)]
    desk.run(0.3)
    desk.service.learn.take("1")
    assert any(one.startswith("learned: stems.vocals.gain_db is on cc 20 ch 1") for one in list_said())
    desk.system.unplug("Pads")
    desk.run(2.2)
    assert "Pads: no longer connected" in list_said()


def test_a_reload_sends_everything_to_a_device_that_came_back_unnoticed(desk: Desk) -> None:
    desk.write("Pads")
    desk.system.plug("Pads")
    desk.run(2.2)
    [port] = desk.system.open_ports
    port.incomplete = 3
    with pytest.raises(ConfigError, match="synth"):  # this Bus has no engines, as the shipped mappings have
        desk.service.renew()
    desk.run(0.1)
    [again] = desk.system.open_ports
    assert again is not port
    assert again.sent == [EXIT, INIT, DARK]
    again.incomplete = 1
    desk.run(1)
    counters = desk.bus.get_latest("controllers.counters")
    assert counters is not None
    assert counters[3] == 4
