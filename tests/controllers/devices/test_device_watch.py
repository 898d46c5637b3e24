"""Device watch: devices that come, go, return renamed, are taken or fail, on a scripted MIDI system in virtual time."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.controllers.devices.device_watch import LONGEST_WAIT_S, DeviceStatus, DeviceWatch
from bridge.controllers.mappings.mapping import Mapping
from bridge.controllers.mappings.mapping_file import DeviceTable, PacingTable, PortPatterns
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


def test_a_device_with_a_mapping_is_opened_set_up_and_lit() -> None:
    rig = Rig()
    rig.system.plug("Midi Through:Midi Through Port-0 14:0")
    rig.system.plug(MIX.format(24))
    rig.run(0.5)
    assert rig.states() == {"MIDI Mix": "port"}
    assert list_sent(rig.port(MIX.format(24))) == [EXIT, INIT, LIGHT]
    assert rig.system.calls["open"] == 1


def test_a_message_reaches_the_surface_of_its_device() -> None:
    rig = Rig()
    rig.system.plug(MIX.format(24))
    rig.run(0.5).port(MIX.format(24)).inbox.append(b"\xb0\x01\x02")
    rig.run(0.1)
    assert rig.surfaces["MIDI Mix"][0].received == [b"\xb0\x01\x02"]


def test_an_unplugged_device_is_missing_since_then_and_its_surface_released() -> None:
    rig = Rig()
    rig.system.plug(MIX.format(24))
    rig.run(5.0)
    rig.system.unplug(MIX.format(24))
    rig.run(60.0)
    device = rig.device()
    assert device.state == "missing" and 5.0 < device.since_s <= 6.1
    assert rig.surfaces["MIDI Mix"][0].released == 1 and rig.system.open_ports == []


@pytest.mark.parametrize(
    "name",
    [MIX.format(24), MIX.format(28), "Midi-Bridge:MIDI Mix:[1] MIDI Mix 1", "MIDI Mix:[1] MIDI Mix 1", "MIDI Mix"],
)
def test_a_device_that_returns_under_any_name_is_lit_within_two_seconds(name: str) -> None:
    rig = Rig()
    rig.system.plug(MIX.format(24))
    rig.run(5.0)
    rig.system.unplug(MIX.format(24))
    rig.run(600.0)
    rig.surfaces["MIDI Mix"][0].shown[6] = 1
    rig.system.plug(name)
    returned_s = rig.now_s
    rig.run(5.0)
    assert rig.states() == {"MIDI Mix": "port"} and rig.device().input == name
    assert list_sent(rig.port(name)) == [EXIT, INIT, LIGHT, "90 06 01"]
    assert all(at < returned_s + 2.0 for at, _ in rig.port(name).log)
    assert len(rig.surfaces["MIDI Mix"]) == 1


def test_a_device_that_is_renamed_between_two_lists_is_opened_anew() -> None:
    rig = Rig()
    rig.system.plug(MIX.format(24))
    rig.run(5.0)
    rig.system.unplug(MIX.format(24))
    rig.system.plug(MIX.format(32))
    rig.run(1.5)
    assert rig.states() == {"MIDI Mix": "port"}
    assert [port.name for port in rig.system.open_ports] == [MIX.format(32)]
    assert rig.surfaces["MIDI Mix"][0].released == 1


def test_two_units_are_two_devices_and_keep_their_surfaces() -> None:
    rig = Rig()
    rig.system.plug(MIX.format(24))
    rig.run(2.0)
    rig.system.plug(MIX.format(28))
    rig.run(2.0)
    assert rig.states() == {"MIDI Mix": "port", "MIDI Mix 2": "port"}
    rig.system.unplug(MIX.format(24))
    rig.run(2.0)
    assert rig.states() == {"MIDI Mix": "missing", "MIDI Mix 2": "port"}
    rig.system.plug(MIX.format(36))
    rig.run(2.0)
    assert rig.states() == {"MIDI Mix": "port", "MIDI Mix 2": "port"}
    assert {name: len(made) for name, made in rig.surfaces.items()} == {"MIDI Mix": 1, "MIDI Mix 2": 1}


def test_two_units_of_one_name_are_served_and_both_opened_anew_when_one_leaves() -> None:
    rig = Rig()
    rig.system.plug("MIDI Mix")
    rig.system.plug("MIDI Mix")
    rig.run(2.0)
    assert rig.states() == {"MIDI Mix": "port", "MIDI Mix 2": "port"}
    rig.system.unplug("MIDI Mix")
    rig.run(2.0)
    # nobody can say which of them left, so the one that is there is opened, whichever it was
    assert sorted(rig.states().values()) == ["missing", "port"]
    assert len(rig.system.open_ports) == 1 and rig.system.calls["open"] == 3
    rig.system.plug("MIDI Mix")
    rig.run(2.0)
    assert sorted(rig.states().values()) == ["port", "port"]
    assert len(rig.system.open_ports) == 2


def test_two_units_with_one_name_for_both_outputs_are_opened_anew_when_one_leaves() -> None:
    rig = Rig()
    for number in (24, 28):
        rig.system.plug(MIX.format(number), "MIDI Mix")
    rig.run(2.0)
    rig.system.unplug(MIX.format(28), "MIDI Mix")
    rig.run(2.0)
    # the output that is left may be that of either
    assert rig.states() == {"MIDI Mix": "port", "MIDI Mix 2": "missing"} and rig.system.calls["open"] == 3


def test_a_unit_that_returns_with_its_own_names_is_the_one_that_had_them() -> None:
    rig = Rig()
    for number in (24, 28):
        rig.system.plug(MIX.format(number))
    rig.run(2.0)
    for number in (24, 28):
        rig.system.unplug(MIX.format(number))
    rig.run(2.0)
    rig.system.plug(MIX.format(28))
    assert rig.run(2.0).states() == {"MIDI Mix": "missing", "MIDI Mix 2": "port"}


def test_a_port_that_another_program_has_is_said_and_tried_again_ever_more_rarely(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rig = Rig()
    rig.system.plug(MIX.format(24))
    rig.system.taken.add(MIX.format(24))
    with caplog.at_level(logging.WARNING):
        rig.run(600.0)
    assert rig.states() == {"MIDI Mix": "taken"} and "another program has it" in rig.device().detail
    assert MIX.format(24) in rig.device().detail
    assert 600 / LONGEST_WAIT_S <= rig.system.calls["open"] <= 600 / LONGEST_WAIT_S + 6
    assert len(caplog.records) == 1
    rig.system.taken.clear()
    rig.run(LONGEST_WAIT_S + 1.5)
    assert rig.states() == {"MIDI Mix": "port"}


def test_a_taken_device_that_is_plugged_in_again_is_tried_at_once() -> None:
    rig = Rig()
    rig.system.plug(MIX.format(24))
    rig.system.taken.add(MIX.format(24))
    rig.run(300.0)
    tries = rig.system.calls["open"]
    while rig.system.calls["open"] == tries:
        rig.run(1.0)
    rig.system.unplug(MIX.format(24))
    rig.run(2.0)
    assert rig.states() == {"MIDI Mix": "missing"}
    rig.system.taken.clear()
    rig.system.plug(MIX.format(24))
    rig.run(1.5)
    assert rig.states() == {"MIDI Mix": "port"}


def test_a_device_on_control_in_is_not_opened_and_is_opened_once_it_is_no_longer() -> None:
    rig = Rig()
    rig.in_jack.add(MIX.format(24))
    rig.system.plug(MIX.format(24))
    rig.run(10.0)
    assert rig.states() == {"MIDI Mix": "taken"} and "control_in" in rig.device().detail
    assert rig.device().since_s < 1.0 and rig.system.calls["open"] == 0
    rig.in_jack.clear()
    assert rig.run(1.5).states() == {"MIDI Mix": "port"}
    rig.in_jack.add(MIX.format(24))
    assert rig.run(1.5).states() == {"MIDI Mix": "taken"}
    assert rig.system.open_ports == []


def test_a_port_that_fails_is_opened_again_and_never_in_a_hurry() -> None:
    rig = Rig()
    rig.system.plug(MIX.format(24))
    rig.run(20.0)
    rig.port(MIX.format(24)).is_broken = True
    rig.run(3.0)
    assert rig.states() == {"MIDI Mix": "port"} and rig.system.calls["open"] == 2
    before = rig.system.calls["open"]
    for _ in range(6000):
        for port in rig.system.open_ports:
            port.is_broken = True
        rig.run(0.1)
    assert rig.system.calls["open"] - before <= 600 / LONGEST_WAIT_S + 6


def test_a_list_that_cannot_be_had_is_asked_for_ever_more_rarely_and_devices_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rig = Rig()
    rig.system.plug(MIX.format(24))
    rig.run(2.0)
    rig.system.is_down = True
    before = rig.system.calls["list"]
    with caplog.at_level(logging.WARNING):
        rig.run(600.0)
    assert rig.system.calls["list"] - before <= 600 / LONGEST_WAIT_S + 6
    assert rig.states() == {"MIDI Mix": "port"} and len(caplog.records) == 1
    rig.system.is_down = False
    rig.system.unplug(MIX.format(24))
    assert rig.run(LONGEST_WAIT_S + 1).states() == {"MIDI Mix": "missing"}
    rig.system.is_down = True
    before = rig.system.calls["list"]
    with caplog.at_level(logging.WARNING):
        rig.run(10.0)
    assert len(caplog.records) == 2 and rig.system.calls["list"] - before >= 3


def test_a_hundred_unplugs_cost_no_more_than_the_first_ten() -> None:
    rig = Rig(make_mapping("MIDI Mix", init=[INIT], exit=[EXIT]), make_mapping("X-Touch"))
    costs = []
    for unplugs in range(100):
        before = rig.system.calls.total()
        rig.system.plug(MIX.format(24 + 4 * (unplugs % 7)))
        rig.run(3.0)
        rig.system.unplug(MIX.format(24 + 4 * (unplugs % 7)))
        rig.run(3.0)
        costs.append(rig.system.calls.total() - before)
    assert sum(costs[-10:]) <= sum(costs[:10])
    assert max(costs) <= 6 * 2 + 2 + 1
    assert rig.system.open_ports == [] and len(rig.watch.devices) == 1 and len(rig.surfaces["MIDI Mix"]) == 1
    before = rig.system.calls.total()
    rig.run(60.0)
    assert rig.system.calls.total() - before <= 2 * 61


def test_the_mapping_that_fits_best_gets_the_port_in_any_order() -> None:
    names = ["APC mini", "APC mini mk2", "MPK mini", "MPK mini 3"]
    for order in (names, names[::-1]):
        rig = Rig(*(make_mapping(name) for name in order))
        rig.system.plug("APC mini mk2:APC mini mk2 MIDI 1 24:0")
        rig.system.plug("MPK mini 3:MPK mini 3 MIDI 1 28:0")
        assert rig.run(1.0).states() == {"APC mini mk2": "port", "MPK mini 3": "port"}


def test_of_two_mappings_for_one_port_the_first_has_it() -> None:
    rig = Rig(make_mapping("mine", patterns=["MIDI Mix"]), make_mapping("shipped", patterns=["MIDI Mix"]))
    rig.system.plug(MIX.format(24))
    assert rig.run(1.0).states() == {"mine": "port"}


def test_an_output_that_comes_later_is_taken_up() -> None:
    rig = Rig()
    rig.system.plug(MIX.format(24), "")
    rig.run(2.0)
    assert rig.device().state == "port" and "no output" in rig.device().detail
    rig.system.outputs.append(MIX.format(24))
    rig.run(2.0)
    assert rig.device().output == MIX.format(24) and rig.device().detail == ""
    assert list_sent(rig.port(MIX.format(24))) == [EXIT, INIT, LIGHT]


def test_the_ports_of_the_systems_own_patterns_are_taken() -> None:
    mapping = make_mapping("MIDI Mix")
    table = DeviceTable(PortPatterns(("LCXL3 DAW",)), PortPatterns(("LCXL3 DAW",), ("Other",)))
    rig = Rig(replace(mapping, device=table))
    rig.system.plug("LCXL3 1:LCXL3 1 LCXL3 1 MIDI In 28:0")
    rig.system.plug("LCXL3 1:LCXL3 1 LCXL3 1 DAW In 28:1")
    rig.run(1.0)
    assert [(port.name, port.output_name) for port in rig.system.open_ports] == [
        ("LCXL3 1:LCXL3 1 LCXL3 1 DAW In 28:1", "LCXL3 1:LCXL3 1 LCXL3 1 DAW In 28:1")
    ]


def test_closing_leaves_every_device_and_closes_every_surface() -> None:
    slow = PacingTable(gap_ms=100.0)
    rig = Rig(make_mapping("MIDI Mix", exit=[EXIT]), make_mapping("X-Touch", exit=[EXIT] * 4, pacing=slow))
    rig.system.plug(MIX.format(24))
    rig.system.plug("X-Touch:X-Touch MIDI 1 28:0")
    rig.system.plug(MIX.format(32))
    rig.run(2.0)
    rig.system.unplug(MIX.format(32))
    rig.run(2.0).watch.close(rig.now_s)
    assert not rig.is_closed()
    rig.run(1.0)
    assert rig.is_closed() and rig.system.open_ports == []
    assert all(surface.is_closed for made in rig.surfaces.values() for surface in made)
    last = {port.name: list_sent(port)[-1] for port in rig.system.opened}
    assert last == {MIX.format(24): EXIT, MIX.format(32): LIGHT, "X-Touch:X-Touch MIDI 1 28:0": EXIT}
    lists = rig.system.calls["list"]
    assert rig.run(10.0).system.calls["list"] == lists


def test_an_edited_mapping_reaches_the_open_device_without_leaving_it() -> None:
    old = make_mapping("MIDI Mix", init=[INIT], exit=[EXIT])
    rig = Rig(old)
    rig.system.plug(MIX.format(24))
    rig.run(2.0).watch.replace_mappings([replace(old, doc="edited")], rig.now_s)
    rig.run(2.0)
    assert rig.system.calls["open"] == 1 and list_sent(rig.port(MIX.format(24))) == [EXIT, INIT, LIGHT, LIGHT]
    first, second = rig.surfaces["MIDI Mix"]
    assert first.is_closed and not second.is_closed and rig.device().mapping.doc == "edited"


def test_an_equal_mapping_changes_nothing() -> None:
    rig = Rig()
    rig.system.plug(MIX.format(24))
    rig.run(2.0).watch.replace_mappings([make_mapping("MIDI Mix", init=[INIT], exit=[EXIT])], rig.now_s)
    rig.run(2.0)
    assert rig.system.calls["open"] == 1 and len(rig.surfaces["MIDI Mix"]) == 1


def test_a_mapping_with_another_device_table_leaves_the_device_and_sets_it_up_anew() -> None:
    rig = Rig(make_mapping("MIDI Mix", init=[INIT], exit=[EXIT], pacing=PacingTable(gap_ms=20.0)))
    rig.system.plug(MIX.format(24))
    rig.run(2.0).watch.replace_mappings([make_mapping("MIDI Mix", init=["F0 09 F7"], exit=[EXIT])], rig.now_s)
    rig.run(2.0)
    old, new = rig.system.opened
    assert list_sent(old)[-1] == EXIT and old.is_closed
    assert list_sent(new) == [EXIT, "F0 09 F7", LIGHT] and rig.states() == {"MIDI Mix": "port"}


def test_a_mapping_that_is_gone_leaves_its_device() -> None:
    rig = Rig()
    rig.system.plug(MIX.format(24))
    rig.run(2.0).watch.replace_mappings([], rig.now_s)
    rig.run(2.0)
    assert rig.states() == {} and list_sent(rig.system.opened[0])[-1] == EXIT and rig.system.open_ports == []


def test_reopening_sets_every_device_up_again() -> None:
    rig = Rig()
    rig.system.plug(MIX.format(24))
    rig.run(2.0).watch.reopen(rig.now_s)
    rig.run(0.2)
    assert rig.states() == {"MIDI Mix": "port"} and list_sent(rig.port(MIX.format(24))) == [EXIT, INIT, LIGHT]


def test_after_a_sleep_names_are_looked_at_before_anything_is_sent() -> None:
    rig = Rig()
    rig.system.plug(MIX.format(24))
    rig.run(2.0)
    asleep = rig.port(MIX.format(24))
    before = len(asleep.sent)
    rig.system.unplug(MIX.format(24))
    rig.system.plug(MIX.format(28))
    rig.now_s += 600.0
    rig.run(0.1)
    assert len(asleep.sent) == before and asleep.is_closed
    assert list_sent(rig.port(MIX.format(28))) == [EXIT, INIT, LIGHT]


def test_a_device_without_a_mapping_is_open_only_while_learning() -> None:
    rig, pad = Rig(), "nanoPAD2:nanoPAD2 MIDI 1 {}:0"
    rig.system.plug(pad.format(20))
    rig.system.plug(MIX.format(24))
    rig.run(2.0).watch.listen(True, rig.now_s)
    rig.run(0.2)
    assert rig.states() == {"MIDI Mix": "port", pad.format(20): "port"}
    rig.port(pad.format(20)).inbox.append(b"\xb0\x01\x02")
    rig.run(0.1)
    assert rig.surfaces[pad.format(20)][0].received == [b"\xb0\x01\x02"]
    rig.system.unplug(pad.format(20))
    rig.system.plug(pad.format(28))
    rig.run(1.5)
    assert rig.states() == {"MIDI Mix": "port", pad.format(28): "port"}
    rig.watch.listen(False, rig.now_s)
    rig.run(0.2)
    assert rig.states() == {"MIDI Mix": "port"} and [port.name for port in rig.system.open_ports] == [MIX.format(24)]
    assert all(made[0].is_closed for name, made in rig.surfaces.items() if name.startswith("nanoPAD2"))
    assert rig.system.calls["open"] == 3


def test_a_device_that_was_listened_to_gets_the_mapping_that_was_learned_for_it() -> None:
    rig, pad = Rig(), "nanoPAD2:nanoPAD2 MIDI 1 20:0"
    rig.system.plug(pad)
    rig.watch.listen(True, rig.now_s)
    rig.run(0.2).watch.replace_mappings([make_mapping("nanoPAD2")], rig.now_s)
    rig.run(0.2)
    assert rig.states() == {"nanoPAD2": "port"} and len(rig.system.open_ports) == 1


def test_two_units_without_a_mapping_are_two_devices_that_a_learned_mapping_of_another_leaves_open() -> None:
    rig = Rig()
    for name in ("Midi Through:Midi Through Port-0 14:0", "Pad 20:0", "Pad 24:0"):
        rig.system.plug(name)
    rig.watch = DeviceWatch(
        rig.system, [], rig.make_surface, make_unmapped=lambda name: make_mapping("Pad", patterns=[name])
    )
    rig.watch.listen(True, rig.now_s)
    rig.run(1.5)
    assert rig.states() == {"Pad": "port", "Pad 2": "port"}
    rig.watch.replace_mappings([make_mapping("MIDI Mix")], rig.now_s)
    rig.run(1.5)
    assert rig.states() == {"Pad": "port", "Pad 2": "port"} and rig.system.calls["open"] == 2


def test_a_warning_names_its_device() -> None:
    rig = Rig(make_mapping("MIDI Mix", warning=("F0 47 ?? 02", "drum mode", "")))
    rig.system.plug(MIX.format(24))
    rig.run(1.0).port(MIX.format(24)).inbox.append(bytes.fromhex("F0477F02F7"))
    rig.run(0.1)
    assert rig.warnings == [("MIDI Mix", "drum mode")] and rig.device().detail == "drum mode"


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["plug", "unplug", "rename", "take", "free", "break", "down", "up", "jack", "sleep", "reopen"]),
        st.integers(0, 3),
        st.floats(0.0, 4.0),
    ),
    max_size=40,
)


@settings(max_examples=60)
@given(EVENTS, st.booleans())
def test_whatever_happens_every_device_is_open_and_lit_in_the_end(
    events: Sequence[tuple[str, int, float]], equal_names: bool
) -> None:
    rig = Rig(make_mapping("MIDI Mix", init=[INIT], exit=[EXIT]))
    number, plugged = 20, dict[int, str]()
    for event, unit, seconds in events:
        if event in ("unplug", "rename") and unit in plugged:
            rig.system.unplug(plugged.pop(unit))
        if event in ("plug", "rename") and unit not in plugged:
            number += 4
            plugged[unit] = "MIDI Mix" if equal_names else MIX.format(number)
            rig.system.plug(plugged[unit])
        if event == "take":
            rig.system.taken.update(plugged.values())
        if event == "free":
            rig.system.taken.clear()
        if event == "break":
            for port in rig.system.open_ports[:unit]:
                port.is_broken = True
        if event in ("down", "up"):
            rig.system.is_down = event == "down"
        if event == "jack":
            rig.in_jack.symmetric_difference_update(plugged.values())
        if event == "sleep":
            rig.now_s += 600.0
        if event == "reopen":
            rig.watch.reopen(rig.now_s)
        rig.run(seconds)
    rig.system.taken.clear()
    rig.in_jack.clear()
    rig.system.is_down = False
    rig.run(LONGEST_WAIT_S + 3.0)
    live = rig.system.open_ports
    assert sorted(port.name for port in live) == sorted(plugged.values())
    assert all(list_sent(port)[:3] == [EXIT, INIT, LIGHT] for port in live)
    assert sorted(rig.states().values()).count("port") == len(plugged)
    assert len(rig.watch.devices) <= 4
    for surfaces in rig.surfaces.values():
        assert len(surfaces) == 1
    rig.watch.close(rig.now_s)
    assert rig.watch.is_closed and [list_sent(port)[-1] for port in live] == [EXIT] * len(live)
