"""Mapping fuzz target: controllers' mapping files, checked, with every message that they could send read by mido."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import mido

from bridge.control.sidecar import make_sidecar_registry
from bridge.controllers.mappings.input_decoder import InputDecoder
from bridge.controllers.mappings.mapping import Feedback, Led, Mapping, SetControl
from bridge.controllers.mappings.mapping_reader import read_mapping
from bridge.controllers.mappings.message_specs import format_message_spec, parse_message_specs
from bridge.controllers.mappings.scaling import to_position, to_value
from tests.fuzz.target import Target

REGISTRY = make_sidecar_registry({})
ENGINES = ("accompaniment.", "mir.tempo.", "synth.")
"""Names that belong to an engine which is off here."""
EVERY_KEY = b"""schema = 1
name = "everything"
source = "none"
layers = ["a", "b"]
[device]
input.linux = ["Words 1"]
output.macos = ["Words 2"]
unit = 20
channel = 2
strips = 8
init = ["F0 00 20 {unit} 01 F7"]
init_expect = "F0 00 ?? {unit}"
exit = ["B0 00 00"]
keepalive = { send = "90 00 00", every_s = 2.0 }
pacing = { gap_ms = 1, burst = 20, pause_ms = 5 }
[[strip]]
name = "Drums"
fader = "stems.drums.gain_db"
mute = "stems.drums.mute"
meter = "meters[drums].peak_db"
colour = 3
[[input]]
midi = "cc14 0-3 ch 9"
encoder = "absolute"
set = ["stems.vocals.gain_db", "stems.drums.gain_db", "stems.bass.gain_db", "stems.other.gain_db"]
range = [6, -60]
curve = "square"
pickup = true
led = { value = "{0xE0+i} {lsb} {msb}", to = [0, 16383] }
[[input]]
midi = "bend ch 1-8"
encoder = "absolute"
strip = 1
function = "fader"
[[input]]
midi = "note 104-111"
button = "momentary"
touch = true
strip = 1
function = "fader"
[[input]]
midi = "cc 16,20"
encoder = "sign_bit"
set = "latency.mir.reserve_frames"
step = 16
layer = "a"
led = { value = "B0 {n+32} {0x10+v}", to = [1, 11] }
[[input]]
midi = "note 8-9"
button = "latched"
set = "mir.beat.source"
value = ["mix", "drums"]
layer = "b"
led = { on = "90 {n} 7F", off = "90 {n} {c}", resend_on_release = true }
[[input]]
midi = "program 1-2"
button = "toggle"
action = ["preset.load", "transport.panic"]
argument = ["karaoke", ""]
[[input]]
midi = "nrpn 130 ch 3"
button = "momentary"
hold_layer = "b"
[[input]]
midi = "channel pressure"
button = "momentary"
bank = -8
[[feedback]]
source = "mir.beat"
on = "90 10 01"
off = "90 10 00"
downbeat = "90 10 7F"
flash_ms = 60
[[feedback]]
strip = 1
function = "name"
count = 8
value = "F0 00 00 66 {unit} 12 {i*7} {text:7} F7"
[[feedback]]
source = ["meters[drums].peak_db", "meters[bass].peak_db"]
value = "D0 {i*16+v}"
range = [-60, 0]
to = [0, 12]
every_ms = 33
repeat_ms = 100
[[feedback]]
source = "mir.chord.source = mix"
on = "90 11 {colour}"
off = "90 11 00"
[[warning]]
midi = "F0 47 7F ?? 62"
unless = "F0 47 7F 4F 62 00 F7"
text = "press Session"
"""


def read(data: bytes, folder: Path) -> None:
    path = folder / "x.toml"
    path.write_bytes(data)
    mapping = read_mapping(path, REGISTRY, lambda name: name.startswith(ENGINES))
    check_output(mapping)
    for one in mapping.inputs:
        assert parse_message_specs(format_message_spec(one.message), 16) == (one.message,)
        if isinstance(one.target, SetControl):
            control, low, high, curve = one.target.control, one.target.low, one.target.high, one.target.curve
            value = to_value(0.4, low, high, curve, control)
            assert control.clamp(value) == value
            assert 0 <= to_position(control.default, low, high, curve, control) <= 1
    decoder = InputDecoder(one.message for one in mapping.inputs)
    for status in range(0x80, 0xF0):
        for message, _ in decoder.decode(bytes([status, 16, 5])):
            assert any(message == one.message for one in mapping.inputs)


def check_output(mapping: Mapping) -> None:
    """Every message that the mapping can send is one, by mido's reading."""
    for message in (*mapping.init, *mapping.exit, *filter(None, [mapping.keepalive])):
        mido.Message.from_bytes(message)
    for shown in mapping.feedback:
        check_light(shown)
    for one in mapping.inputs:
        if one.led is not None:
            check_light(one.led)


def check_light(light: Feedback | Led) -> None:
    low, high = sorted(light.to)
    for template in (light.on, light.off, light.value, light.downbeat if isinstance(light, Feedback) else None):
        if template is None:
            continue
        for v in range(low, high + 1, max(1, (high - low) // 300)):
            mido.Message.from_bytes(template.render(v, "Höhe 7", v % 8))


def make_seeds() -> Iterator[bytes]:
    yield EVERY_KEY
    for entry in sorted(resources.files("mappings").iterdir(), key=lambda entry: entry.name):
        if entry.name in ("korg_nanokontrol2.toml", "akai_apc_mini_mk2.toml"):
            yield entry.read_bytes()


TARGET = Target(
    "mapping",
    read,
    make_seeds,
    tokens=(
        b"[[input]]\n", b"[[feedback]]\n", b'midi = "cc 4"\n', b"cc14 ", b"nrpn ", b"bend ch 1-8", b"program", b"note ",
        b"key pressure ", b"channel pressure", b" ch ", b"0-127", b"-", b",", b"{v}", b"{msb}", b"{lsb}", b"{text:7}",
        b"{i*16+v}", b"{n}", b"{c}", b"{unit}", b"{colour}", b"{", b"}", b"*", b"+", b"??", b"F0", b"F7", b"80", b"FF",
        b'encoder = "absolute"\n', b'button = "momentary"\n', b'layer = "a"\n', b"range = [0, 127]\n",
        b"to = [0, 16383]",
        b"led = {", b"[drums]", b" = ", b"nan", b"inf", b"-1", b"1e309", b"true", b"stems.drums.mute", b"mir.beat",
    ),
    modules=tuple(
        f"bridge.controllers.mappings.{name}"
        for name in (
            "mapping_reader", "mapping_inputs", "mapping_feedback", "mapping_entry", "message_specs",
            "message_template", "input_decoder", "scaling",
        )
    ),
    mutations=300,
)  # fmt: skip
