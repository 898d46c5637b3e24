"""Gestures: what presses, releases and the turns of encoders make of a control's present value."""

from __future__ import annotations

from bridge.controllers.mappings.mapping import SetControl
from bridge.controllers.mappings.mapping_file import ButtonKind, EncoderKind
from bridge.controllers.mappings.scaling import to_position, to_value

ENCODER_STEPS = 100
"""Steps of an encoder from one end of a control's range to the other, where its entry does not say."""


def find_pressed_value(target: SetControl, kind: ButtonKind | EncoderKind, present: float) -> float:
    """The value of ``target``'s control after a press, for its ``present`` one."""
    if target.step is not None:
        return add_step(target, present)
    if target.value is not None:
        if kind == "latched" and present == target.value:
            return target.control.default
        return target.value
    if kind == "latched":
        middle = (target.low + target.high) / 2
        is_on = present > middle if target.high > target.low else present < middle
        return target.low if is_on else target.high
    return target.high


def find_released_value(target: SetControl, kind: ButtonKind | EncoderKind) -> float | None:
    """The value after the release, or of a toggle that its device switched off; None: it stays as it is."""
    if target.step is not None or kind == "latched":
        return None
    if target.value is not None:
        return target.control.default if kind == "toggle" else None
    return target.low


def add_step(target: SetControl, present: float) -> float:
    """One step further: after the last choice comes the first one, everything else stops at its end."""
    low, high = min(target.low, target.high), max(target.low, target.high)
    value = present + (target.step or 0.0)
    if target.control.kind in {"choice", "switch"}:
        count = high - low + 1
        turns = (low + (value + (at if value >= present else -at) - low) % count for at in range(int(count)))
        gone = target.control.unavailable_numbers
        return next((one for one in turns if one not in gone), present)
    return min(max(value, low), high)


def turn_encoder(target: SetControl, present: float, steps: int) -> float:
    """The value after ``steps`` of an encoder: of the entry's size, or whole numbers, or hundredths of the range."""
    control = target.control
    low, high = min(target.low, target.high), max(target.low, target.high)
    if target.step is None and not control.is_whole:
        position = to_position(present, target.low, target.high, target.curve, control) + steps / ENCODER_STEPS
        return to_value(min(max(position, 0.0), 1.0), target.low, target.high, target.curve, control)
    direction = 1.0 if target.high >= target.low else -1.0
    value = min(max(present + steps * (target.step if target.step is not None else direction), low), high)
    return control.find_available(value, value - present)
