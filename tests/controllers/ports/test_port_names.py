"""Port names: one table of names as systems show them, and the same names with whatever systems add."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.controllers.ports.port_names import (
    PortPair,
    find_pairs,
    is_match,
    is_same_port,
    parse_name,
    rate_name,
)

MATCHES = [
    # pattern, names of that port: ALSA of older and newer kernels, JACK, PipeWire, a2jmidid, macOS, Windows
    ("nanoKONTROL2", ["nanoKONTROL2:nanoKONTROL2 MIDI 1 24:0", "nanoKONTROL2", "nanoKONTROL2 0", "1- nanoKONTROL2"]),
    ("nanoKONTROL2", ["Midi-Bridge:nanoKONTROL2:[1] nanoKONTROL2 1", "nanoKONTROL2:[1] nanoKONTROL2 1"]),
    ("nanoKONTROL2", ["Midi-Bridge:nanoKONTROL2 2:(capture_0) nanoKONTROL2 MIDI 1"]),
    ("nanoKONTROL2", ["a2j:nanoKONTROL2 [24] (capture): nanoKONTROL2 MIDI 1", "alsa_midi:nanoKONTROL2 MIDI 1 (out)"]),
    ("nanoKONTROL2", ["alsa_pcm:nanoKONTROL2/midi_capture_1", "nanoKONTROL2 #2", "nanoKONTROL2 2"]),
    ("nanoKONTROL2", ["2- nanoKONTROL2 3"]),
    ("nanoKONTROL2", ["Midi-Bridge-01:nanoKONTROL2 MIDI 1", "nanoKONTROL2-01:nanoKONTROL2 MIDI 1"]),
    ("nanoKONTROL2 SLIDER/KNOB", ["nanoKONTROL2 SLIDER/KNOB", "nanoKONTROL2 SLIDER/KNOB #2"]),
    ("Launch Control XL", ["Launch Control XL:Launch Control XL Launch Contro 20:0", "Launch Control XL 1"]),
    ("Launch Control XL", ["Launch Control XL:Launch Control XL MIDI 1 20:0", "Novation Launch Control XL"]),
    ("LCXL3 DAW", ["LCXL3 1:LCXL3 1 LCXL3 1 DAW In 28:1", "LCXL3 1 DAW In", "LCXL3 1 DAW Out", "LCXL3 2 DAW In"]),
    ("LCXL3 1 DAW", ["LCXL3 1 LCXL3 1 DAW In/Out"]),
    ("MIDIIN2 (LCXL3 1 MIDI)", ["MIDIIN2 (LCXL3 1 MIDI) 3", "MIDIOUT2 (LCXL3 1 MIDI) 4", "MIDIIN2 (2- LCXL3 1 MIDI)"]),
    ("LCXL3 1 MIDI", ["LCXL3 1 MIDI", "LCXL3 1 MIDI In", "LCXL3 1 MIDI 2"]),
    ("APC mini mk2", ["APC mini mk2", "APC mini mk2:APC mini mk2 MIDI 1 24:0", "APC mini mk2 0", "APC MINI mk2"]),
    ("APC mini mk2 Control", ["APC mini mk2:APC mini mk2 Control 24:0", "APC mini mk2 Control"]),
    ("APC mini", ["APC MINI:APC MINI MIDI 1 20:0", "APC MINI", "AKAI APC MINI"]),
    ("MIDI Mix", ["MIDI Mix:MIDI Mix MIDI 1 24:0", "MIDI Mix", "MIDI Mix 0", "MIDI Mix:MIDI Mix MIDI Mix 24:0"]),
    ("Launchpad X LPX MIDI", ["Launchpad X:Launchpad X LPX MIDI In 28:1", "Launchpad X LPX MIDI Out"]),
    ("LPX MIDI", ["LPX MIDI", "LPX MIDI 1", "2- LPX MIDI"]),
    ("MIDIIN2 (LPX MIDI)", ["MIDIIN2 (LPX MIDI)", "MIDIOUT2 (LPX MIDI) 2"]),
    ("Launchpad Mini MK3 LPMiniMK3 MIDI", ["Launchpad Mini MK3:Launchpad Mini MK3 LPMiniMK3 MI 20:1"]),
    ("Launchpad Mini MK3 LPMiniMK3 MIDI", ["Launchpad Mini MK3 LPMiniMK3 MIDI Out"]),
    ("Launchpad Mini MK3 LPMiniMK3", ["Launchpad Mini MK3:Launchpad Mini MK3 LPMiniMK3 MI 20:1"]),
    ("X-Touch", ["X-Touch:X-Touch MIDI 1 24:0", "X-Touch", "X-Touch 0", "Behringer X-Touch"]),
    ("X-Touch INT", ["X-Touch:X-Touch X-TOUCH_INT 20:0", "X-Touch INT"]),
    ("MPK mini 3", ["MPK mini 3:MPK mini 3 MIDI 1 20:0", "MPK mini 3", "MPK mini 3 1"]),
    ("Launchkey MK3 LKMK3 DAW", ["Launchkey MK3 49:Launchkey MK3 49 LKMK3 DAW In 20:1"]),
    ("Launchkey MK3 LKMK3 DAW", ["Launchkey MK3 61 LKMK3 DAW In"]),
    ("MIDIIN2 (LKMK3 MIDI)", ["MIDIIN2 (LKMK3 MIDI) 4"]),
    ("Launchkey Mini MK3 DAW", ["Launchkey Mini MK3:Launchkey Mini MK3 DAW Port 20:1", "Launchkey Mini MK3 DAW Port"]),
    ("Launchkey MK4 DAW", ["Launchkey MK4 61:Launchkey MK4 61 DAW In 20:1", "Launchkey MK4 49 DAW Out"]),
    ("MIDIIN2 (Launchkey Mini MK4 37 MIDI)", ["MIDIIN2 (Launchkey Mini MK4 37 ", "MIDIIN2 (Launchkey Mini MK4 37  3"]),
    ("Minilab3 MIDI", ["Minilab3:Minilab3 MIDI 24:0", "Minilab3 MIDI", "Arturia Minilab3 MIDI"]),
    ("PreSonus FP8", ["PreSonus FP8:PreSonus FP8 Port 1 20:0", "PreSonus FP8", "FP8"]),
    ("PreSonus FP2", ["PreSonus FP2:PreSonus FP2 MIDI 1 20:0", "PreSonus FP2"]),
    ("FaderPort", ["FaderPort:FaderPort MIDI 1 20:0", "PreSonus FaderPort"]),
]

OTHERS = [
    # pattern, names of other devices and other ports
    ("APC mini", ["APC mini mk2:APC mini mk2 MIDI 1 24:0", "APC mini mk2", "APC mini mk2 Control", "APC40 mkII"]),
    ("APC mini mk2", ["APC MINI:APC MINI MIDI 1 20:0", "APC MINI", "APC mini mk2 Notes", "MIDIIN2 (APC mini mk2)"]),
    ("APC mini mk2 Control", ["APC mini mk2:APC mini mk2 Notes 24:1"]),
    ("Launch Control XL", ["Launch Control:Launch Control MIDI 1 20:0", "LCXL3 1 MIDI", "Launch Control XL MK3"]),
    ("Launch Control", ["Launch Control XL:Launch Control XL MIDI 1 20:0", "Launch Control XL"]),
    ("LCXL3 DAW", ["LCXL3 1 MIDI In", "LCXL3 1:LCXL3 1 LCXL3 1 MIDI In 28:0"]),
    ("LCXL3 1 MIDI", ["MIDIIN2 (LCXL3 1 MIDI)", "LCXL3 1 DAW In"]),
    ("LCXL3", ["LCXL3 1 DAW In"]),
    ("MIDIIN2 (LCXL3 1 MIDI)", ["LCXL3 1 MIDI", "MIDIIN3 (LCXL3 1 MIDI)"]),
    ("Launchpad X LPX MIDI", ["Launchpad X:Launchpad X LPX DAW In 28:0", "Launchpad Pro MK3 LPProMK3 MIDI"]),
    ("Launchpad Mini MK3 LPMiniMK3 MIDI", ["Launchpad Mini MK3:Launchpad Mini MK3 LPMiniMK3 DA 20:0"]),
    ("Launchpad Mini MK3 LPMiniMK3 MIDI", ["Launchpad Mini:Launchpad Mini MIDI 1 20:0"]),
    ("X-Touch", ["X-Touch-Ext", "X-Touch Mini", "X-Touch One", "X-Touch Compact", "MIDIIN2 (X-Touch)", "X-Touch EXT"]),
    ("X-Touch-Ext", ["X-Touch", "X-Touch Mini"]),
    ("MPK mini 3", ["MPK mini", "MPK mini IV", "MPKmini2", "MPK mini Play mk3"]),
    ("Launchkey MK3 LKMK3 DAW", ["Launchkey MK3 49:Launchkey MK3 49 LKMK3 MIDI In 20:0"]),
    ("Launchkey MK3 LKMK3 DAW", ["Launchkey Mini MK3 DAW Port"]),
    ("Minilab3 MIDI", ["Minilab3:Minilab3 DIN THRU 24:1", "Minilab3 MCU/HUI", "Minilab3 ALV", "Arturia MiniLab mkII"]),
    ("PreSonus FP8", ["PreSonus FP16", "PreSonus FP2", "PreSonus FP18"]),
    # a program that has a port for the device is not the device
    ("nanoKONTROL2", ["ardour:nanoKONTROL2 in", "Ardour:nanoKONTROL2 out 130:2"]),
    ("nanoKONTROL2", ["Midi Through:Midi Through Port-0 14:0"]),
    ("nanoKONTROL2", ["nanoKONTROL:nanoKONTROL MIDI 1 20:0", "nanoKONTROL Studio", "nanoPAD2", ""]),
    # words that are no repetition and no plain word, as nothing was cut; numbers that are no unit's
    ("MIDI Mix", ["8 MIDI Mix", "MIDI Mix mi", "MIDI Mix mid", "MIDI Mix 249"]),
    ("Launch Control XL", ["Launch Control X", "Launch Control", "Launch"]),
    ("MPK", ["MPK 249"]),
    ("", ["nanoKONTROL2", ""]),
]


@pytest.mark.parametrize(("pattern", "names"), MATCHES)
def test_a_pattern_means_the_port_on_every_system(pattern: str, names: list[str]) -> None:
    assert [name for name in names if not is_match(pattern, name)] == []


@pytest.mark.parametrize(("pattern", "names"), OTHERS)
def test_a_pattern_does_not_mean_other_devices_and_ports(pattern: str, names: list[str]) -> None:
    assert [name for name in names if is_match(pattern, name)] == []


def pairs(inputs: list[str], outputs: list[str], *patterns: str) -> list[PortPair]:
    """The pairs where input and output have the same patterns."""
    return find_pairs(inputs, outputs, patterns, patterns)


def test_two_equal_devices_get_an_output_each_by_their_alsa_number() -> None:
    inputs = ["X-Touch:X-Touch MIDI 1 24:0", "X-Touch:X-Touch MIDI 1 28:0"]
    outputs = ["X-Touch:X-Touch MIDI 1 28:0", "Midi Through:Midi Through Port-0 14:0", "X-Touch:X-Touch MIDI 1 24:0"]
    assert pairs(inputs, outputs, "X-Touch") == [PortPair(inputs[0], outputs[2]), PortPair(inputs[1], outputs[0])]


def test_two_equal_names_are_paired_in_order() -> None:
    assert pairs(["MIDI Mix", "x", "MIDI Mix"], ["MIDI Mix", "MIDI Mix"], "MIDI Mix") == [
        PortPair("MIDI Mix", "MIDI Mix", 0, 0),
        PortPair("MIDI Mix", "MIDI Mix", 1, 1),
    ]


def test_two_units_with_numbers_are_paired_by_their_numbers() -> None:
    assert pairs(["MIDI Mix #2", "MIDI Mix"], ["MIDI Mix", "MIDI Mix #2"], "MIDI Mix") == [
        PortPair("MIDI Mix #2", "MIDI Mix #2"),
        PortPair("MIDI Mix", "MIDI Mix"),
    ]


def test_in_and_out_in_the_names_make_no_difference() -> None:
    assert pairs(["LCXL3 1 MIDI Out", "LCXL3 1 DAW Out"], ["LCXL3 1 MIDI In", "LCXL3 1 DAW In"], "LCXL3 DAW") == [
        PortPair("LCXL3 1 DAW Out", "LCXL3 1 DAW In")
    ]


def test_one_port_of_a_unit_is_taken_the_one_that_matches_best() -> None:
    inputs = ["APC mini mk2:APC mini mk2 MIDI 1 24:0", "APC mini mk2:APC mini mk2 MIDI 2 24:1"]
    assert pairs(inputs, inputs, "APC mini mk2") == [PortPair(inputs[0], inputs[0])]
    assert pairs(inputs, inputs, "APC mini mk2", "APC mini mk2 MIDI 2") == [PortPair(inputs[1], inputs[1])]


def test_windows_second_port_gets_the_second_output() -> None:
    names = ["MIDIIN2 (LPX MIDI)", "LPX MIDI"]
    assert pairs(names, ["LPX MIDI", "MIDIOUT2 (LPX MIDI)"], "LPX MIDI", "MIDIIN2 (LPX MIDI)") == [
        PortPair("MIDIIN2 (LPX MIDI)", "MIDIOUT2 (LPX MIDI)"),
        PortPair("LPX MIDI", "LPX MIDI"),
    ]


def test_the_pattern_of_more_words_describes_a_port_better() -> None:
    name = "Launchkey Mini MK4:Launchkey Mini MK4 37 MIDI In 20:0"
    rated = [rate_name(name, [pattern]) for pattern in ("X-Touch", "Launchkey Mini MK4", "Launchkey Mini MK4 37 MIDI")]
    assert rated == [0, 3, 5]
    assert rate_name(name, ["X-Touch", "Launchkey Mini MK4"]) == 3 and rate_name(name, []) == 0


def test_a_device_without_an_output_is_a_pair_all_the_same() -> None:
    assert pairs(["MPK mini 3"], ["MIDI Mix"], "MPK mini 3") == [PortPair("MPK mini 3", "")]


def test_an_output_of_other_words_is_the_inputs_where_there_is_no_other() -> None:
    found = find_pairs(
        ["nanoKONTROL2 SLIDER/KNOB"], ["nanoKONTROL2 CTRL"], ["nanoKONTROL2 SLIDER/KNOB"], ["nanoKONTROL2 CTRL"]
    )
    assert found == [PortPair("nanoKONTROL2 SLIDER/KNOB", "nanoKONTROL2 CTRL")]


ALSA = "nanoKONTROL2:nanoKONTROL2 MIDI 1 24:0"


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        ("Midi-Bridge:nanoKONTROL2:(capture_0) nanoKONTROL2 MIDI 1", True),
        ("nanoKONTROL2:[1] nanoKONTROL2 1", True),
        ("a2j:nanoKONTROL2 [24] (capture): nanoKONTROL2 MIDI 1", True),
        ("alsa_pcm:nanoKONTROL2/midi_capture_1", True),
        ("alsa_midi:nanoKONTROL2 MIDI 1 (out)", True),
        ("a2j:nanoKONTROL2 [28] (capture): nanoKONTROL2 MIDI 1", False),
        ("nanoKONTROL2:nanoKONTROL2 MIDI 1 28:0", False),
        ("Midi-Bridge:nanoKONTROL2:(capture_1) nanoKONTROL2 MIDI 2", False),
        ("MIDIIN2 (nanoKONTROL2 MIDI 1)", False),
        ("ardour:MIDI Control Out", False),
        ("system:midi_capture_1", False),
    ],
)
def test_the_same_port_is_known_by_its_names_on_two_systems(other: str, is_same: bool) -> None:
    assert is_same_port(ALSA, other) == is_same_port(other, ALSA) == is_same
    assert not is_same_port("MIDI", "MIDI") and not is_same_port("", "")


MODELS = [
    "nanoKONTROL2",
    "APC mini",
    "APC mini mk2",
    "MIDI Mix",
    "Launchpad X LPX MIDI",
    "Launch Control XL",
    "X-Touch",
]
"""Devices of which none is another's unit, port or cut name."""


