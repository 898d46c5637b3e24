"""Switch prediction: what the buttons of a device would make of the mutes and solos of stems, were they pressed now.

The audio callback applies it in the cycle in which the message comes, some milliseconds before Python can.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from bridge.controllers.mappings.mapping import Input, MessageKind, MessageSpec, SetControl, Target
from bridge.controllers.surface.gestures import find_pressed_value, find_released_value

SwitchRows: TypeAlias = dict[tuple[int, int, bool], dict[str, float]]
"""By the status and first data byte of a message, and whether it is a press: values by control."""

_STATUSES = {MessageKind.NOTE: 0x90, MessageKind.CC: 0xB0, MessageKind.KEY_PRESSURE: 0xA0}
_NOTE_OFF = 0x80
_SWITCH = re.compile(r"stems\.\w+\.(mute|solo)")


def predict_message(
    message: MessageSpec,
    button: tuple[Input, Target] | None,
    held: tuple[Input, Target] | None,
    read: Callable[[str], float],
) -> SwitchRows:
    """What the press and the release of a button would change.

    ``button``: what sends ``message`` in the present layer, with its resolved target. ``held``: what it was when it was
    pressed, while it is down. ``read``: the present value of a control.
    """
    if message.kind not in _STATUSES:
        return {}
    released = _release_held(held)
    pressed: dict[str, float] = {}
    if message.kind is MessageKind.NOTE:
        pressed.update(released)  # a second note-on is a release, which was lost, and a press
    if (found := _find_switch(button)) is not None:
        item, target = found
        name = target.control.name
        if item.kind == "toggle":
            pressed[name] = find_pressed_value(target, item.kind, read(name))
            off = pressed[name] if target.step is not None else find_released_value(target, item.kind)
            if held is None:
                released = {} if off is None else {name: off}
        elif held is None or message.kind is MessageKind.NOTE:
            pressed[name] = find_pressed_value(target, item.kind, pressed.get(name, read(name)))
    rows = {}
    for is_press, changes in ((True, pressed), (False, released)):
        effective = {name: value for name, value in changes.items() if value != read(name)}
        statuses = [_STATUSES[message.kind]]
        if message.kind is MessageKind.NOTE and not is_press:
            statuses.append(_NOTE_OFF)
        if effective:
            rows.update({(status | message.channel, message.number, is_press): effective for status in statuses})
    return rows


def _release_held(held: tuple[Input, Target] | None) -> dict[str, float]:
    if (found := _find_switch(held)) is None:
        return {}
    number = find_released_value(found[1], found[0].kind)
    return {} if number is None else {found[1].control.name: number}


def _find_switch(button: tuple[Input, Target] | None) -> tuple[Input, SetControl] | None:
    """The button with its target, if that is the mute or solo of a stem."""
    if button is None or not isinstance(button[1], SetControl) or not _SWITCH.fullmatch(button[1].control.name):
        return None
    return button[0], button[1]
