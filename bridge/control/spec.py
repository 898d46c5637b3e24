"""Declarations: Control, Action and Reading, and parsing and formatting of control values.

`Control` and `Action` are defined in bridge.core.control, because engines declare them too and import nothing above
the core. They are re-exported here, so that all three can be imported from one module. A `Reading` is never declared
by an engine and is defined here.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from bridge.core.control import Action, Control, address_of
from bridge.errors import ControlError

__all__ = [
    "Action",
    "Control",
    "Item",
    "Reading",
    "Value",
    "address_of",
    "format_value",
    "parse_value",
    "suggest_nearest",
]

Value: TypeAlias = bool | int | float | str
"""A value given for a control, or held by a field of a reading."""

_READING = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*")


@dataclass(frozen=True, slots=True)
class Reading:
    """A published, read-only value: its ``fields`` in order, each a number or a word.

    ``keyed``: the first field names a row (a path, a worker), and the latest values of every row are kept.
    """

    name: str
    fields: tuple[str, ...]
    doc: str = ""
    keyed: bool = False

    def __post_init__(self) -> None:
        if not _READING.fullmatch(self.name):
            raise ValueError(f"reading name {self.name!r}: use dotted lower case, such as mir.chord")
        if not self.fields:
            raise ValueError(f"reading {self.name}: name at least one field")

    @property
    def address(self) -> str:
        return address_of(self.name)


Item: TypeAlias = Control | Action | Reading


def suggest_nearest(name: str, names: Iterable[str], otherwise: str = "sideman controls lists the names") -> str:
    """A hint with the names most similar to ``name``, or ``otherwise`` where none is similar."""
    close = difflib.get_close_matches(name, list(names), n=3)
    return f"nearest: {', '.join(close)}" if close else otherwise


def parse_value(control: Control, value: object) -> float:
    """Parse ``value`` to the control's number: type-checked, not clamped.

    A choice accepts its index or its word, a switch a number or a bool, everything else a finite number. Any other
    value is a `ControlError`.
    """
    if isinstance(value, str):
        if value in control.choices:
            return control.low + control.choices.index(value)
        words = f"one of {', '.join(control.choices)}" if control.choices else "a number"
        raise ControlError(f"{control.name}: {value!r} is not a value of it", f"give {words}")
    if isinstance(value, bool) and control.kind != "switch":
        raise ControlError(f"{control.name}: {value} is not a number", _hint_range(control))
    if not isinstance(value, int | float):
        raise ControlError(f"{control.name}: a {type(value).__name__} is not a number", _hint_range(control))
    try:
        number = float(value)
    except OverflowError as error:
        raise ControlError(f"{control.name}: the number is too large", _hint_range(control)) from error
    if not math.isfinite(number):
        raise ControlError(f"{control.name}: {number} is not a finite number", _hint_range(control))
    return number


def format_value(control: Control, value: float) -> Value:
    """Format a control's number as a person writes it: a bool, a word, a whole number or a float."""
    if control.kind == "switch":
        return bool(value)
    if control.kind == "choice":
        return control.choices[int(value - control.low)]
    return int(value) if control.kind == "integer" else float(value)


def _hint_range(control: Control) -> str:
    return f"give {control.low:g} to {control.high:g}" + (f" {control.unit}" if control.unit else "")
