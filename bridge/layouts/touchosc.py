"""TouchOSC layout: a layout as the nodes of a .tosc file.

TouchOSC scales it to the screen. A text lies over the button that it belongs to and lets touches through.
"""

from __future__ import annotations

from collections.abc import Sequence

from bridge.core.control import Control
from bridge.layouts import element_types
from bridge.layouts.box import HEADER_PX, HEIGHT_PX, PAGE_HEIGHT_PX, TABS_PX, WIDTH_PX, Box
from bridge.layouts.layout_blocks import GAP_PX
from bridge.layouts.layout_pages import Layout, LayoutPage
from bridge.layouts.mixer_strips import METER_PX
from bridge.layouts.page_rules import BACKGROUND_COLOR, TEXT_COLOR
from bridge.layouts.tosc_nodes import OscBinding, Property, ToscNode, compress_layout, parse_color
from bridge.layouts.tosc_script import (
    STATE,
    write_fader_script,
    write_menu_script,
    write_root_script,
    write_row_script,
)

RECTANGLE, FULL_OUTLINE = 1, 0
NORTH, EAST = 0, 1
"""Directions in which a fader grows."""
MOMENTARY, TOGGLE = 0, 2
"""Buttons that come up when released, and that change with each press."""
LEFT, CENTER, RIGHT = 1, 2, 3
"""Horizontal alignments of a text."""
TEXT_SIZE, HEADING_SIZE = 14, 16
NAME_PX = 106
"""Width of the text that says whether Sideman answers."""
ARROW_PX = 48
"""Width of the buttons beside a menu."""
DIM = 0.35
"""Alpha of a tab that is not open."""


def write_touchosc(layout: Layout, patterns: Sequence[str], receive_port: int, token: str) -> bytes:
    """The content of a .tosc file. ``patterns``: what it subscribes to; see `write_root_script` for the others."""
    return compress_layout(make_root(layout, patterns, receive_port, token))


def make_root(layout: Layout, patterns: Sequence[str], receive_port: int, token: str) -> ToscNode:
    """The root node of ``layout``."""
    state = _make_text(STATE, Box(GAP_PX, GAP_PX, NAME_PX, HEADER_PX - 2 * GAP_PX), "Sideman", TEXT_COLOR, HEADING_SIZE)
    header = [node for element in layout.header for node in _make_nodes(element)]
    below = Box(0, HEADER_PX, WIDTH_PX, HEIGHT_PX - HEADER_PX)
    pager = ToscNode(
        "PAGER", "pages",
        {
            **_make_frame(below, BACKGROUND_COLOR), "outline": False, "grabFocus": False, "interactive": True,
            "tabbar": True, "tabLabels": True, "tabbarDoubleTap": False, "tabbarSize": TABS_PX,
            "textSizeOff": TEXT_SIZE, "textSizeOn": TEXT_SIZE,
        },
        {"page": 0.0, "touch": False},
        children=[_make_page(page) for page in layout.pages],
    )  # fmt: skip
    script = write_root_script(layout.elements, patterns, receive_port, token)
    whole = _make_frame(Box(0, 0, WIDTH_PX, HEIGHT_PX), BACKGROUND_COLOR)
    return ToscNode(
        "GROUP", "Sideman", {**whole, "outline": False, "interactive": False, "grabFocus": False, "script": script},
        {"touch": False}, children=[state, *header, pager],
    )  # fmt: skip


def _make_page(page: LayoutPage) -> ToscNode:
    box = Box(0, TABS_PX, WIDTH_PX, PAGE_HEIGHT_PX)
    text = parse_color(TEXT_COLOR)
    return ToscNode(
        "GROUP", page.title,
        {
            **_make_frame(box, BACKGROUND_COLOR), "outline": False, "interactive": False, "grabFocus": False,
            "tabLabel": page.title, "tabColorOff": parse_color(page.color, DIM), "tabColorOn": parse_color(page.color),
            "textColorOff": text, "textColorOn": text,
        },
        {"touch": False},
        children=[node for element in page.elements for node in _make_nodes(element)],
    )  # fmt: skip


def _make_nodes(element: element_types.Element) -> list[ToscNode]:
    match element:
        case element_types.Caption():
            size = HEADING_SIZE if element.is_heading else TEXT_SIZE
            align = CENTER if element.is_centered else LEFT
            return [_make_text(f"text {element.text}", element.box, element.text, element.color, size, align)]
        case element_types.NumberValue():
            name = f"value {element.control.name}"
            return [_make_text(name, element.box, "", element.color, TEXT_SIZE, RIGHT)]
        case element_types.FieldText():
            name = f"field {element.reading.name} {element.field}"
            return [_make_text(name, element.box, "", element.color, HEADING_SIZE)]
        case element_types.Fader():
            return [_make_fader(element)]
        case element_types.LevelMeter():
            return [_make_meter(element)]
        case element_types.ToggleButton():
            binding = OscBinding(element.control.address, "x", "INTEGER")
            name = f"switch {element.control.name}"
            start = element.control.default
            return _make_button(name, element.box, element.text, element.color, TOGGLE, [binding], start=start)
        case element_types.ActionButton():
            argument, conversion = (element.argument, "STRING") if element.argument else ("1", "INTEGER")
            binding = OscBinding(
                element.action.address, argument, conversion, is_constant=True, trigger="RISE", receives=False
            )
            name = f"action {element.action.name} {element.argument}".rstrip()
            return _make_button(name, element.box, element.text, element.color, MOMENTARY, [binding])
        case element_types.ButtonRow():
            return _make_row(element)
        case element_types.ChoiceMenu():
            return _make_menu(element)


