"""Open Stage Control session: a layout as the JSON that its server loads.

All places are percentages, so that the session fits every screen. A script of the root widget subscribes, and again
every ten seconds; the server receives on the port that it sends from. Written after the program's reference of widgets
and its source (1.25 to 1.30).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from bridge.core.control import Control
from bridge.layouts import element_types
from bridge.layouts.box import HEADER_PX, HEIGHT_PX, PAGE_HEIGHT_PX, WIDTH_PX, Box
from bridge.layouts.layout_blocks import GAP_PX
from bridge.layouts.layout_labels import count_decimals
from bridge.layouts.layout_pages import Layout, LayoutPage
from bridge.layouts.page_rules import BACKGROUND_COLOR, TEXT_COLOR

JsonValue: TypeAlias = "bool | int | float | str | Sequence[JsonValue] | Mapping[str, JsonValue]"
Widget: TypeAlias = "dict[str, JsonValue]"

VERSION = "1.25.0"
"""Version of the program whose files these are like; later ones convert what they changed."""
RENEW_MS, MAX_HZ = 10_000, 20
"""Time between two subscriptions, of which a lease lasts 60 s; messages a second and address."""
NAME_PX = 106
"""Width of the program's name."""
LOWEST_DB = -60
"""Level of an empty meter in dBFS; a full one is 0."""
PERCENT_DIGITS = 4
"""Decimals of a percentage: below a thousandth of a pixel."""


def write_open_stage_control(layout: Layout, patterns: Sequence[str], target: str, token: str) -> str:
    """The content of a session. ``target``: host and port of Sideman's OSC. ``token``: of [lan], or empty."""
    name = element_types.Caption(
        Box(GAP_PX, GAP_PX, NAME_PX, HEADER_PX - 2 * GAP_PX), "Sideman", TEXT_COLOR, is_centered=True
    )
    top = HEADER_PX / HEIGHT_PX
    widgets: list[JsonValue] = [
        _make_panel("header", 0.0, top) | {"widgets": _make_all((name, *layout.header), HEADER_PX, target)},
        _make_panel("pages", top, 1.0 - top) | {"tabs": [_make_page(page, target) for page in layout.pages]},
        *_make_receivers(layout.elements),
    ]
    content: Widget = {
        "type": "root", "id": "root", "padding": 0, "scroll": False, "bypass": True, "colorBg": BACKGROUND_COLOR,
        "colorText": TEXT_COLOR, "onCreate": _write_subscription(patterns, target, token), "widgets": widgets,
    }  # fmt: skip
    session = {"createdWith": "Open Stage Control", "version": VERSION, "type": "session", "content": content}
    return json.dumps(session, indent=1, ensure_ascii=False) + "\n"


def _write_subscription(patterns: Sequence[str], target: str, token: str) -> str:
    """The script that subscribes as long as a client shows the session."""
    lines = [
        f"var target = {json.dumps(target)}, patterns = {json.dumps(list(patterns))}",
        "function subscribe() {",
        f"  send(target, '/auth', {json.dumps(token)})" if token else "",
        f"  for (var pattern of patterns) send(target, '/subscribe', pattern, {{type: 'f', value: {MAX_HZ}}})",
        "}",
        "subscribe()",
        f"setInterval('subscribe', subscribe, {RENEW_MS})",
    ]
    return "\n".join(filter(None, lines))


def _make_panel(name: str, top: float, height: float) -> Widget:
    """A container over the whole width. It sends nothing, also when another page is chosen."""
    return {
        "type": "panel", "id": name, "left": 0, "top": _format_percent(top), "width": "100%",
        "height": _format_percent(height), "padding": 0, "scroll": False, "bypass": True, "lineWidth": 0,
        "alphaStroke": 0,
    }  # fmt: skip


def _make_page(page: LayoutPage, target: str) -> Widget:
    return {
        "type": "tab", "id": f"page {page.title}", "label": page.title, "colorWidget": page.color, "padding": 0,
        "scroll": False, "bypass": True, "widgets": _make_all(page.elements, PAGE_HEIGHT_PX, target),
    }  # fmt: skip


def _make_all(elements: Iterable[element_types.Element], height: int, target: str) -> list[JsonValue]:
    """The widgets of a container that is ``height`` pixels high."""
    return [_make_widget(one, target) | _make_place(one.box, height) for one in elements]


def _make_place(box: Box, height: int) -> Widget:
    return {
        "left": _format_percent(box.x / WIDTH_PX), "top": _format_percent(box.y / height),
        "width": _format_percent(box.width / WIDTH_PX), "height": _format_percent(box.height / height),
    }  # fmt: skip


