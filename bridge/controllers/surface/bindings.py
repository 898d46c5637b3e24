"""Bindings of a device: which message is bound to what, for the user."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.controllers.mappings.mapping import (
    MoveBank,
    SelectLayer,
    SetControl,
    SetStrip,
    Target,
    Touch,
    TriggerAction,
)
from bridge.core.control import Control, format_value


@dataclass(frozen=True, slots=True)
class Binding:
    """What an input is bound to. ``name``: its message, and its layer. ``state``: empty where it acts as it is.

    Else "picked up", "move to 83 %", "layer shift" (which is not active now), "no strip" (the bank has none there), or
    what went wrong the last time, such as "preset.load: no preset verse; save it first".
    """

    name: str
    message: str
    control: str
    state: str


def name_binding(target: Target) -> str:
    """The name of what an input acts on: a control or action, or in words."""
    match target:
        case SetControl():
            return target.control.name
        case TriggerAction():
            return f"{target.action} {target.argument}".rstrip()
        case SelectLayer():
            return f"{'hold' if target.held else 'select'} layer {target.layer}"
        case MoveBank():
            return f"bank {target.strips:+d}"
        case SetStrip():
            return f"strip {target.strip + 1} {target.function}"
        case Touch():
            return f"touch of {name_binding(target.of)}"


def describe_binding(target: Target) -> str:
    """As `name_binding`, with the value that a button sets, or its step."""
    if isinstance(target, SetControl) and target.value is not None:
        return f"{name_binding(target)} {describe_value(target.control, target.value)}"
    if isinstance(target, SetControl) and target.step is not None:
        return f"{name_binding(target)} {target.step:+g}"
    return name_binding(target)


def describe_value(control: Control, value: float) -> str:
    """A value as a person writes it."""
    shown = format_value(control, value)
    if isinstance(shown, bool):
        return "on" if shown else "off"
    return shown if isinstance(shown, str) else f"{shown:g}"
