"""Contract of shipped mappings: what each file must have, whatever the device."""

from __future__ import annotations

import re

import pytest

from bridge.controllers.mappings.mapping import (
    Input,
    Mapping,
    MoveBank,
    SelectLayer,
    SetControl,
    SetStrip,
    Strip,
    Touch,
    TriggerAction,
)
from bridge.controllers.mappings.message_template import MessageTemplate, check_message
from bridge.controllers.mappings.strips import make_strips
from tests.mappings.shipped import FOLDER, NAMES, read_shipped, registry, shipped_file

ISSUED = {
    "korg_nanokontrol2",
    "novation_launch_control_xl",
    "novation_launch_control_xl_3",
    "akai_apc_mini_mk2",
    "akai_midi_mix",
    "novation_launchpad_x",
    "novation_launchpad_mini_mk3",
    "akai_mpk_mini_mk3",
    "novation_launchkey_mk3",
    "novation_launchkey_mk4",
    "novation_launchkey_mini_mk4",
    "arturia_minilab_3",
    "presonus_faderport_2",
    "presonus_faderport_8",
    "behringer_x_touch",
    "behringer_x_touch_extender",
    "mackie_control_universal",
}
STEMS = ("drums", "bass", "vocals", "other")
PARTS = ("drums", "bass", "keys", "pad", "guitar")
SOURCE = re.compile(r"github\.com/[\w.-]+/[\w.-]+ [\w ./()-]+@[0-9a-f]{7,40}|github\.com/[\w.-]+/[\w.-]+/issues/\d+.*")
RELATIVE = ("twos_complement", "sign_bit", "sign_bit_inverted", "offset_64", "inc_dec")

each = pytest.mark.parametrize("name", NAMES)
each_whole = pytest.mark.parametrize("name", [name for name in NAMES if shipped_file(name).device.first_strip == 1])
"""Without extenders, beside which the main unit has what is not a strip."""


def strips(mapping: Mapping) -> tuple[Strip, ...]:
    return mapping.strips or make_strips(registry())


def controls_of(mapping: Mapping, item: Input) -> set[str]:
    """The controls that ``item`` sets, in any position of the bank."""
    if isinstance(item.target, SetControl):
        return {item.target.control.name}
    if not isinstance(item.target, SetStrip):
        return set()
    found, function, there = item.target.strip, item.target.function, strips(mapping)
    moves = any(isinstance(other.target, MoveBank) for other in mapping.inputs)
    reached = there if moves else there[found : found + 1]
    return {strip.controls[function].name for strip in reached if function in strip.controls}


def all_controls(mapping: Mapping) -> set[str]:
    return set().union(*(controls_of(mapping, item) for item in mapping.inputs))


def actions(mapping: Mapping) -> set[tuple[str, str]]:
    targets = [item.target for item in mapping.inputs]
    return {(target.action, target.argument) for target in targets if isinstance(target, TriggerAction)}


def test_the_list_of_the_shipped_is_whole() -> None:
    assert set(NAMES) >= ISSUED


@each
def test_it_reads_with_the_controls_of_a_usual_sidecar_and_leaves_nothing_out(name: str) -> None:
    mapping = read_shipped(name)
    assert mapping.inputs
    assert mapping.inactive == ()


@each
def test_it_says_what_it_is_where_it_is_from_and_that_it_was_not_tried(name: str) -> None:
    mapping = read_shipped(name)
    assert mapping.verified == "docs"
    assert mapping.doc.endswith(".")
    assert SOURCE.search(mapping.source), mapping.source


@each
def test_its_file_begins_with_a_comment_for_the_reader(name: str) -> None:
    assert (FOLDER / f"{name}.toml").read_text(encoding="utf-8").startswith("# ")


@each
def test_no_message_has_two_meanings_at_once(name: str) -> None:
    seen: dict[object, set[str]] = {}
    for item in read_shipped(name).inputs:
        layers = seen.setdefault(item.message, set())
        assert item.layer not in layers
        assert not (layers and ("" in layers or item.layer == "")), item
        layers.add(item.layer)


@each
def test_each_encoder_and_button_has_its_kind_in_the_file(name: str) -> None:
    for table in shipped_file(name).input:
        assert (table.encoder is None) != (table.button is None)
    kinds = {item.kind for item in read_shipped(name).inputs}
    assert kinds <= {"absolute", *RELATIVE, "momentary", "latched", "toggle"}


@each
def test_a_fader_that_cannot_be_moved_takes_over_softly(name: str) -> None:
    mapping = read_shipped(name)
    for item in mapping.inputs:
        if item.kind == "absolute" and isinstance(item.target, SetControl | SetStrip):
            has_motor = item.led is not None and item.led.value is not None
            assert item.target.pickup != has_motor, item


