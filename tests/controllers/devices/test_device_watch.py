"""Device watch: devices that come, go, return renamed, are taken or fail, on a scripted MIDI system in virtual time."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.controllers.devices.device_watch import LONGEST_WAIT_S
from bridge.controllers.mappings.mapping_file import PacingTable
from tests.controllers.devices.watch_rig import EXIT, INIT, LIGHT, MIX, Rig, list_sent
from tests.controllers.fake_midi import make_mapping


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


def test_an_output_that_comes_later_is_taken_up() -> None:
    rig = Rig()
    rig.system.plug(MIX.format(24), "")
    rig.run(2.0)
    assert rig.device().state == "port" and "no output" in rig.device().detail
    rig.system.outputs.append(MIX.format(24))
    rig.run(2.0)
    assert rig.device().output == MIX.format(24) and rig.device().detail == ""
    assert list_sent(rig.port(MIX.format(24))) == [EXIT, INIT, LIGHT]


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
