"""Device watch: two units of one kind are two devices, whatever the system names them."""

from __future__ import annotations

from bridge.controllers.devices.device_watch import DeviceWatch
from tests.controllers.devices.watch_rig import MIX, Rig
from tests.controllers.fake_midi import make_mapping


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
