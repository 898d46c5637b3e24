"""Mapping of a fader box, and bindings that are learned for it."""

from __future__ import annotations

from pathlib import Path

from bridge.control.sidecar import make_sidecar_registry
from bridge.controllers.learning.learn import LearnedBinding
from bridge.controllers.learning.learn_target import parse_target
from bridge.controllers.learning.mapping_editor import LearnDevice
from bridge.controllers.mappings.mapping import Mapping
from bridge.controllers.mappings.mapping_file import InputTable
from bridge.controllers.mappings.mapping_reader import read_mapping
from bridge.controllers.mappings.message_specs import format_message_spec, parse_message_specs
from bridge.controllers.ports.port_names import get_system

REGISTRY = make_sidecar_registry({})
VOCALS, MUTE = "stems.vocals.gain_db", "stems.vocals.mute"
BOX = f"""\
schema = 1        # of the file, not of the box
name = "Fader box"

[device]
input.{get_system()} = ["Fader box"] # it is blue
strips = 8

# --- faders ---

[[input]]
# the first two
midi = "cc 0-1"   # left to right
encoder = "absolute"
set = ["stems.drums.gain_db", "stems.bass.gain_db"]

# --- knobs ---

[[input]]
midi = "cc 16-19"
encoder = "absolute"
strip = 1
function = "knob"

# --- pads ---

[[input]]   # lit while muted
midi = "note 36-39 ch 10"
button = "latched"
strip = 1
function = "mute"
led = {{ on = "99 {{n}} {{i*16+1}}", off = "99 {{n}} 00" }}

[[feedback]]
source = "mir.chord.label"
value = "F0 7D {{text:8}} F7"
# the end
"""


def make_device(path: Path | None = None, port: str = "Fader box MIDI 1 24:0", output: str = "") -> LearnDevice:
    return LearnDevice("Fader box", port, output, None if path is None else read_mapping(path, REGISTRY))


def learn(midi: str, target: str = VOCALS, **kind: object) -> LearnedBinding:
    """The binding of ``midi``; an absolute fader, where no ``kind`` is given."""
    fields: dict[str, object] = kind or {"encoder": "absolute", "pickup": True}
    found = parse_target(REGISTRY, target)
    name = {"set": found.item.name} if "." in target and not target.startswith("transport") else {"action": target}
    [spec] = parse_message_specs(midi, 1)
    entry = InputTable(midi=format_message_spec(spec), **name, **fields)  # type: ignore[arg-type]
    return LearnedBinding("Fader box", spec, found, entry)


def describe(path: Path) -> dict[str, str]:
    """What each message does, as a reader of the file sees it."""
    mapping: Mapping = read_mapping(path, REGISTRY)
    shown = {}
    for one in mapping.inputs:
        target = one.target
        name = getattr(getattr(target, "control", None), "name", None) or getattr(target, "action", None)
        light = "" if one.led is None or one.led.on is None else f" {one.led.on.render().hex(' ')}"
        shown[format_message_spec(one.message)] = (
            name or f"{target.function} {target.strip + 1}"  # type: ignore[union-attr]
        ) + light
    return shown
