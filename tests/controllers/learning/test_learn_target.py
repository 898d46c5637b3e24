"""Learn target: whatever is learned for any target is an entry that a mapping may have, or refused with the fix."""

from __future__ import annotations

import pytest

from bridge.controllers.learning.kind_detection import Detection
from bridge.controllers.learning.learn_target import describe_target, make_entry, parse_target
from bridge.controllers.mappings.mapping_file import DeviceTable, MappingFile, PortPatterns
from bridge.controllers.mappings.mapping_reader import check_mapping
from bridge.core.control import Action, Control
from bridge.errors import ControlError
from bridge.installed_controls import make_registry
from bridge.settings import Settings

REGISTRY = make_registry(Settings())
TARGETS = [
    text
    for item in REGISTRY
    if isinstance(item, Control | Action)
    for text in (
        (f"{item.name} x" if item.argument else item.name,)
        if isinstance(item, Action)
        else (item.name, f"{item.name} {item.choices[-1] if item.choices else f'{item.high:g}'}")
    )
]
DETECTIONS = {
    "absolute": ("cc 7 ch 1", Detection(encoder="absolute")),
    "14 bits": ("bend ch 1", Detection(encoder="absolute")),
    "sign_bit": ("cc 7 ch 1", Detection(encoder="sign_bit", relative=True)),
    "momentary": ("note 7 ch 1", Detection(button="momentary", presses=1)),
    "toggle": ("cc 7 ch 1", Detection(button="toggle", presses=1)),
    "latched": ("program 7 ch 1", Detection(button="latched", presses=1)),
}


@pytest.mark.parametrize("kind", DETECTIONS)
def test_what_is_learned_is_an_entry_of_a_mapping_or_refused_with_the_fix(kind: str) -> None:
    midi, detection = DETECTIONS[kind]
    learned = 0
    for text in TARGETS:
        target = parse_target(REGISTRY, text)
        try:
            entry = make_entry(target, midi, detection)
        except ControlError as error:
            assert error.hint
            continue
        file = MappingFile(schema=1, name="Box", device=DeviceTable(input=PortPatterns(linux=("Box",))), input=(entry,))
        [found] = check_mapping(file, "box.toml", REGISTRY).inputs
        assert describe_target(found.target) == target.name
        learned += 1
    assert learned > len(TARGETS) // 4


def test_every_target_can_be_learned_by_something() -> None:
    for text in TARGETS:
        target = parse_target(REGISTRY, text)
        kinds = []
        for kind, (midi, detection) in DETECTIONS.items():
            try:
                make_entry(target, midi, detection)
            except ControlError:
                continue
            kinds.append(kind)
        assert kinds, text
