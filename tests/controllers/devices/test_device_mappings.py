"""Device watch: which mapping a port gets, and mappings that are edited, learned or removed while it is open."""

from __future__ import annotations

from dataclasses import replace

from bridge.controllers.mappings.mapping_file import DeviceTable, PacingTable, PortPatterns
from tests.controllers.devices.watch_rig import EXIT, INIT, LIGHT, MIX, Rig, list_sent
from tests.controllers.fake_midi import make_mapping


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
