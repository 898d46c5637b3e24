"""MIDI learn on messages of simulated devices."""

from __future__ import annotations

from bridge.control.registry import Registry
from bridge.control.sidecar import make_sidecar_registry
from bridge.controllers.learning.learn import Candidate, Learn
from bridge.controllers.mappings.mapping import Mapping
from bridge.controllers.mappings.mapping_file import DeviceTable, InputTable, MappingFile, PortPatterns
from bridge.controllers.mappings.mapping_reader import check_mapping
from bridge.core.control import Control
from tests.controllers.simulated_devices import Events

STYLE = Control("comp.style", 0, 2, 0, kind="choice", choices=("straight", "swing", "funk"), doc="Feel.")
REGISTRY = make_sidecar_registry({"comp": [STYLE]})
FADER, SWITCH, ACTION = "stems.vocals.gain_db", "stems.vocals.mute", "transport.panic"
UP_DOWN = [*range(40, 100, 5), *range(95, 20, -5)]


def make_mapping(*inputs: InputTable, registry: Registry = REGISTRY) -> Mapping:
    device = DeviceTable(input=PortPatterns(linux=("Test",)), strips=8)
    return check_mapping(MappingFile(schema=1, name="Test", device=device, input=inputs), "test.toml", registry)


def listen(target: str, *streams: tuple[str, Events], mapping: Mapping | None = None) -> tuple[Learn, float]:
    """Learn ``target`` while the devices send their streams; the time is two seconds after the last message."""
    learn = Learn(REGISTRY, lambda device: mapping)
    learn.start(target)
    events = [(at, device, message) for device, stream in streams for at, message in stream]
    events.sort(key=lambda one: one[0])  # those of one time stay in order
    for at, device, message in events:
        learn.observe(device, message, at)
    return learn, events[-1][0] + 2


def find_first(target: str, events: Events) -> Candidate:
    learn, now_s = listen(target, ("a", events))
    return learn.candidates(now_s)[0]


def take(target: str, events: Events, mapping: Mapping | None = None) -> InputTable:
    """The entry that is learned, which the mapping reader accepts."""
    learn, now_s = listen(target, ("a", events), mapping=mapping)
    entry = learn.take(1, now_s).entry
    assert len(make_mapping(entry).inputs) == 1
    return entry
