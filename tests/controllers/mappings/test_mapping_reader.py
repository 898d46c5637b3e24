"""Mapping files: what each key becomes, and that whatever is wrong is refused with the entry and the fix."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.control.registry import Registry
from bridge.control.sidecar import make_sidecar_registry
from bridge.controllers.mappings.mapping import (
    ControlField,
    Mapping,
    MessageKind,
    MessageSpec,
    ModeWarning,
    MoveBank,
    ReadingField,
    SelectLayer,
    SetControl,
    SetStrip,
    StripField,
    Touch,
    TriggerAction,
)
from bridge.controllers.mappings.mapping_file import MappingFile
from bridge.controllers.mappings.mapping_reader import check_mapping, read_mapping
from bridge.controllers.mappings.strips import make_strips
from bridge.core.control import Control
from bridge.errors import BridgeError, ConfigError
from tests.fuzz.targets.mapping import EVERY_KEY, check_output

STYLE = Control("band.style", 0, 2, 0, kind="choice", choices=("rock", "funk", "jazz"))
CUTOFF = Control("synth.cutoff_hz", 20, 20000, 1000, kind="log")
REGISTRY = make_sidecar_registry({"band": [STYLE, CUTOFF]})
HEAD = """schema = 1
name = "device"
layers = ["one", "two"]
[device]
input.linux = ["Device MIDI 1"]
strips = 8
unit = 20
"""
FADER = '[[input]]\nmidi = "cc 7"\nencoder = "absolute"\nset = "stems.vocals.gain_db"\n'
BUTTON = '[[input]]\nmidi = "note 1"\nbutton = "momentary"\n'


def read(folder: Path, text: str, registry: Registry = REGISTRY) -> Mapping:
    path = folder / "device.toml"
    path.write_text(text, encoding="utf-8")
    return read_mapping(path, registry)


def vocals() -> Control:
    return REGISTRY.get_control("stems.vocals.gain_db")


def test_an_entry_of_several_messages_becomes_as_many_inputs(tmp_path: Path) -> None:
    mapping = read(
        tmp_path,
        HEAD + '[[input]]\nmidi = "cc 7-8 ch 3"\nencoder = "absolute"\nlayer = "two"\ndoc = "faders"\n'
        'set = ["stems.vocals.gain_db", "stems.drums.gain_db"]\nrange = [-60, 0]\n'
        'led = { value = "B0 {n} {v}", to = [1, 11] }\n'
        '[[input]]\nmidi = "note 36-38"\nbutton = "momentary"\nset = "band.style"\nvalue = ["rock", "funk", 2]\n',
    )  # fmt: skip
    first, second, *pads = mapping.inputs
    assert [one.entry for one in mapping.inputs] == [1, 1, 2, 2, 2]
    assert first.message == MessageSpec(MessageKind.CC, 2, 7) and second.message == MessageSpec(MessageKind.CC, 2, 8)
    assert isinstance(second.target, SetControl)
    assert (second.target.control.name, second.target.low, second.target.high) == ("stems.drums.gain_db", -60, 0)
    assert (second.layer, second.doc) == ("two", "faders")
    assert second.led is not None and second.led.value is not None
    assert second.led.value.render(9) == bytes([0xB0, 8, 9]) and second.led.to == (1, 11)
    assert [pad.target.value for pad in pads if isinstance(pad.target, SetControl)] == [0, 1, 2]


def test_the_messages_of_a_light_have_the_index_number_and_channel_of_their_input(tmp_path: Path) -> None:
    mapping = read(
        tmp_path,
        HEAD + '[[input]]\nmidi = "note 36-37 ch 10"\nbutton = "latched"\nset = "stems.bass.mute"\n'
        'led = { on = "{0x90+c} {n} {i+1}", off = "{0x80+c} {n} {unit}" }\n'
        '[[feedback]]\nsource = ["stems.bass.gain_db", "stems.drums.gain_db"]\nvalue = "B0 {0x30+i} {v}"\n',
    )  # fmt: skip
    leds = [one.led for one in mapping.inputs if one.led is not None]
    assert [led.on.render().hex() for led in leds if led.on is not None] == ["992401", "992502"]
    assert [led.off.render().hex() for led in leds if led.off is not None] == ["892414", "892514"]
    assert [one.value.render(5).hex() for one in mapping.feedback if one.value is not None] == ["b03005", "b03105"]


def test_strips_count_up_from_the_first_one_and_from_0(tmp_path: Path) -> None:
    mapping = read(
        tmp_path,
        HEAD + '[[input]]\nmidi = "bend ch 1-3"\nencoder = "absolute"\nstrip = 4\nfunction = "fader"\n'
        '[[input]]\nmidi = "note 104-106"\nbutton = "momentary"\ntouch = true\nstrip = 4\nfunction = "fader"\n'
        '[[feedback]]\nstrip = 4\nfunction = "name"\ncount = 3\n'
        'value = "F0 00 00 66 {unit} 12 {i*7} {text:7} F7"\n',
    )  # fmt: skip
    faders, touches = mapping.inputs[:3], mapping.inputs[3:]
    assert [one.target for one in faders] == [SetStrip(strip, "fader", pickup=True) for strip in (3, 4, 5)]
    assert [one.target for one in touches] == [Touch(SetStrip(strip, "fader")) for strip in (3, 4, 5)]
    assert [one.source for one in mapping.feedback] == [StripField(strip, "name") for strip in (3, 4, 5)]
    assert mapping.feedback[2].value is not None
    assert mapping.feedback[2].value.render(text="Bass") == b"\xf0\x00\x00\x66\x14\x12\x0eBass   \xf7"


def test_buttons_do_what_they_say(tmp_path: Path) -> None:
    does = [
        'action = "transport.panic"', 'action = "preset.load"\nargument = "karaoke"', 'select_layer = "two"',
        'hold_layer = "one"', "bank = -8", 'set = "stems.vocals.mute"', 'set = "stems.vocals.gain_db"\nstep = -3',
    ]  # fmt: skip
    text = "".join(f'[[input]]\nmidi = "note {n}"\nbutton = "latched"\n{one}\n' for n, one in enumerate(does))
    assert [one.target for one in read(tmp_path, HEAD + text).inputs] == [
        TriggerAction("transport.panic"),
        TriggerAction("preset.load", "karaoke"),
        SelectLayer("two"),
        SelectLayer("one", held=True),
        MoveBank(-8),
        SetControl(REGISTRY.get_control("stems.vocals.mute"), 0, 1),
        SetControl(vocals(), -60, 12, step=-3),
    ]


@pytest.mark.parametrize(
    ("device", "entry", "message", "picks_up"),
    [
        ("", "", "cc 7", True),
        ("pickup = false\n", "", "cc 7", False),
        ("pickup = false\n", "pickup = true\n", "cc 7", True),
        ("", "pickup = false\n", "cc 7", False),
        ("", "", "channel pressure", False),
        ("", "pickup = true\n", "channel pressure", True),
    ],
)
def test_pickup_is_the_entrys_or_else_the_devices_for_what_has_a_position(
    tmp_path: Path, device: str, entry: str, message: str, picks_up: bool
) -> None:
    mapping = read(tmp_path, HEAD + device + FADER.replace("cc 7", message) + entry)
    assert mapping.inputs[0].target == SetControl(vocals(), -60, 12, pickup=picks_up)


def test_sources_are_controls_choices_and_fields_of_readings(tmp_path: Path) -> None:
    numbers = 'value = "B0 00 {v}"\nrange = [-60, 0]\n'
    entries = {
        "stems.vocals.gain_db": numbers,
        "band.style = funk": 'on = "90 00 7F"\noff = "90 00 00"\n',
        "mir.beat": 'on = "90 00 01"\noff = "90 00 00"\ndownbeat = "90 00 7F"\nflash_ms = 50\n',
        "mir.chord.label": 'value = "F0 00 {text} F7"\n',
        "meters[drums].peak_db": numbers + "every_ms = 33\nrepeat_ms = 100\n",
        "counters.late_frames": numbers,
    }
    text = "".join(f'[[feedback]]\nsource = "{source}"\n{rest}' for source, rest in entries.items())
    mapping = read(tmp_path, HEAD + text)
    assert [one.source for one in mapping.feedback] == [
        ControlField(vocals()),
        ControlField(STYLE, 1),
        ReadingField("mir.beat", 1),
        ReadingField("mir.chord", 1),
        ReadingField("meters", 1, "drums"),
        ReadingField("counters", 5),
    ]
    meter, beat = mapping.feedback[4], mapping.feedback[2]
    assert (meter.low, meter.high, meter.every_s, meter.repeat_s) == (-60, 0, 0.033, 0.1)
    assert beat.flash_s == 0.05


def test_the_devices_messages_are_whole_and_patterns_have_gaps(tmp_path: Path) -> None:
    device = (
        'init = ["F0 00 20 {unit} 01 F7", "B0 00 7F"]\nexit = ["90 0C 00"]\ninit_expect = "F0 00 ?? {unit}"\n'
        'keepalive = { send = "A0 00 00", every_s = 1 }\n'
        '[[warning]]\nmidi = "F0 47 ??"\nunless = "F0 47 00"\ntext = "press Session"\n'
    )
    mapping = read(tmp_path, HEAD + device)
    assert mapping.init == (bytes.fromhex("F0 00 20 14 01 F7"), bytes.fromhex("B0 00 7F"))
    assert (mapping.exit, mapping.keepalive) == ((bytes.fromhex("90 0C 00"),), bytes.fromhex("A0 00 00"))
    assert mapping.init_expect == (0xF0, 0, None, 20)
    assert mapping.warnings == (ModeWarning((0xF0, 0x47, None), "press Session", (0xF0, 0x47, 0)),)


def test_strips_are_the_files_or_else_the_usual_ones(tmp_path: Path) -> None:
    assert read(tmp_path, HEAD).strips == make_strips(REGISTRY)
    (strip,) = read(
        tmp_path,
        HEAD + '[[strip]]\nname = "Voice"\nfader = "stems.vocals.gain_db"\nmute = "stems.vocals.mute"\n'
        'meter = "meters[vocals].rms_db"\ncolour = 3\n',
    ).strips  # fmt: skip
    assert (strip.name, strip.colour) == ("Voice", 3)
    assert {function: control.name for function, control in strip.controls.items()} == {
        "fader": "stems.vocals.gain_db",
        "mute": "stems.vocals.mute",
    }
    assert strip.meter == ReadingField("meters", 2, "vocals")


def test_what_belongs_to_an_engine_that_is_off_is_left_out_and_listed(tmp_path: Path) -> None:
    text = (
        HEAD + '[[input]]\nmidi = "cc 1-3"\nencoder = "absolute"\n'
        'set = ["off.a", "stems.vocals.gain_db", "off.b"]\nled = { value = "B0 {n} {v}" }\n'
        + BUTTON
        + 'action = "off.fill"\n[[feedback]]\nsource = "off.level"\nvalue = "B0 00 {v}"\n'
        '[[strip]]\nname = "Voice"\nfader = "off.a"\nmute = "stems.vocals.mute"\n'
    )
    path = tmp_path / "device.toml"
    path.write_text(text)
    mapping = read_mapping(path, REGISTRY, lambda name: name.startswith("off."))
    assert [one.message.number for one in mapping.inputs] == [2]
    led = mapping.inputs[0].led
    assert led is not None and led.value is not None and led.value.render(5) == bytes([0xB0, 2, 5])
    assert mapping.feedback == () and list(mapping.strips[0].controls) == ["mute"]
    assert mapping.inactive == ("off.a", "off.b", "off.fill", "off.level")
    with pytest.raises(ConfigError, match=r"input 1 \(cc 1-3\): set: no control is named off.a"):
        read_mapping(path, REGISTRY)
    path.write_text(HEAD + FADER.replace("stems.vocals.gain_db", "transport.panic"))
    with pytest.raises(ConfigError, match="panic is not a control"):
        read_mapping(path, REGISTRY, lambda _: True)


def test_reading_leaves_everything_as_it_was(tmp_path: Path) -> None:
    """A broken file has no effect on what was read before."""
    good = read(tmp_path, HEAD + FADER)
    with pytest.raises(ConfigError):
        read(tmp_path, HEAD + FADER + FADER)
    assert read(tmp_path, HEAD + FADER) == good


def list_leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return [path, *(leaf for key, inner in items for leaf in list_leaves(inner, (*path, key)))]
    return [path]


TABLE = tomllib.loads(EVERY_KEY.decode())
LEAVES = [path for path in list_leaves(TABLE) if path]
WORDS = (
    "", "cc 1", "cc14 0-7", "nrpn 5", "note 3 ch 2", "program", "bend", "stems.drums.mute", "mir.beat", "a", "absolute",
    "meters[x].rms_db", "90 {v} {v}", "B0 {n} {msb}", "{0xE0+i} {lsb} {msb}", "F0 {text:3} {colour} F7", "C0 {v*2}",
    "momentary", "latched", "inc_dec", "log", "fader", "knob", "mute", "meter", "preset.load", "F0 ?? F7", "mix",
)  # fmt: skip
values = st.one_of(
    st.sampled_from(WORDS), st.integers(-2, 130), st.sampled_from([0.5, -60.0, 16383, float("nan"), float("inf")]),
    st.booleans(), st.sampled_from([["a"], [0, 127], [0, 16383], [1, 0], ["stems.bass.mute"] * 8, {}]),
)  # fmt: skip


@given(edits=st.lists(st.tuples(st.sampled_from(LEAVES), values, st.booleans()), max_size=3))
@settings(max_examples=300, deadline=None)
def test_a_file_with_any_values_changed_is_refused_or_sends_midi_alone(
    edits: list[tuple[tuple[Any, ...], object, bool]],
) -> None:
    table = tomllib.loads(EVERY_KEY.decode())
    for path, value, remove in edits:
        place = table
        try:
            for key in path[:-1]:
                place = place[key]
            if remove:
                del place[path[-1]]
            else:
                place[path[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue  # an earlier edit took it away
    try:
        mapping = check_mapping(msgspec.convert(table, MappingFile), "x", make_sidecar_registry({}))
    except (msgspec.ValidationError, BridgeError):
        return
    check_output(mapping)
