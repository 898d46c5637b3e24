"""Ports of the shipped mappings: each finds its port among all ports of a studio, on every system, and no other."""

from __future__ import annotations

import pytest

from bridge.controllers.mappings.mapping import Mapping
from bridge.controllers.mappings.mapping_lookup import list_mappings
from bridge.controllers.mappings.mapping_reader import read_mapping
from bridge.controllers.ports.port_assignment import assign_ports
from bridge.controllers.ports.port_names import SystemName
from bridge.installed_controls import make_registry
from bridge.settings import Settings

OTHERS = [
    "Midi Through:Midi Through Port-0 14:0",
    "ardour:MIDI Clock out 130:1",
    "Launchpad Mini:Launchpad Mini MIDI 1 60:0",
    "APC MINI:APC MINI MIDI 1 64:0",
    "Launch Control:Launch Control MIDI 1 68:0",
    "MPK mini:MPK mini MIDI 1 72:0",
    "nanoKONTROL:nanoKONTROL MIDI 1 76:0",
    "MiniLab mkII:Arturia MiniLab mkII MIDI 1 80:0",
    "FaderPort:FaderPort MIDI 1 84:0",
    "X-TOUCH MINI:X-TOUCH MINI MIDI 1 88:0",
]
"""Ports that no shipped mapping is for."""

