"""Mapping editor: what is learned is in the file, what a user wrote there stays, and undo restores every byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.control.sidecar import make_sidecar_registry
from bridge.controllers.learning.kind_detection import Detection
from bridge.controllers.learning.learn import LearnedBinding
from bridge.controllers.learning.learn_target import make_entry, parse_target
from bridge.controllers.learning.mapping_editor import LearnDevice, MappingEditor
from bridge.controllers.mappings.mapping import MessageKind
from bridge.controllers.mappings.mapping_lookup import list_mappings
from bridge.controllers.mappings.mapping_reader import read_mapping
from bridge.controllers.mappings.message_specs import parse_message_specs
from bridge.controllers.ports.port_names import get_system, is_match
from bridge.core.control import Control
from bridge.errors import ConfigError
from tests.controllers.learning.learned_mapping import BOX, MUTE, REGISTRY, VOCALS, describe, learn, make_device


def test_an_unknown_device_gets_a_file_with_the_words_of_its_ports(folder: Path, editor: MappingEditor) -> None:
    path = editor.add(learn("cc 79 ch 9"), make_device(output="Fader box MIDI 1 24:0"))
    assert path == folder / "fader_box.toml"
    mapping = read_mapping(path, REGISTRY)
    assert mapping.name == "Fader box"
    assert describe(path) == {"cc 79 ch 9": VOCALS}
    patterns = {s: getattr(mapping.device.input, s) for s in ("linux", "macos", "windows")}
    assert {system for system, given in patterns.items() if given} == {get_system()}
    assert is_match(patterns[get_system()][0], "Midi-Bridge:Fader box:[0] Fader box MIDI 1")
    assert mapping.device.output is None


def test_an_output_with_other_words_is_in_the_file(folder: Path, editor: MappingEditor) -> None:
    path = editor.add(learn("cc 79"), make_device(port="Pad Keys", output="Pad Lights"))
    device = read_mapping(path, REGISTRY).device
    assert device.output is not None
    assert is_match(getattr(device.output, get_system())[0], "Pad Lights")
    assert not is_match(getattr(device.output, get_system())[0], "Pad Keys")


def test_a_second_binding_goes_into_the_file_of_the_first(folder: Path, editor: MappingEditor) -> None:
    path = editor.add(learn("cc 79 ch 9"), make_device())
    before_reload = editor.add(learn("cc 80 ch 9", MUTE, button="latched"), make_device())
    after_reload = editor.add(learn("cc 81 ch 9", "stems.drums.gain_db"), make_device(path))
    assert {path, before_reload, after_reload} == {path}
    assert list(describe(path)) == ["cc 79 ch 9", "cc 80 ch 9", "cc 81 ch 9"]


def test_another_device_of_the_same_name_gets_another_file(box: Path, editor: MappingEditor) -> None:
    assert editor.add(learn("cc 79"), make_device()).name == "fader_box_2.toml"
    assert box.read_text() == BOX


def test_a_free_message_is_added_behind_the_inputs_and_nothing_else_changes(box: Path, editor: MappingEditor) -> None:
    editor.add(learn("cc 79 ch 9"), make_device(box))
    new = box.read_text()
    added = '\n[[input]]\nmidi = "cc 79 ch 9"\nencoder = "absolute"\nset = "stems.vocals.gain_db"\npickup = true\n'
    assert added in new
    assert new.replace(added, "") == BOX


def test_a_fader_among_several_that_set_controls_gets_its_new_name_in_their_list(
    box: Path, editor: MappingEditor
) -> None:
    editor.add(learn("cc 1"), make_device(box))
    assert box.read_text() == BOX.replace("stems.bass.gain_db", VOCALS)


def test_a_knob_among_strips_is_taken_out_and_the_others_stay_on_their_strips(box: Path, editor: MappingEditor) -> None:
    before = describe(box)
    editor.add(learn("cc 17"), make_device(box))
    assert describe(box) == {**before, "cc 17 ch 1": VOCALS}
    assert [line for line in BOX.splitlines() if line.startswith("#")] == [
        line for line in box.read_text().splitlines() if line.startswith("#")
    ]


def test_a_pad_keeps_its_light_and_the_lights_of_the_others_stay(box: Path, editor: MappingEditor) -> None:
    before = describe(box)
    editor.add(learn("note 38 ch 10", MUTE, button="latched"), make_device(box))
    assert describe(box) == {**before, "note 38 ch 10": f"{MUTE} 99 26 21"}


def test_a_light_that_does_not_suit_what_was_learned_is_left_out(box: Path, editor: MappingEditor) -> None:
    [light] = [line for line in BOX.splitlines() if line.startswith("led")]
    box.write_text(BOX.replace(light, 'led = { value = "99 {n} {v}" }'))
    editor.add(learn("note 36 ch 10", "transport.panic", button="momentary"), make_device(box))
    first, second, *_ = [one for one in read_mapping(box, REGISTRY).inputs if one.message.kind is MessageKind.NOTE]
    assert first.led is None
    assert second.led is not None


def test_a_14_bit_fader_takes_both_of_its_controllers_from_others(box: Path, editor: MappingEditor) -> None:
    box.write_text(BOX.replace('midi = "cc 16-19"', 'midi = "cc 32-35"'))
    before = describe(box)
    editor.add(learn("cc14 1,33"), make_device(box))
    del before["cc 1 ch 1"], before["cc 33 ch 1"]
    assert describe(box) == {**before, "cc14 1,33 ch 1": VOCALS}


@pytest.mark.parametrize(("target", "line"), [("comp.style", "step = 1"), (f"{VOCALS} -6", "value = -6")])
def test_whole_numbers_are_written_without_a_fraction(editor: MappingEditor, target: str, line: str) -> None:
    style = Control("comp.style", 0, 2, 0, kind="choice", choices=("straight", "swing", "funk"), doc="Feel.")
    registry = make_sidecar_registry({"comp": [style]})
    wanted = parse_target(registry, target)
    entry = make_entry(wanted, "note 36 ch 10", Detection(button="momentary", presses=1))
    [spec] = parse_message_specs("note 36 ch 10", 0)
    path = MappingEditor(registry).add(LearnedBinding("Box", spec, wanted, entry), make_device())
    assert line in path.read_text().splitlines()
    assert len(read_mapping(path, registry).inputs) == 1


def test_a_file_with_an_error_is_not_touched(box: Path, editor: MappingEditor) -> None:
    device = make_device(box)
    broken = BOX.replace("stems.drums.gain_db", "stems.drum.gain_db")
    box.write_text(broken)
    with pytest.raises(ConfigError, match=r"fader_box.toml: input 1 .*stems.drum.gain_db"):
        editor.add(learn("cc 79"), device)
    with pytest.raises(ConfigError, match=r"fader_box.toml"):
        editor.remove("stems.bass.gain_db", device)
    assert box.read_text() == broken


def test_windows_line_ends_and_a_byte_order_mark_stay(box: Path, editor: MappingEditor) -> None:
    box.write_bytes(b"\xef\xbb\xbf" + BOX.replace("\n", "\r\n").encode())
    editor.add(learn("cc 79"), make_device(box))
    editor.add(learn("cc 18"), make_device(box))
    new = box.read_bytes()
    assert new.startswith(b"\xef\xbb\xbfschema")
    assert new.count(b"\n") == new.count(b"\r\n")


def test_a_shipped_mapping_is_copied_with_its_comments(folder: Path, editor: MappingEditor) -> None:
    entry = next(one for one in list_mappings() if one.origin == "shipped" and not one.problem)
    text = entry.path.read_text(encoding="utf-8")
    mapping = read_mapping(entry.path, REGISTRY, lambda name: True)
    editor = MappingEditor(REGISTRY, lambda name: True)
    path = editor.add(learn("cc 119 ch 16"), LearnDevice("it", "port", "", mapping))
    assert path == folder / f"{entry.name}.toml"
    new = path.read_text()
    assert new.startswith("# A copy of the shipped mapping")
    assert [line for line in text.splitlines() if "#" in line] == [line for line in new.splitlines()[1:] if "#" in line]
    assert describe_spec(path, "cc 119 ch 16") == VOCALS
    editor.undo()
    assert list(folder.iterdir()) == []


def describe_spec(path: Path, midi: str) -> str:
    [spec] = parse_message_specs(midi, 1)
    mapping = read_mapping(path, REGISTRY, lambda name: True)
    [found] = [one for one in mapping.inputs if one.message == spec]
    return found.target.control.name  # type: ignore[union-attr]


def test_a_control_is_removed_from_a_list_and_the_others_stay(box: Path, editor: MappingEditor) -> None:
    before = describe(box)
    editor.remove("stems.drums.gain_db", make_device(box))
    del before["cc 0 ch 1"]
    assert describe(box) == before
    editor.remove("stems.bass.gain_db", make_device(box))
    del before["cc 1 ch 1"]
    assert describe(box) == before
    comments = {"# --- faders ---", "# --- knobs ---", "# --- pads ---", "# the end"}
    assert comments <= set(box.read_text().splitlines())
    editor.undo()
    editor.undo()
    assert box.read_text() == BOX


def test_removing_what_nothing_sets_is_refused(box: Path, editor: MappingEditor) -> None:
    with pytest.raises(ConfigError, match="nothing sets"):
        editor.remove(VOCALS, make_device(box))
    assert box.read_text() == BOX


def test_inputs_that_are_not_tables_of_their_own_are_refused_and_stay(box: Path, editor: MappingEditor) -> None:
    text = (
        f'schema = 1\nname = "Box"\ninput = [{{ midi = "cc 1", encoder = "absolute", set = "{VOCALS}" }}]\n'
        f'[device]\ninput.{get_system()} = ["Box"]\n'
    )
    box.write_text(text)
    with pytest.raises(ConfigError, match=r"\[\[input\]\]"):
        editor.add(learn("cc 79"), make_device(box))
    assert box.read_text() == text