@st.composite
def decorated(draw: st.DrawFn, model: str) -> str:
    """A port of ``model`` as some system shows it."""
    numbers = st.integers(1, 99)
    port = model + draw(st.sampled_from(["", " MIDI 1", " Port 1", " In", " MIDI In", " Out", " 1"]))
    unit = draw(numbers)
    return draw(
        st.sampled_from(
            [
                port,
                f"{model}:{port} {unit + 15}:{draw(st.integers(0, 3))}",
                f"Midi-Bridge:{model}:[{draw(numbers)}] {port}",
                f"{model}:[{draw(numbers)}] {port}",
                f"Midi-Bridge:{model} {unit}:(capture_{draw(st.integers(0, 3))}) {port}",
                f"a2j:{model} [{unit + 15}] (playback): {port}",
                f"{unit}- {port}",
                f"{port} {unit}",
                f"{port} #{unit}",
                port.upper(),
                port.lower(),
            ]
        )
    )


@given(st.data(), st.sampled_from(MODELS))
def test_whatever_a_system_adds_a_name_is_its_models_and_no_others(data: st.DataObject, model: str) -> None:
    name = data.draw(decorated(model))
    assert [other for other in MODELS if is_match(other, name)] == [model]


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_is_a_name(pattern: str, name: str) -> None:
    assert is_match(pattern, name) in (True, False)
    parse_name(name)
    assert len(find_pairs([name, name], [name], [pattern], [pattern])) in (0, 1, 2)


@given(st.permutations(range(4)), st.permutations(range(4)))
def test_units_keep_their_outputs_in_any_order(inputs: list[int], outputs: list[int]) -> None:
    def name(unit: int) -> str:
        return f"X-Touch:X-Touch MIDI 1 {20 + 4 * unit}:0"

    found = pairs([name(unit) for unit in inputs], [name(unit) for unit in outputs], "X-Touch")
    assert [pair.input for pair in found] == [pair.output for pair in found] == [name(unit) for unit in inputs]
