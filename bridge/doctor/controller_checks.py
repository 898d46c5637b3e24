"""Controller checks: which MIDI devices are there, which of them have a mapping, and which mappings are refused."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing

from bridge.controllers.mappings.mapping import Mapping as ControllerMapping
from bridge.controllers.mappings.mapping_store import MappingStore
from bridge.controllers.ports.midi_port import MidiSystem
from bridge.controllers.ports.midi_systems import open_midi_system
from bridge.controllers.ports.port_assignment import THROUGH, find_owner
from bridge.controllers.ports.port_names import get_system
from bridge.doctor.finding import Finding
from bridge.errors import BridgeError
from bridge.settings import Settings

MOST_SHOWN = 4


def check_controllers(settings: Settings) -> Finding:
    """The MIDI devices of the machine, by the names of their ports, and the mappings for them. Opens none of them."""
    from bridge.installed_controls import is_known_elsewhere, make_registry  # needs numba, which may not load

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
    names = [name for name in system.list_inputs() if THROUGH not in name.lower()]
    if not names:
        return Finding("controllers", "ok", "no MIDI device is plugged in")
    titles = {id(mapping): title for title, mapping in mappings.items()}
    owners = [find_owner(list(mappings.values()), name, get_system()) for name in names]
    found = {name: "" if owner is None else titles[id(owner)] for name, owner in zip(names, owners, strict=True)}
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
