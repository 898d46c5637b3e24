"""Shipped mappings: inputs of each are learned anew and forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.controllers.learning.kind_detection import Detection
from bridge.controllers.learning.learn import LearnedBinding
from bridge.controllers.learning.learn_target import list_inputs_of, make_entry, parse_target
from bridge.controllers.learning.mapping_editor import LearnDevice, MappingEditor
from bridge.controllers.mappings.mapping_lookup import find_mapping, list_mappings
from bridge.controllers.mappings.mapping_reader import read_mapping
from bridge.controllers.mappings.message_specs import format_message_spec
from bridge.installed_controls import is_known_elsewhere, make_registry
from bridge.settings import Settings
from tests.controllers.learning.learned_mapping import MUTE, VOCALS

SHIPPED = [entry.name for entry in list_mappings() if entry.origin == "shipped"]
TRIED = 4
"""Inputs of each shipped mapping, spread over the file; each takes a fifth of a second."""


@pytest.mark.parametrize("name", SHIPPED)
def test_inputs_of_a_shipped_mapping_are_learned_anew_and_forgotten(folder: Path, name: str) -> None:
    registry = make_registry(Settings())
    editor = MappingEditor(registry, is_known_elsewhere)
    mapping = read_mapping(find_mapping(name).path, registry, is_known_elsewhere)
    for one in mapping.inputs[:: max(1, len(mapping.inputs) // TRIED)]:
        target = parse_target(registry, MUTE if one.is_button else VOCALS)
        detection = Detection(button="momentary", presses=1) if one.is_button else Detection(encoder=one.kind)  # type: ignore[arg-type]
        entry = make_entry(target, format_message_spec(one.message), detection)
        binding = LearnedBinding(name, one.message, target, entry)
        path = editor.add(binding, LearnDevice(name, "port", "", mapping))
        learned = read_mapping(path, registry, is_known_elsewhere)
        [found] = [other for other in learned.inputs if other.message == one.message]
        assert list_inputs_of(learned, target.item.name).count(found) == 1
        editor.remove(target.item.name, LearnDevice(name, "port", "", learned))
        assert list_inputs_of(read_mapping(path, registry, is_known_elsewhere), target.item.name) == []
        editor.undo()
        editor.undo()
        assert not path.exists()