@each
def test_a_motor_has_a_touch(name: str) -> None:
    mapping = read_shipped(name)
    touched = {item.target.of.strip for item in mapping.inputs if isinstance(item.target, Touch)
               and isinstance(item.target.of, SetStrip)}  # fmt: skip
    for item in mapping.inputs:
        if item.kind == "absolute" and item.led is not None and isinstance(item.target, SetStrip):
            assert item.target.strip in touched


def rendered(template: MessageTemplate | None, to: tuple[int, int]) -> list[bytes]:
    return [] if template is None else [template.render(v, "Verse♭", colour) for v in {*to} for colour in (0, 7)]


@each
def test_every_light_and_display_gets_whole_midi_messages(name: str) -> None:
    mapping = read_shipped(name)
    leds = [item.led for item in mapping.inputs if item.led is not None]
    messages = [m for led in leds for t in (led.on, led.off, led.value) for m in rendered(t, led.to)]
    messages += [
        message
        for entry in mapping.feedback
        for template in (entry.on, entry.off, entry.downbeat, entry.value)
        for message in rendered(template, entry.to)
    ]
    for message in [*messages, *mapping.init, *mapping.exit, *filter(None, [mapping.keepalive])]:
        check_message(message, name)


@each
def test_a_light_that_is_on_looks_other_than_one_that_is_off(name: str) -> None:
    for item in read_shipped(name).inputs:
        if item.led is not None and item.led.on is not None and item.led.off is not None:
            assert item.led.on.render() != item.led.off.render()


@each
def test_what_it_sets_up_it_undoes(name: str) -> None:
    mapping = read_shipped(name)
    lights = any(item.led for item in mapping.inputs) or mapping.feedback
    assert bool(mapping.exit) == bool(mapping.init or lights)


@each_whole
def test_all_stems_have_gain_mute_and_solo(name: str) -> None:
    reached = all_controls(read_shipped(name))
    for stem in STEMS:
        for function in ("gain_db", "mute", "solo"):
            assert f"stems.{stem}.{function}" in reached


@each_whole
def test_style_section_intensity_density_and_swing_are_there(name: str) -> None:
    reached = all_controls(read_shipped(name))
    for control in ("style", "section", "intensity", "density", "swing"):
        assert f"accompaniment.band.{control}" in reached
    assert "synth.gain_db" in reached


@each_whole
def test_part_mutes_drop_out_and_fill_are_there(name: str) -> None:
    reached = all_controls(read_shipped(name))
    assert {f"accompaniment.band.{part}.mute" for part in PARTS} <= reached
    assert {"accompaniment.band.dropout", "accompaniment.band.fill"} <= reached


@each
def test_drop_out_and_fill_last_while_the_key_is_down(name: str) -> None:
    mapping = read_shipped(name)
    for item in mapping.inputs:
        if controls_of(mapping, item) & {"accompaniment.band.dropout", "accompaniment.band.fill"}:
            assert item.kind == "momentary"


@each_whole
def test_panic_is_there_without_a_layer_or_in_the_first_one(name: str) -> None:
    mapping = read_shipped(name)
    panics = [
        item
        for item in mapping.inputs
        if isinstance(item.target, TriggerAction) and item.target.action == "transport.panic"
    ]
    assert panics
    assert all(item.layer in ("", *mapping.layers[:1]) for item in panics)


@each_whole
def test_the_shipped_presets_are_there(name: str) -> None:
    assert {("preset.load", preset) for preset in ("karaoke", "drumless", "rehearsal")} <= actions(read_shipped(name))


@each
def test_each_layer_can_be_reached_and_is_used(name: str) -> None:
    mapping = read_shipped(name)
    reached = {item.target.layer for item in mapping.inputs if isinstance(item.target, SelectLayer)}
    assert set(mapping.layers[1:]) <= reached
    used = {item.layer for item in mapping.inputs} | {entry.layer for entry in mapping.feedback}
    assert used - {""} <= set(mapping.layers) <= used


@each
def test_a_layers_key_works_in_every_layer(name: str) -> None:
    assert all(item.layer == "" for item in read_shipped(name).inputs if isinstance(item.target, SelectLayer))


@each
def test_each_port_is_named_for_each_system(name: str) -> None:
    device = read_shipped(name).device
    for ports in filter(None, (device.input, device.output)):
        assert ports.linux and ports.macos and ports.windows


@each
def test_each_input_has_its_place_on_the_picture(name: str) -> None:
    for table in shipped_file(name).input:
        assert table.doc
        if not table.touch:
            assert table.at is not None and table.shape
