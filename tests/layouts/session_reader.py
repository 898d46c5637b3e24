"""Reader of Open Stage Control sessions, written after the program's reference of widgets (properties-reference.md)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.layouts.places import Rectangle

COMMON = {
    "type", "id", "left", "top", "width", "height", "interaction", "colorText", "colorWidget", "alphaStroke",
    "lineWidth", "padding", "css", "default", "address", "preArgs", "typeTags", "decimals", "target",
    "ignoreDefaults", "bypass", "onCreate", "onValue",
}  # fmt: skip
"""Properties of every widget that we use."""
OWN = {
    "root": {"scroll", "colorBg", "widgets", "tabs"},
    "panel": {"scroll", "colorBg", "tabsPosition", "widgets", "tabs"},
    "tab": {"label", "scroll", "widgets", "tabs"},
    "fader": {"design", "horizontal", "range", "knobSize"},
    "input": {"align", "unit", "numeric"},
    "button": {"mode", "label", "on", "off", "wrap"},
    "switch": {"layout", "values"},
    "dropdown": {"values"},
    "text": {"align"},
    "variable": set(),
}
"""Those of each type."""
WIDTH, HEIGHT = 1024.0, 768.0


@dataclass(frozen=True)
class ReadWidget:
    """A widget with its place in pixels of a screen of 1024 by 768. ``page``: the tab that it is on."""

    properties: dict[str, Any]
    place: Rectangle
    page: str

    @property
    def kind(self) -> str:
        return str(self.properties["type"])

    @property
    def name(self) -> str:
        return str(self.properties["id"])

    @property
    def sends(self) -> bool:
        return not self.properties.get("bypass", False)


def read_session(text: str) -> list[ReadWidget]:
    """Every widget of the session, the root first."""
    session = json.loads(text)
    assert set(session) == {"createdWith", "version", "type", "content"}
    assert (session["createdWith"], session["type"]) == ("Open Stage Control", "session")
    content = session["content"]
    assert content["type"] == "root"
    return list(_read(content, (0.0, 0.0, WIDTH, HEIGHT), ""))


def _read(widget: dict[str, Any], place: Rectangle, page: str) -> Iterator[ReadWidget]:
    unknown = set(widget) - COMMON - OWN[widget["type"]]
    assert unknown == set(), f"{widget['id']} has no property {unknown}"
    assert not (widget.get("widgets") and widget.get("tabs")), "a panel has widgets or tabs"
    yield ReadWidget({key: value for key, value in widget.items() if key not in {"widgets", "tabs"}}, place, page)
    for child in widget.get("widgets", ()):
        placed = _find_place(child, place) if child["type"] != "variable" else (0.0, 0.0, 0.0, 0.0)
        yield from _read(child, placed, page)
    left, top, right, bottom = place
    for tab in widget.get("tabs", ()):
        assert tab["type"] == "tab"
        yield from _read(tab, (left, top + 48.0, right, bottom), tab["id"])


def _find_place(widget: dict[str, Any], around: Rectangle) -> Rectangle:
    width, height = around[2] - around[0], around[3] - around[1]
    left, top = around[0] + _share(widget["left"]) * width, around[1] + _share(widget["top"]) * height
    return left, top, left + _share(widget["width"]) * width, top + _share(widget["height"]) * height


def _share(size: str | int) -> float:
    if size == 0:
        return 0.0
    assert isinstance(size, str)
    assert size.endswith("%")
    return float(size[:-1]) / 100