STUDIOS: dict[str, tuple[SystemName, dict[str, str], list[str]]] = {
    # the mapping's file, its port; then the other ports of the same devices
    "ALSA": (
        "linux",
        {
            "korg_nanokontrol2": "nanoKONTROL2:nanoKONTROL2 nanoKONTROL2 _ CTR 20:0",
            "novation_launch_control_xl": "Launch Control XL:Launch Control XL Launch Contro 24:0",
            "novation_launch_control_xl_3": "LCXL3 1:LCXL3 1 LCXL3 1 DAW In 28:1",
            "akai_apc_mini_mk2": "APC mini mk2:APC mini mk2 Control 32:0",
            "akai_midi_mix": "MIDI Mix:MIDI Mix MIDI 1 36:0",
            "novation_launchpad_x": "Launchpad X:Launchpad X LPX MIDI In 40:1",
            "novation_launchpad_mini_mk3": "Launchpad Mini MK3:Launchpad Mini MK3 LPMiniMK3 MI 44:1",
            "akai_mpk_mini_mk3": "MPK mini 3:MPK mini 3 MIDI 1 48:0",
            "novation_launchkey_mk3": "Launchkey MK3 49:Launchkey MK3 49 LKMK3 DAW In 52:1",
            "novation_launchkey_mk4": "Launchkey MK4 61:Launchkey MK4 61 DAW In 56:1",
            "novation_launchkey_mini_mk4": "Launchkey Mini MK4 37:Launchkey Mini MK4 37 DAW In 92:1",
            "arturia_minilab_3": "Minilab3:Minilab3 MIDI 96:0",
            "presonus_faderport_2": "PreSonus FP2:PreSonus FP2 MIDI 1 100:0",
            "presonus_faderport_8": "PreSonus FP8:PreSonus FP8 Port 1 104:0",
            "behringer_x_touch": "X-Touch:X-Touch X-TOUCH_INT 108:0",
            "behringer_x_touch_extender": "X-Touch-Ext:X-Touch-Ext X-TOUCH_INT 112:0",
        },
        [
            "LCXL3 1:LCXL3 1 LCXL3 1 MIDI In 28:0",
            "APC mini mk2:APC mini mk2 Notes 32:1",
            "Launchpad X:Launchpad X LPX DAW In 40:0",
            "Launchpad Mini MK3:Launchpad Mini MK3 LPMiniMK3 DA 44:0",
            "Launchkey MK3 49:Launchkey MK3 49 LKMK3 MIDI In 52:0",
            "Launchkey MK4 61:Launchkey MK4 61 MIDI In 56:0",
            "Launchkey Mini MK4 37:Launchkey Mini MK4 37 MIDI In 92:0",
            "Minilab3:Minilab3 DIN THRU 96:1",
            "Minilab3:Minilab3 MCU/HUI 96:2",
            "Minilab3:Minilab3 ALV 96:3",
            "X-Touch:X-Touch X-TOUCH_EXT 108:1",
            *OTHERS,
        ],
    ),
    "ALSA, ports by their own names": (
        "linux",
        {
            "korg_nanokontrol2": "nanoKONTROL2:nanoKONTROL2 _ CTRL 20:0",
            "novation_launch_control_xl_3": "LCXL3 1:LCXL3 1 DAW In 28:1",
            "akai_midi_mix": "MIDI Mix:MIDI Mix 36:0",
            "novation_launchkey_mk3": "Launchkey Mini MK3:Launchkey Mini MK3 DAW Port 52:1",
        },
        ["LCXL3 1:LCXL3 1 MIDI In 28:0", "Launchkey Mini MK3:Launchkey Mini MK3 MIDI Port 52:0", *OTHERS],
    ),
    # kernels that know no names of ports number them
    "ALSA, ports by number": (
        "linux",
        {
            "korg_nanokontrol2": "nanoKONTROL2:nanoKONTROL2 MIDI 1 20:0",
            "novation_launch_control_xl": "Launch Control XL:Launch Control XL MIDI 1 24:0",
            "novation_launch_control_xl_3": "LCXL3 1:LCXL3 1 MIDI 2 28:1",
            "akai_apc_mini_mk2": "APC mini mk2:APC mini mk2 MIDI 1 32:0",
            "novation_launchpad_x": "Launchpad X:Launchpad X MIDI 2 40:1",
            "novation_launchpad_mini_mk3": "Launchpad Mini MK3:Launchpad Mini MK3 MIDI 2 44:1",
            "novation_launchkey_mk3": "Launchkey MK3 49:Launchkey MK3 49 MIDI 2 52:1",
            "novation_launchkey_mk4": "Launchkey MK4 61:Launchkey MK4 61 MIDI 2 56:1",
            "novation_launchkey_mini_mk4": "Launchkey Mini MK4 37:Launchkey Mini MK4 37 MIDI 2 92:1",
            "arturia_minilab_3": "Minilab3:Minilab3 MIDI 1 96:0",
        },
        [
            "LCXL3 1:LCXL3 1 MIDI 1 28:0",
            "APC mini mk2:APC mini mk2 MIDI 2 32:1",
            "Launchpad X:Launchpad X MIDI 1 40:0",
            "Launchpad Mini MK3:Launchpad Mini MK3 MIDI 1 44:0",
            "Launchkey MK3 49:Launchkey MK3 49 MIDI 1 52:0",
            "Launchkey MK4 61:Launchkey MK4 61 MIDI 1 56:0",
            "Launchkey Mini MK4 37:Launchkey Mini MK4 37 MIDI 1 92:0",
            "Minilab3:Minilab3 MIDI 2 96:1",
            *OTHERS,
        ],
    ),
    "PipeWire": (
        "linux",
        {
            "korg_nanokontrol2": "Midi-Bridge:nanoKONTROL2:[0] nanoKONTROL2 nanoKONTROL2 _ CTR",
            "novation_launch_control_xl": "Launch Control XL:[0] Launch Control XL MIDI 1",
            "akai_apc_mini_mk2": "Midi-Bridge:APC mini mk2 5:(capture_0) APC mini mk2 Control",
            "novation_launchpad_x": "Midi-Bridge:Launchpad X:[1] Launchpad X LPX MIDI In",
            "behringer_x_touch": "X-Touch:[0] X-Touch X-TOUCH_INT",
            "behringer_x_touch_extender": "X-Touch-Ext:[0] X-Touch-Ext X-TOUCH_INT",
            "akai_midi_mix": "a2j:MIDI Mix [36] (capture): MIDI Mix MIDI 1",
        },
        [
            "Midi-Bridge:Launchpad X:[0] Launchpad X LPX DAW In",
            "Midi-Bridge:APC mini mk2 5:(capture_1) APC mini mk2 Notes",
            "Midi-Bridge:Midi Through:(capture_0) Midi Through Port-0",
            "X-Touch:[1] X-Touch X-TOUCH_EXT",
        ],
    ),
    "macOS": (
        "macos",
        {
            "korg_nanokontrol2": "nanoKONTROL2 SLIDER/KNOB",
            "novation_launch_control_xl": "Launch Control XL",
            "novation_launch_control_xl_3": "LCXL3 1 DAW Out",
            "akai_apc_mini_mk2": "APC mini mk2 Control",
            "akai_midi_mix": "MIDI Mix",
            "novation_launchpad_x": "Launchpad X LPX MIDI Out",
            "novation_launchpad_mini_mk3": "Launchpad Mini MK3 LPMiniMK3 MIDI Out",
            "akai_mpk_mini_mk3": "MPK mini 3",
            "novation_launchkey_mk3": "Launchkey MK3 49 LKMK3 DAW Out",
            "novation_launchkey_mk4": "Launchkey MK4 61 DAW Out",
            "novation_launchkey_mini_mk4": "Launchkey Mini MK4 37 DAW Out",
            "arturia_minilab_3": "Minilab3 MIDI",
            "presonus_faderport_2": "PreSonus FP2",
            "presonus_faderport_8": "PreSonus FP8",
        },
        [
            "LCXL3 1 MIDI Out",
            "APC mini mk2 Notes",
            "Launchpad X LPX DAW Out",
            "Launchpad Mini MK3 LPMiniMK3 DAW Out",
            "Launchkey MK3 49 LKMK3 MIDI Out",
            "Launchkey MK4 61 MIDI Out",
            "Launchkey Mini MK4 37 MIDI Out",
            "Minilab3 DIN THRU",
            "Minilab3 MCU/HUI",
            "Minilab3 ALV",
            "IAC Driver Bus 1",
            "Network Session 1",
        ],
    ),
    "Windows": (
        "windows",
        {
            "korg_nanokontrol2": "nanoKONTROL2",
            "novation_launch_control_xl": "Launch Control XL",
            "novation_launch_control_xl_3": "MIDIIN2 (LCXL3 1 MIDI)",
            "akai_apc_mini_mk2": "APC mini mk2",
            "akai_midi_mix": "MIDI Mix",
            "novation_launchpad_x": "MIDIIN2 (LPX MIDI)",
            "novation_launchpad_mini_mk3": "MIDIIN2 (LPMiniMK3 MIDI)",
            "akai_mpk_mini_mk3": "MPK mini 3",
            "novation_launchkey_mk3": "MIDIIN2 (LKMK3 MIDI)",
            "novation_launchkey_mk4": "MIDIIN2 (Launchkey MK4 61 MIDI)",
            "novation_launchkey_mini_mk4": "MIDIIN2 (Launchkey Mini MK4 37 ",
            "arturia_minilab_3": "Minilab3 MIDI",
            "presonus_faderport_2": "PreSonus FP2",
            "presonus_faderport_8": "PreSonus FP8",
        },
        [
            "LCXL3 1 MIDI",
            "MIDIIN2 (APC mini mk2)",
            "LPX MIDI",
            "LPMiniMK3 MIDI",
            "LKMK3 MIDI",
            "Launchkey MK4 61 MIDI",
            "Launchkey Mini MK4 37 MIDI",
            "MIDIIN2 (Minilab3 MIDI)",
            "Microsoft GS Wavetable Synth",
        ],
    ),
}


