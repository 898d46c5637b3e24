"""Controller service: what is connected to control_in chooses the mapping."""

from __future__ import annotations

import pytest

from bridge.controllers.devices.control_port import DAW, ControlPort, Peers, choose_mapping
from bridge.controllers.mcu.protocol import NOTE_MUTE, UNIT_MAIN, Command, make_note, make_sysex
from bridge.controllers.ports.session import EXPECT_S
from bridge.core.audio import STEMS
from tests.controllers.service.service_desk import DARK, EXIT, INIT, LIT, PRESS, Desk


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


def test_a_device_that_is_connected_to_control_in_is_not_opened_twice(desk: Desk) -> None:
    desk.write("Pads")
    desk.system.plug("Pads:Pads MIDI 1 24:0")
    desk.connect("Midi-Bridge:Pads:[1] Pads MIDI 1")
    desk.run(2.2)
    assert desk.system.open_ports == []
    desk.peers = Peers()
    desk.run(2.2)
    assert len(desk.system.open_ports) == 1
