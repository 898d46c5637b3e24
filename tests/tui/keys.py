"""Keys for a screen without a terminal, and its picture as text."""

from __future__ import annotations

from tests.tui.rig import SessionRig
from tui.core.rows import to_text
from tui.core.screen import Screen

FRAME_ROWS = 5
"""Rows of the terminal that are not the screen's."""


def press(screen: Screen, rig: SessionRig, *keys: str) -> None:
    """Do what each key does on ``screen``.

    Raises:
        KeyError: A key does nothing there.
    """
    for key in keys:
        runs = {one: action.run for action in screen.actions for one in action.keys}
        runs[key](rig.context)


def type_text(rig: SessionRig, text: str) -> None:
    """Type a text into the field that is open, in place of what it has, and press Enter."""
    field = rig.context.view.field
    assert field is not None, "no text field is open"
    field.text, field.cursor = text, len(text)
    if field.on_change is not None:
        field.on_change(text)
    rig.context.view.field = None
    if field.on_submit is not None:
        field.on_submit(text)


def answer_yes(rig: SessionRig) -> None:
    """Answer the question that is open by Enter."""
    asked = rig.context.view.asked
    assert asked is not None, "no question is open"
    rig.context.view.asked = None
    asked[1]()


def show(screen: Screen, rig: SessionRig) -> str:
    """What the screen draws, as text."""
    view = rig.context.view
    return "\n".join(to_text(row).rstrip() for row in screen.draw(rig.context, view.width, view.height - FRAME_ROWS))