@pytest.fixture(scope="module")
def shipped() -> dict[str, Mapping]:
    """The shipped mappings by file name."""
    registry = make_registry(Settings())
    return {e.name: read_mapping(e.path, registry) for e in list_mappings() if e.origin == "shipped"}


def name_output(name: str) -> str:
    """The output of a device by the name of its input."""
    return name.replace("MIDIIN", "MIDIOUT").replace("SLIDER/KNOB", "CTRL").replace("(capture", "(playback")


@pytest.mark.parametrize("studio", STUDIOS)
def test_each_mapping_finds_its_port_and_no_other(shipped: dict[str, Mapping], studio: str) -> None:
    system, wanted, others = STUDIOS[studio]
    wanted = {name: port for name, port in wanted.items() if name in shipped}
    inputs = sorted([*wanted.values(), *others])
    found = assign_ports(list(shipped.values()), inputs, sorted(map(name_output, inputs)), system)
    names = {id(mapping): name for name, mapping in shipped.items()}
    assert {names[id(mapping)]: (pair.input, pair.output) for mapping, pair in found} == {
        name: (port, name_output(port)) for name, port in wanted.items()
    }
    assert len(found) == len(wanted)


@pytest.mark.parametrize("studio", STUDIOS)
def test_two_units_of_every_device_have_their_own_outputs(shipped: dict[str, Mapping], studio: str) -> None:
    system, wanted, _ = STUDIOS[studio]
    inputs = [*wanted.values(), *wanted.values()]
    found = assign_ports(list(shipped.values()), inputs, list(map(name_output, inputs)), system)
    assert len(found) == 2 * len([name for name in wanted if name in shipped])
    assert all(pair.output == name_output(pair.input) and pair.input_nth == pair.output_nth for _, pair in found)
