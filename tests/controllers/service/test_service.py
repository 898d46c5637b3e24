"""Controller service: files are taken up, a fault stays with its device, and devices are left as they were."""

from __future__ import annotations

import logging
import time

import pytest

from bridge.controllers.devices.control_port import Peers
from bridge.controllers.service import ControllerService, read_clock_s
from bridge.controllers.surface.controller import Controller
from bridge.errors import ConfigError
from bridge.settings import ControllerSettings
from tests.controllers.fake_midi import FakePort, FakeSystem
from tests.controllers.service.service_desk import DARK, EXIT, INIT, LIT, MAPPING, PRESS, Desk
from tests.waiting import until


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