def _make_frame(box: Box, color: str) -> dict[str, Property]:
    """Properties that every node has."""
    return {
        "background": True, "color": parse_color(color), "cornerRadius": 3.0, "frame": box, "grabFocus": True,
        "interactive": True, "locked": False, "orientation": NORTH, "outline": True, "outlineStyle": FULL_OUTLINE,
        "pointerPriority": 0, "shape": RECTANGLE, "visible": True,
    }  # fmt: skip


def _make_text(name: str, box: Box, text: str, color: str, size: int, align: int = CENTER) -> ToscNode:
    """A text that lets touches through."""
    return ToscNode(
        "LABEL", name,
        {
            **_make_frame(box, BACKGROUND_COLOR), "background": False, "outline": False, "interactive": False,
            "grabFocus": False, "font": 0, "textAlignH": align, "textAlignV": 2, "textClip": True, "textLength": 0,
            "textColor": parse_color(color), "textSize": size,
        },
        {"text": text, "touch": False},
    )  # fmt: skip


def _make_wrapped_text(name: str, box: Box, text: str) -> ToscNode:
    """The text of a button, on several lines where it is long."""
    plain = _make_text(name, box, text, TEXT_COLOR, TEXT_SIZE)
    properties = {key: value for key, value in plain.properties.items() if key != "textLength"}
    return ToscNode("TEXT", name, properties | {"textWrap": True}, plain.values)


def _make_fader(element: element_types.Fader) -> ToscNode:
    control = element.control
    binding = OscBinding(
        control.address, "x", "INTEGER" if control.is_whole else "FLOAT", control.low, control.high
    )  # fmt: skip
    properties = _make_slider(element.box, element.color, NORTH if element.is_vertical else EAST)
    return ToscNode(
        "FADER", f"fader {control.name}", {**properties, "script": write_fader_script(control)},
        {"x": _find_position(control), "touch": False}, [binding],
    )  # fmt: skip


def _make_meter(element: element_types.LevelMeter) -> ToscNode:
    properties = _make_slider(element.box, element.color, NORTH)
    box = element.box if element.box.width <= METER_PX else _center(element.box, METER_PX)
    properties |= {"frame": box, "interactive": False, "grabFocus": False, "cursor": False, "grid": False}
    return ToscNode("FADER", f"meter {element.port}", properties, {"x": 0.0, "touch": False})


def _center(box: Box, width: int) -> Box:
    return Box(box.x + (box.width - width) // 2, box.y, width, box.height)


def _make_slider(box: Box, color: str, orientation: int) -> dict[str, Property]:
    return {
        **_make_frame(box, color), "orientation": orientation, "bar": True, "barDisplay": 0, "cursor": True,
        "cursorDisplay": 0, "grid": True, "gridColor": parse_color("#000000", 0.25), "gridSteps": 13, "response": 1,
        "responseFactor": 100,
    }  # fmt: skip


def _find_position(control: Control) -> float:
    """Where a fader of ``control`` stands for its default, from 0 to 1."""
    return (control.default - control.low) / (control.high - control.low) if control.high > control.low else 0.0


def _make_button(
    name: str, box: Box, text: str, color: str, kind: int, bindings: Sequence[OscBinding] = (), script: str = "",
    start: float = 0.0,
) -> list[ToscNode]:  # fmt: skip
    """A button and the text over it."""
    properties: dict[str, Property] = {
        **_make_frame(box, color), "buttonType": kind, "press": True, "release": True, "valuePosition": False
    }  # fmt: skip
    if script:
        properties["script"] = script
    button = ToscNode("BUTTON", name, properties, {"x": start, "touch": False}, bindings)
    return [button, _make_wrapped_text(f"text of {name}", box, text)]


def _make_row(element: element_types.ButtonRow) -> list[ToscNode]:
    control, nodes = element.control, list[ToscNode]()
    for position, number in enumerate(element.numbers):
        name, box = f"choice {control.address} {number}", element.find_button_box(position)
        word = control.choices[number - int(control.low)]
        script = write_row_script(control.address, number)
        start = float(number == control.default)
        nodes += _make_button(name, box, word, element.color, TOGGLE, script=script, start=start)
    return nodes


def _make_menu(element: element_types.ChoiceMenu) -> list[ToscNode]:
    """Arrows that offer the next word; a press on the word sets it, so that none on the way is set."""
    address = element.control.address
    left, rest = element.box.split_columns(ARROW_PX)
    middle, right = rest.split_columns(rest.width - ARROW_PX)
    word = element.control.choices[int(element.control.default - element.control.low)]
    buttons = [
        _make_button(f"{name} {address}", box, text, element.color, MOMENTARY, script=script)
        for name, box, text, script in (
            ("before", left, "<", write_menu_script("turn", address, -1)),
            ("take", middle, word, write_menu_script("take", address)),
            ("after", right, ">", write_menu_script("turn", address, 1)),
        )
    ]
    nodes = [node for pair in buttons for node in pair]
    nodes[3] = _make_wrapped_text(f"choice {address}", middle, word)
    return nodes