def _make_widget(element: element_types.Element, target: str) -> Widget:
    """The widget for ``element``, without its place."""
    match element:
        case element_types.Caption():
            align = "center" if element.is_centered else "left"
            size = "120%" if element.is_heading else "100%"
            return _make_text(f"text {element.text}", element.text, element.color, align, size)
        case element_types.FieldText():
            return _make_text(_name_field(element), "", element.color, "center", "120%")
        case element_types.NumberValue():
            control = element.control
            return _make_sender(control, target) | {
                "type": "input", "align": "right", "unit": control.unit, "numeric": True, "colorText": element.color,
                "alphaStroke": 0,
            }  # fmt: skip
        case element_types.Fader():
            control = element.control
            return _make_sender(control, target) | {
                "type": "fader", "design": "compact", "horizontal": not element.is_vertical,
                "range": {"min": control.low, "max": control.high}, "colorWidget": element.color,
            }  # fmt: skip
        case element_types.LevelMeter():
            return {
                "type": "fader", "id": f"meter {element.port}", "design": "compact", "interaction": False,
                "bypass": True, "range": {"min": LOWEST_DB, "max": 0}, "default": LOWEST_DB, "knobSize": 0,
                "colorWidget": element.color,
            }  # fmt: skip
        case element_types.ToggleButton():
            return _make_sender(element.control, target) | {
                "type": "button", "mode": "toggle", "label": element.text, "on": 1, "off": 0, "wrap": "soft",
                "colorWidget": element.color,
            }  # fmt: skip
        case element_types.ActionButton():
            argument = element.argument
            return {
                "type": "button", "id": f"action {element.action.name} {argument}".rstrip(), "mode": "tap",
                "label": element.text, "on": argument or 1, "typeTags": "s" if argument else "i",
                "address": element.action.address, "target": target, "ignoreDefaults": True, "wrap": "soft",
                "colorWidget": element.color,
            }  # fmt: skip
        case element_types.ButtonRow() | element_types.ChoiceMenu():
            control = element.control
            words = [control.choices[number - int(control.low)] for number in element.numbers]
            kind: Widget = (
                {"type": "switch", "layout": "horizontal"} if isinstance(element, element_types.ButtonRow) else {}
            )
            return _make_sender(control, target) | {
                "type": "dropdown", "values": {"labels": words, "values": list(element.numbers)},
                "colorWidget": element.color, **kind,
            }  # fmt: skip


def _make_sender(control: Control, target: str) -> Widget:
    """What every widget of a control has. Two of the same id show the same value, and only one of them sends."""
    return {
        "id": control.name.replace(".", "-"), "address": control.address, "target": target, "ignoreDefaults": True,
        "typeTags": "i" if control.is_whole else "f", "decimals": count_decimals(control),
    }  # fmt: skip


def _make_text(name: str, text: str, color: str, align: str, size: str) -> Widget:
    return {
        "type": "text", "id": name, "default": text, "align": align, "colorText": color, "bypass": True,
        "css": f"label {{ font-size: {size} }}",
    }  # fmt: skip


def _make_receivers(elements: Sequence[element_types.Element]) -> list[Widget]:
    """Hidden widgets that take the messages of readings and write the fields into the texts and meters."""
    fields: dict[str, list[element_types.FieldText]] = {}
    for one in elements:
        if isinstance(one, element_types.FieldText):
            fields.setdefault(one.reading.address, []).append(one)
    receivers = [_make_receiver(address, "\n".join(map(_write_field, ones))) for address, ones in fields.items()]
    for one in elements:
        if isinstance(one, element_types.LevelMeter):
            script = f"set({json.dumps(f'meter {one.port}')}, value[0], {{send: false}})"
            receivers.append(
                _make_receiver(one.reading.address, script)
                | {
                    "id": f"receive {one.reading.address} {one.port}",
                    "preArgs": [one.port],
                }
            )
    return receivers


def _make_receiver(address: str, script: str) -> Widget:
    return {"type": "variable", "id": f"receive {address}", "address": address, "bypass": True, "onValue": script}


def _write_field(element: element_types.FieldText) -> str:
    """The line of a script that shows a field; a reading of one field comes as the value alone."""
    value = f"value[{element.position}]" if len(element.reading.fields) > 1 else "value"
    if element.decimals is not None:
        value = f"Number({value}).toFixed({element.decimals})"
    text = f"{json.dumps(element.prefix)} + {value} + {json.dumps(element.suffix)}"
    return f"set({json.dumps(_name_field(element))}, {text}, {{send: false}})"


def _name_field(element: element_types.FieldText) -> str:
    return f"field {element.reading.name} {element.field}".replace(".", "-")


def _format_percent(share: float) -> str:
    return f"{round(100 * share, PERCENT_DIGITS):g}%"
