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
