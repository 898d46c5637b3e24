"""Control binding: applies each control change on the Bus to the graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bridge.control.bus import Bus, Row
from bridge.control.sidecar import compute_stem_gains
from bridge.core.audio import STEMS
from bridge.runtime.graph import Graph

UNITY: Mapping[str, float] = dict.fromkeys(STEMS, 1.0)


def latency_settings(values: Mapping[str, float], suffix: str) -> dict[str, int]:
    """``latency.<role>.<suffix>`` of every role that has it, in frames."""
    parts = {name: name.split(".") for name in values}
    return {p[1]: int(values[n]) for n, p in parts.items() if len(p) == 3 and p[0] == "latency" and p[2] == suffix}


class Binding:
    """Applies the controls of ``bus`` to ``graph``, from construction until `release` is called."""

    def __init__(self, bus: Bus, graph: Graph) -> None:
        self._bus, self._graph = bus, graph
        for name in bus.values():
            self._apply(name)
        self.release: Callable[[], None] = bus.subscribe(self._changed)

    def _changed(self, name: str, _row: Row, _source: str) -> None:
        if name in self._bus.values():
            self._apply(name)

    def _apply(self, name: str) -> None:
        parts, values, graph = name.split("."), self._bus.values(), self._graph
        if parts[0] == "stems":
            targets = compute_stem_gains(values)
            graph.set_gains(UNITY if values["stems.direct"] > 0.5 else targets, targets)
        elif parts[0] == "latency" and parts[2] == "ping":
            graph.set_ping(parts[1], values[name] > 0.5)
        elif parts[0] == "latency" and parts[2] == "reserve_frames":
            graph.set_reserve(parts[1], int(values[name]))
        elif parts[0] == "latency" and parts[2] == "user_offset_frames":
            graph.set_offset(parts[1], int(values[name]))
        elif parts[0] == "mir" and parts[-1] == "source":
            graph.set_source(parts[1], int(values[name]))
        else:
            graph.set_value(name, values[name])
