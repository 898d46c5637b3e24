"""Control binding: applies each control change on the Bus to the graph, by a table of what each control does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from bridge.control.bus import Bus, Row
from bridge.control.registry import Registry
from bridge.control.sidecar import OWNER, compute_stem_gains
from bridge.core.audio import STEMS
from bridge.core.latency import SENDS
from bridge.errors import ControlError
from bridge.runtime.graph import Graph

UNITY: Mapping[str, float] = dict.fromkeys(STEMS, 1.0)

Effect: TypeAlias = Callable[[Graph, str, float, Mapping[str, float]], None]
"""Applies a control: the graph, the part of the name that ``*`` stands for, the value, and the values of all."""


def compute_port_and_mix_gains(values: Mapping[str, float]) -> tuple[Mapping[str, float], Mapping[str, float]]:
    """Compute the linear gains by stem of the stem ports, and those in the mix, from the ``values`` of all controls."""
    gains = compute_stem_gains(values)
    return UNITY if values["stems.direct"] > 0.5 else gains, gains


def _set_gains(graph: Graph, _stem: str, _value: float, values: Mapping[str, float]) -> None:
    graph.set_gains(*compute_port_and_mix_gains(values), values["stems.dry"] > 0.5)


def _leave_to_tuner(_graph: Graph, _role: str, _value: float, _values: Mapping[str, float]) -> None:
    """No change of the graph: `LatencyTuner.update` reads the control."""


def _leave_to_insert_supervisor(_graph: Graph, _point: str, _value: float, _values: Mapping[str, float]) -> None:
    """No change of the graph: `InsertSupervisor` reads the control."""


def _leave_to_clock_service(_graph: Graph, _part: str, _value: float, _values: Mapping[str, float]) -> None:
    """No change of the graph: `bridge.clocks.clock_service` reads the control, and sets the clock."""


EFFECTS: Mapping[str, Effect] = {
    "stems.direct": _set_gains,
    "stems.dry": _set_gains,
    "stems.*.gain_db": _set_gains,
    "stems.*.mute": _set_gains,
    "stems.*.solo": _set_gains,
    "latency.*.ping": lambda graph, path, value, _: graph.set_ping(path, value > 0.5),
    "latency.*.reserve_frames": lambda graph, role, value, _: graph.set_reserve(role, int(value)),
    "latency.*.reserve_auto": _leave_to_tuner,
    "latency.jack.sends": lambda graph, _, value, __: graph.ledger.set_sends(SENDS[int(value)]),
    "latency.*.user_offset_frames": lambda graph, role, value, _: graph.set_offset(role, int(value)),
    "clock.*": _leave_to_clock_service,
    "inserts.*.chain": _leave_to_insert_supervisor,
    "inserts.*.bypass": _leave_to_insert_supervisor,
    "inserts.*.reserve_frames": _leave_to_insert_supervisor,
    "mir.*.source": lambda graph, analyser, value, _: graph.set_source(analyser, int(value)),
}
"""The effect of each of the sidecar's own controls, by its name, in which ``*`` stands for one part.

The controls of engines are not here: their values go to the engine with each block (`Graph.set_values`).
"""


def match_effects(registry: Registry, effects: Mapping[str, Effect] = EFFECTS) -> dict[str, tuple[Effect, str]]:
    """The effect of each of the sidecar's own controls, and what ``*`` stands for in its name.

    Raises:
        ControlError: A control has no effect, or an effect no control.
    """
    matches: dict[str, tuple[Effect, str]] = {}
    used: set[str] = set()
    for control in registry.controls:
        if registry.get_owner(control.name) != OWNER:
            continue
        found = [(key, part) for key in effects if (part := _match(key, control.name)) is not None]
        if len(found) != 1:
            raise ControlError(
                f"control {control.name} has {len(found) or 'no'} effect{'s' if found else ''}",
                "it needs exactly one entry in EFFECTS of bridge/runtime/control_binding.py",
            )
        [(key, part)] = found
        used.add(key)
        matches[control.name] = effects[key], part
    for key in effects:
        if key not in used:
            raise ControlError(
                f"effect {key} in bridge/runtime/control_binding.py belongs to no control",
                "declare the control in bridge/control/sidecar.py, or remove the effect",
            )
    return matches


def _match(key: str, name: str) -> str | None:
    """What ``*`` in ``key`` stands for in ``name``, "" without one; None where they do not match."""
    if "*" not in key:
        return "" if key == name else None
    before, _, after = key.partition("*")
    part = name.removeprefix(before).removesuffix(after)
    return part if f"{before}{part}{after}" == name and part and "." not in part else None


class ControlBinding:
    """Applies the controls of ``bus`` to ``graph``, from construction until `release` is called.

    Controls that were set at once (`Bus.set_all`) take effect at once: all gains in one callback, all values of an
    engine in one hop. The first of such changes finds the others on the Bus already, and applies them too.

    Raises:
        ControlError: A control has no effect, or an effect no control.
    """

    def __init__(self, bus: Bus, graph: Graph) -> None:
        self._bus, self._graph = bus, graph
        self._matches = match_effects(bus.registry)
        self._engine_values: dict[str, float] = {}
        """What the engines were given last."""
        for name in bus.values():
            self._apply(name)
        self.release: Callable[[], None] = bus.subscribe(self._change)

    def _change(self, name: str, _row: Row, _source: str) -> None:
        self._apply(name)

    def _apply(self, name: str) -> None:
        """Apply the present value of control ``name``; nothing for a reading, or a control of an engine that is off."""
        if name in self._matches:
            values = self._bus.values()
            effect, part = self._matches[name]
            effect(self._graph, part, values[name], values)
        elif name in self._graph.engine_controls:
            self._apply_engine_values()

    def _apply_engine_values(self) -> None:
        """Give all engines what changed since they were given something last."""
        values, given = self._bus.values(), self._engine_values
        changed = {name: values[name] for name in self._graph.engine_controls if given.get(name) != values[name]}
        if changed:
            self._graph.set_values(changed)
            given.update(changed)
