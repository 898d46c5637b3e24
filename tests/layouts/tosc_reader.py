"""Reader of .tosc files, written after the description of the format that comes with py2tosc."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

Rectangle = tuple[float, float, float, float]
"""Left, top, right and bottom."""


@dataclass(frozen=True)
class TextOf:
    """An argument or a path: whether it is constant, its conversion, its text, and the range of x."""

    is_constant: bool
    conversion: str
    value: str
    low: float
    high: float


@dataclass(frozen=True)
class ReadMessage:
    """An OSC message of a node."""

    path: str
    argument: TextOf
    trigger: str
    sends: bool
    receives: bool
    feedback: bool


@dataclass(frozen=True)
class ReadNode:
    """A node with its place on the whole layout. ``page``: the group it is on, empty above the pages."""

    identifier: str
    kind: str
    name: str
    properties: dict[str, object]
    values: dict[str, str]
    messages: tuple[ReadMessage, ...]
    place: Rectangle
    page: str
    depth: int

    @property
    def is_touched(self) -> bool:
        return bool(self.properties["interactive"])


def read_tosc(data: bytes) -> list[ReadNode]:
    """Every node of the file, the root first."""
    root = ElementTree.fromstring(zlib.decompress(data))
    assert root.tag == "lexml"
    assert root.get("version") == "6"
    (node,) = root
    assert node.find("includes") is not None
    return list(_read_node(node, (0.0, 0.0), "", 0))


def _read_node(element: ElementTree.Element, origin: tuple[float, float], page: str, depth: int) -> Iterator[ReadNode]:
    assert {child.tag for child in element} <= {"includes", "properties", "values", "messages", "children"}
    assert all(len(child) for child in element if child.tag != "includes"), "empty elements are left out"
    keys = [_text(one, "key") for one in element.findall("properties/property")]
    assert keys == sorted(keys)
    properties = {_text(one, "key"): _read_property(one) for one in element.findall("properties/property")}
    frame = properties["frame"]
    assert isinstance(frame, dict)
    left, top = origin[0] + frame["x"], origin[1] + frame["y"]
    yield ReadNode(
        element.attrib["ID"], element.attrib["type"], str(properties["name"]), properties,
        {_text(one, "key"): _text(one, "default") for one in element.findall("values/value")},
        tuple(_read_message(one) for one in element.findall("messages/osc")),
        (left, top, left + frame["w"], top + frame["h"]), page, depth,
    )  # fmt: skip
    is_pager = element.attrib["type"] == "PAGER"
    for child in element.findall("children/node"):
        name = next(_text(one, "value") for one in child.findall("properties/property") if _text(one, "key") == "name")
        yield from _read_node(child, (left, top), name if is_pager else page, depth + 1)


def _read_property(element: ElementTree.Element) -> object:
    value = element.find("value")
    assert value is not None
    match element.attrib["type"]:
        case "b":
            assert value.text in {"0", "1"}
            return value.text == "1"
        case "i":
            return int(value.text or "")
        case "f":
            return float(value.text or "")
        case "r" | "c" as kind:
            assert [child.tag for child in value] == list("xywh" if kind == "r" else "rgba")
            return {child.tag: float(child.text or "") for child in value}
        case "s":
            return value.text or ""
    raise AssertionError(element.attrib["type"])


def _read_message(element: ElementTree.Element) -> ReadMessage:
    assert [child.tag for child in element] == [
        "enabled", "send", "receive", "feedback", "noDuplicates", "connections", "triggers", "path", "arguments"
    ]  # fmt: skip
    assert _text(element, "connections") == "0000000001"
    (path,), (argument,) = element.findall("path/partial"), element.findall("arguments/partial")
    address = _read_partial(path)
    assert address.is_constant
    assert address.conversion == "STRING"
    (trigger,) = element.findall("triggers/trigger")
    assert _text(trigger, "var") == "x"
    return ReadMessage(
        address.value, _read_partial(argument), _text(trigger, "condition"), _text(element, "send") == "1",
        _text(element, "receive") == "1", _text(element, "feedback") == "1",
    )  # fmt: skip


def _read_partial(element: ElementTree.Element) -> TextOf:
    assert _text(element, "type") in {"CONSTANT", "VALUE"}
    low, high = float(_text(element, "scaleMin")), float(_text(element, "scaleMax"))
    return TextOf(
        _text(element, "type") == "CONSTANT", _text(element, "conversion"), _text(element, "value"), low, high
    )


def _text(element: ElementTree.Element, tag: str) -> str:
    found = element.find(tag)
    assert found is not None, tag
    return found.text or ""
