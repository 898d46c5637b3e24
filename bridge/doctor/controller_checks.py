"""Controller checks: which MIDI devices are there, which of them have a mapping, and which mappings are refused."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing

from bridge.app import is_known_elsewhere, make_registry
from bridge.controllers.mappings.mapping import Mapping as ControllerMapping
from bridge.controllers.mappings.mapping_store import MappingStore
from bridge.controllers.ports.midi_port import MidiSystem
from bridge.controllers.ports.port_names import get_system, rate_name, select_patterns
from bridge.controllers.ports.rtmidi_system import open_midi_system
from bridge.doctor.finding import Finding
from bridge.errors import BridgeError
from bridge.settings import Settings

MOST_SHOWN = 4


def check_controllers(settings: Settings) -> Finding:
    """The MIDI devices of the machine, by the names of their ports, and the mappings for them. Opens none of them."""
    try:
        store = MappingStore(make_registry(settings), is_known_elsewhere)
        store.update()
    except BridgeError as error:
        return Finding("controllers", "warn", f"mappings cannot be checked: {error.message}", error.hint)
    if store.problems:
        name, problem = next(iter(store.problems.items()))
        more = f" (and {len(store.problems) - 1} more)" if len(store.problems) > 1 else ""
        return Finding(
            "controllers",
            "warn",
            f"mapping {name} is refused: {problem}{more}",
            "correct it; sideman controllers --check FILE tries it",
        )
    if not settings.controllers.midi:
        return Finding("controllers", "ok", "MIDI devices are off in sideman.toml; control_in takes one over JACK")
    try:
        system = open_midi_system(settings.controllers.api)
        if system is None:
            return Finding("controllers", "ok", "no MIDI system; control_in takes a controller over JACK")
        with closing(system):
            return describe_devices(system, store.mappings)
    except BridgeError as error:
        return Finding("controllers", "warn", error.message, error.hint)


def describe_devices(system: MidiSystem, mappings: Mapping[str, ControllerMapping]) -> Finding:
    """The ports of ``system``, and the best mapping for each.

    A device whose mapping awaits an answer is named: if it stays silent, its lights stay dark. The nanoKONTROL2 is one,
    whose lights obey the computer in one of its modes only.
    """
    names = [name for name in system.list_inputs() if "midi through" not in name.lower()]
    if not names:
        return Finding("controllers", "ok", "no MIDI device is plugged in")
    found = {name: find_mapping_name(name, mappings) for name in names}
    shown = [f"{name} ({mapping})" for name, mapping in found.items() if mapping]
    unknown = [name for name, mapping in found.items() if not mapping]
    detail = "; ".join(shown[:MOST_SHOWN]) or "no device has a mapping"
    if unknown:
        detail += f"; without a mapping: {', '.join(unknown[:MOST_SHOWN])}"
    answering = [name for name, mapping in found.items() if mapping and mappings[mapping].init_expect]
    if answering:
        fix = f"if {answering[0]} stays dark: sideman controllers says whether it answers its mapping"
        return Finding("controllers", "ok", detail, fix)
    return Finding("controllers", "ok", detail, "" if shown else "sideman learn binds a fader of any device")


def find_mapping_name(port: str, mappings: Mapping[str, ControllerMapping]) -> str:
    """The name of the mapping that describes a port best; empty where none does."""
    system = get_system()
    rated = [
        (rate_name(port, select_patterns(mapping.device.input, system)), name) for name, mapping in mappings.items()
    ]
    rating, name = max(rated, default=(0, ""))
    return name if rating else ""
