"""Parameter text: a parameter's value or automation as tables show it, with the unit where it is known."""

from __future__ import annotations

from bridge.number_text import format_number
from chains.document.chain import Member, ParameterValue
from chains.document.effects import EFFECTS

Points = tuple[tuple[float, float], ...]
"""Beat and value."""


def format_parameter(member: Member, name: str, value: ParameterValue) -> str:
    """A value with the unit that a built-in effect gives it; a plugin's value is shown as the file has it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, str):
        return value
    return f"{format_number(value)} {_find_unit(member, name)}".rstrip()


def format_points(member: Member, name: str, points: Points) -> str:
    """Automation as beat and value, the first and last points where there are many."""
    shown = points if len(points) <= len("four") else (*points[:2], *points[-2:])
    texts = [f"beat {beat:g}: {format_parameter(member, name, value)}" for beat, value in shown]
    if len(shown) < len(points):
        texts.insert(2, f"{len(points) - len(shown)} more")
    return ", ".join(texts)


def _find_unit(member: Member, name: str) -> str:
    effect = EFFECTS.get(member.effect)
    return next((one.unit for one in effect.parameters if one.name == name), "") if effect else ""
