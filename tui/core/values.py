"""Values of controls as a person reads them: with unit, as a word, on or off."""

from __future__ import annotations

import math

from tui.core.registry import Control, Value
from tui.core.session import Record

UNKNOWN = "–"
"""Stands for what is not known; it is never a number."""
EQUAL = 1e-6
"""Two values are the same within this share of their size: the wire carries 32 bits."""


def to_number(control: Control, value: Value) -> float | None:
    """The number of a value of ``control`` as a file or an action writes it; None where it is no value of it.

    A word is a choice, ``on``, ``off``, ``true``, ``false``, or a number in digits.
    """
    if not isinstance(value, str):
        return float(value)
    if value in control.choices:
        return control.low + control.choices.index(value)
    if control.kind == "switch" and value.lower() in ("on", "off", "true", "false"):
        return float(value.lower() in ("on", "true"))
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def find_available(control: Control, number: float, direction: float) -> float | None:
    """``number``, or the next choice in ``direction`` (its sign counts) that can be chosen; None where none follows."""
    while number in control.unavailable:
        number += 1.0 if direction >= 0 else -1.0
    return number if control.low <= number <= control.high else None


def is_equal(first: float, second: float) -> bool:
    """Whether two values are the same, as far as the wire carries them."""
    return abs(first - second) <= EQUAL * max(1.0, abs(first), abs(second))


def format_number(control: Control, number: float) -> str:
    """The value of ``control`` without its unit: ``on``, ``jazz``, ``384``, ``-3.0``."""
    if control.kind == "switch":
        return "on" if number > 0.5 else "off"
    if control.choices:
        index = round(number - control.low)
        return control.choices[index] if 0 <= index < len(control.choices) else f"{number:g}"
    if control.kind == "integer":
        return f"{round(number)}"
    span = control.high - control.low
    text = f"{number:.{0 if span >= 1000 else 1 if span >= 10 else 2}f}"
    return text.lstrip("-") if float(text) == 0 else text


def format_value(control: Control, number: float) -> str:
    """The value of ``control`` with its unit."""
    return f"{format_number(control, number)} {control.unit}".rstrip()


def find_position(control: Control, number: float) -> float:
    """Where ``number`` lies in the range of ``control``, 0 to 1, as a fader shows it."""
    low, high = control.low, control.high
    if high <= low:
        return 0.0
    number = min(max(number, low), high)
    if control.kind == "log" and low > 0:
        return math.log(number / low) / math.log(high / low)
    return (number - low) / (high - low)


def read_text(record: Record, name: str) -> str:
    """A field of a record as text; empty where it is missing."""
    return str(record.get(name, ""))


def read_number(record: Record, name: str, default: float = 0.0) -> float:
    """A field of a record as a number; ``default`` where it is missing or none."""
    value = record.get(name, default)
    return default if isinstance(value, str) or not math.isfinite(value) else float(value)
