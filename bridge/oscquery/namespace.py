"""OSCQuery namespace: the tree of all controls, actions and readings with their attributes, from the registry alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from bridge.control.bus import Bus
from bridge.core.control import Action, Control, Item, Reading, Value, find_unit, format_value

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json]"
Node: TypeAlias = "dict[str, Json]"

READABLE, WRITABLE = 1, 2
"""Bits of ACCESS."""
UNITS: Mapping[str, str] = {
    "dB": "gain.db", "s": "time.second", "ms": "time.ms", "Hz": "time.hz", "BPM": "time.bpm",
    "frames": "time.samples", "frame": "time.samples",
}  # fmt: skip
"""Our units by the names that the OSCQuery proposal gives them; it has none for others."""
ATTRIBUTES = ("FULL_PATH", "CONTENTS", "TYPE", "ACCESS", "VALUE", "RANGE", "DESCRIPTION", "UNIT", "CLIPMODE")
"""Attributes that can be asked for alone. HOST_INFO is one of the server, not of a node."""
LARGEST_INT32 = 2**31 - 1
"""Beyond this a whole number is sent as h."""


class Namespace:
    """The address space of ``bus``. Reads the Bus and changes nothing; callable from any thread."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._children: dict[str, dict[str, str]] = {}
        self._built = (-1, -1)

    def find_covered(self, path: str) -> list[Item]:
        """What is at ``path`` and below; empty where there is nothing. ``/`` covers everything."""
        self._refresh()
        item = self._bus.registry.find_address(path)
        found = [] if item is None else [item]
        for child in self._children.get(path, {}).values():
            found += self.find_covered(child)
        return found

    def count_nodes(self, path: str) -> int:
        """How many nodes are at ``path`` and below: what it costs to describe it; 0 where there is nothing."""
        self._refresh()
        below = self._children.get(path)
        if below is None and self._bus.registry.find_address(path) is None:
            return 0
        return 1 + sum(map(self.count_nodes, (below or {}).values()))

    def describe(self, path: str) -> Node | None:
        """The node at ``path`` with all that is below it; None where there is nothing."""
        self._refresh()
        return self._describe(path, self._bus.values())

    def find_attribute(self, path: str, attribute: str) -> Node | None:
        """The attribute of the node at ``path``, under its name; empty where this node has none of that name.

        None where there is nothing at ``path``.
        """
        node = self.describe(path) if attribute == "CONTENTS" else self._describe_alone(path)
        if node is None:
            return None
        return {attribute: node[attribute]} if attribute in node else {}

    def read_rows(self, item: Item) -> tuple[tuple[Value, ...], ...]:
        """The current values of ``item`` as they are sent: one row, or one of each row of a keyed reading."""
        if isinstance(item, Control):
            return ((format_value(item, self._bus.get(item.name)),),)
        return self._bus.get_rows(item.name) if isinstance(item, Reading) else ()

    def _describe_alone(self, path: str) -> Node | None:
        self._refresh()
        item = self._bus.registry.find_address(path)
        if item is None:
            return {"FULL_PATH": path, "ACCESS": 0} if path in self._children else None
        return self._describe_item(item, self._bus.values())

    def _describe(self, path: str, values: Mapping[str, float]) -> Node | None:
        item, below = self._bus.registry.find_address(path), self._children.get(path)
        if item is None and below is None:
            return None
        node: Node = {"FULL_PATH": path, "ACCESS": 0} if item is None else self._describe_item(item, values)
        if below:
            contents: Node = {}
            for part, child in below.items():
                found = self._describe(child, values)
                if found is not None:
                    contents[part] = found
            node["CONTENTS"] = contents
        return node

    def _describe_item(self, item: Item, values: Mapping[str, float]) -> Node:
        head: Node = {"FULL_PATH": item.address, "DESCRIPTION": item.doc}
        if isinstance(item, Control):
            return head | _describe_control(item, values[item.name])
        if isinstance(item, Action):
            return head | _describe_action(item)
        return head | _describe_reading(item, self._bus.get_latest(item.name))

    def _refresh(self) -> None:
        """Build the containers anew after an addition to the registry."""
        registry = self._bus.registry
        built = (len(registry), registry.revision)
        if built == self._built:
            return
        children: dict[str, dict[str, str]] = {"/": {}}
        for address in [item.address for item in registry]:
            above = "/"
            for part, path in _split_address(address):
                children.setdefault(above, {})[part] = path
                above = path
        self._children, self._built = children, built


def _split_address(address: str) -> Iterator[tuple[str, str]]:
    """Yield each part of ``address`` with the path up to it: a and /a, b and /a/b."""
    path = ""
    for part in address.strip("/").split("/"):
        path += f"/{part}"
        yield part, path


def _describe_control(control: Control, number: float) -> Node:
    value = format_value(control, number)
    node: Node = {"ACCESS": READABLE | WRITABLE, "TYPE": find_type_tags([value]), "VALUE": [value]}
    if control.kind == "choice":
        node["RANGE"] = [{"VALS": list(control.available_choices)}]
    elif control.kind == "integer":
        node |= {"RANGE": [{"MIN": int(control.low), "MAX": int(control.high)}], "CLIPMODE": ["both"]}
    elif control.kind != "switch":
        node |= {"RANGE": [{"MIN": float(control.low), "MAX": float(control.high)}], "CLIPMODE": ["both"]}
    if control.unit in UNITS:
        node["UNIT"] = [UNITS[control.unit]]
    return node


def _describe_action(action: Action) -> Node:
    """An action without a needed argument is an impulse, as of a button; the others take words."""
    needed = len(action.arguments) - action.optional
    node: Node = {"ACCESS": WRITABLE, "TYPE": "s" * needed or "I"}
    if action.arguments:
        node["DESCRIPTION"] = f"{action.doc} Arguments: {', '.join(action.arguments)}."
    return node


def _describe_reading(reading: Reading, row: tuple[Value, ...] | None) -> Node:
    node: Node = {"ACCESS": READABLE, "DESCRIPTION": f"{reading.doc} Fields: {', '.join(reading.fields)}."}
    units = [UNITS.get(find_unit(field), "") for field in reading.fields]
    if any(units):
        node["UNIT"] = [*units]
    if row is not None:  # of a reading that was never published the types are not known
        node |= {"TYPE": find_type_tags(row), "VALUE": [*row]}
    return node


def find_type_tags(values: list[Value] | tuple[Value, ...]) -> str:
    """The OSC type tags with which ``values`` are sent."""
    return "".join(map(_find_type_tag, values))


def _find_type_tag(value: Value) -> str:
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, int):
        return "i" if -LARGEST_INT32 - 1 <= value <= LARGEST_INT32 else "h"
    return "f" if isinstance(value, float) else "s"
