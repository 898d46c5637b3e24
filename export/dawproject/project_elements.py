"""Project elements: XML elements of a DAWproject, with ids, text that XML 1.0 allows, and numbers without exponents."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from decimal import Decimal
from itertools import count

from bridge.core.time import TICKS_PER_BEAT

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Complement of the characters of XML 1.0 (W3C, section 2.2, production 2)."""
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'


class ElementFactory:
    """Adds elements. Ids are numbered in the order of the calls, so that the same session gets the same ids."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def add(self, parent: ET.Element, tag: str, attributes: Mapping[str, str] | None = None) -> ET.Element:
        """Add an element that the schema gives no id."""
        cleaned = {name: replace_forbidden(value) for name, value in (attributes or {}).items()}
        return ET.SubElement(parent, tag, cleaned)

    def add_with_id(self, parent: ET.Element, tag: str, attributes: Mapping[str, str] | None = None) -> ET.Element:
        """Add an element that others may refer to."""
        return self.add(parent, tag, {**(attributes or {}), "id": f"id{next(self._numbers)}"})


def get_id(element: ET.Element) -> str:
    """The id of an element that has one."""
    return element.attrib["id"]


def replace_forbidden(text: str) -> str:
    """``text`` with U+FFFD in place of what XML 1.0 cannot hold: control characters and halves of surrogate pairs."""
    return _FORBIDDEN.sub(_REPLACEMENT, text)


def format_flag(value: bool) -> str:
    """A truth value of XML Schema."""
    return "true" if value else "false"


def format_number(value: float) -> str:
    """The shortest decimal number that is read as ``value``, without an exponent."""
    return f"{Decimal(repr(float(value))):f}"


def format_beats(tick: int) -> str:
    """The quarter notes from the start to ``tick``."""
    return format_number(tick / TICKS_PER_BEAT)


def format_xml(root: ET.Element) -> bytes:
    """The document as UTF-8, indented by two spaces."""
    ET.indent(root)
    return _DECLARATION + ET.tostring(root, encoding="unicode").encode() + b"\n"
