"""TouchOSC nodes: the tree of a .tosc file, as TouchOSC 1.5 writes it (lexml 6), to XML and to the compressed file.

The format is documented by those who read it: py2tosc (docs/format.md) and tosclib. A file is XML, compressed by zlib.
"""

from __future__ import annotations

import uuid
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from bridge.layouts.box import Box

LEXML_VERSION = "6"
NAMESPACE = uuid.UUID("5f0f2f0e-6e0b-5f0c-9d39-0c1c8c6d5a11")
"""Namespace of the identifiers: they derive from the names of the nodes, so that the same layout is the same file."""
CONNECTION = "0000000001"
"""First of ten connections, one character each, from the right."""
COMPRESSION_LEVEL = 9


class ToscColor(NamedTuple):
    """Red, green, blue and alpha from 0 to 1."""

    red: float
    green: float
    blue: float
    alpha: float = 1.0


Property: TypeAlias = bool | int | float | str | Box | ToscColor


@dataclass(frozen=True, slots=True)
class OscBinding:
    """An OSC message of a node: its path and one argument.

    ``argument``: a value of the node, such as x, or where ``is_constant`` a text. ``conversion``: FLOAT, INTEGER or
    STRING. ``low`` and ``high``: what x from 0 to 1 is on the wire. ``trigger``: when it is sent, ANY or RISE of x.
    """

    path: str
    argument: str
    conversion: str
    low: float = 0.0
    high: float = 1.0
    is_constant: bool = False
    trigger: str = "ANY"
    receives: bool = True


@dataclass(frozen=True, slots=True)
class ToscNode:
    """One element. ``values``: what it holds at the start, by key: x, text, page or touch."""

    kind: str
    name: str
    properties: Mapping[str, Property]
    values: Mapping[str, float | bool | str] = field(default_factory=dict)
    bindings: Sequence[OscBinding] = ()
    children: Sequence[ToscNode] = ()


def parse_color(text: str, alpha: float = 1.0) -> ToscColor:
    """The colour ``text``, written as #rrggbb."""
    red, green, blue = (int(text[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return ToscColor(round(red, 4), round(green, 4), round(blue, 4), alpha)


def compress_layout(root: ToscNode) -> bytes:
    """The content of a .tosc file whose layout is ``root``."""
    return zlib.compress(format_layout(root).encode(), COMPRESSION_LEVEL)


def format_layout(root: ToscNode) -> str:
    """The layout ``root`` as XML, on one line."""
    body = _format_node(root, f"/{root.name}", is_root=True)
    return f"<?xml version='1.0' encoding='UTF-8'?><lexml version='{LEXML_VERSION}'>{body}</lexml>"


def _format_node(node: ToscNode, path: str, is_root: bool = False) -> str:
    """``path``: the names down to the node, which no other has."""
    properties = {"name": node.name, **node.properties}
    parts = [
        "<includes/>" if is_root else "",
        _wrap("properties", "".join(_format_property(key, properties[key]) for key in sorted(properties))),
        _wrap("values", "".join(_format_value(key, start) for key, start in node.values.items())),
        _wrap("messages", "".join(map(_format_binding, node.bindings))),
        _wrap("children", _format_children(node.children, path)),
    ]
    return f"<node ID='{uuid.uuid5(NAMESPACE, path)}' type='{node.kind}'>{''.join(parts)}</node>"


def _format_children(children: Sequence[ToscNode], path: str) -> str:
    parts, count = list[str](), Counter[str]()
    for child in children:
        count[child.name] += 1
        again = f" {count[child.name]}" if count[child.name] > 1 else ""
        parts.append(_format_node(child, f"{path}/{child.name}{again}"))
    return "".join(parts)


def _wrap(tag: str, content: str) -> str:
    """The element ``tag``; empty ones are left out, as TouchOSC does."""
    return f"<{tag}>{content}</{tag}>" if content else ""


def _format_property(key: str, value: Property) -> str:
    code, text = _encode_property(value)
    return f"<property type='{code}'><key>{_format_text(key)}</key><value>{text}</value></property>"


def _encode_property(value: Property) -> tuple[str, str]:
    """The type's letter, and the content of ``value``."""
    if isinstance(value, bool):
        return "b", str(int(value))
    if isinstance(value, int):
        return "i", str(value)
    if isinstance(value, float):
        return "f", _format_number(value)
    if isinstance(value, Box):
        sides = zip("xywh", (value.x, value.y, value.width, value.height), strict=True)
        return "r", "".join(f"<{side}>{size}</{side}>" for side, size in sides)
    if isinstance(value, ToscColor):
        return "c", "".join(f"<{part}>{_format_number(one)}</{part}>" for part, one in zip("rgba", value, strict=True))
    return "s", _format_text(value)


def _format_value(key: str, start: float | bool | str) -> str:
    text = str(start).lower() if isinstance(start, bool) else start if isinstance(start, str) else _format_number(start)
    return (
        f"<value><key>{_format_text(key)}</key><locked>0</locked><lockedDefaultCurrent>0</lockedDefaultCurrent>"
        f"<default>{_format_text(text)}</default><defaultPull>0</defaultPull></value>"
    )


def _format_binding(binding: OscBinding) -> str:
    source = "CONSTANT" if binding.is_constant else "VALUE"
    argument = _format_partial(source, binding.conversion, binding.argument, binding.low, binding.high)
    return (
        f"<osc><enabled>1</enabled><send>1</send><receive>{int(binding.receives)}</receive><feedback>0</feedback>"
        f"<noDuplicates>0</noDuplicates><connections>{CONNECTION}</connections>"
        f"<triggers><trigger><var>{_format_text('x')}</var><condition>{binding.trigger}</condition></trigger></triggers>"
        f"<path>{_format_partial('CONSTANT', 'STRING', binding.path, 0.0, 1.0)}</path>"
        f"<arguments>{argument}</arguments></osc>"
    )


def _format_partial(source: str, conversion: str, value: str, low: float, high: float) -> str:
    return (
        f"<partial><type>{source}</type><conversion>{conversion}</conversion><value>{_format_text(value)}</value>"
        f"<scaleMin>{_format_number(low)}</scaleMin><scaleMax>{_format_number(high)}</scaleMax></partial>"
    )


def _format_text(text: str) -> str:
    """``text`` as character data, without the control characters that XML does not allow."""
    allowed = "".join(one for one in text if one in "\t\n" or (one >= " " and one not in "\x7f\ufffe\uffff"))
    return f"<![CDATA[{allowed.replace(']]>', ']]]]><![CDATA[>')}]]>"


def _format_number(number: float) -> str:
    return str(int(number)) if number == int(number) else repr(round(number, 6))
