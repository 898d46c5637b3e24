"""Layout blocks: a control or action with its label, as elements in one place of the grid."""

from __future__ import annotations

from bridge.core.control import Action, Control
from bridge.layouts import element_types
from bridge.layouts.box import Box
from bridge.layouts.page_grid import COLUMN_PX, COLUMNS, ROW_PX
from bridge.layouts.page_rules import TEXT_COLOR

GAP_PX = 4
"""Space around a block: two are twice as far apart."""
CHARACTER_PX, BUTTON_PADDING_PX = 9, 8
"""Width of a character of 14 pixels' height, and what a button adds to its text."""
NARROWEST_BUTTON_PX = 56
"""Width of a button that a finger hits."""
FADER_COLUMNS, MENU_COLUMNS = 2, 3
"""Widths of a horizontal fader and of a menu, in columns of the grid."""


def count_columns(item: Control | Action) -> int:
    """The width of the block for ``item``, in columns of the grid."""
    if isinstance(item, Action) or item.kind == "switch":
        return 1
    if item.kind != "choice":
        return FADER_COLUMNS
    columns = -(-_measure_row(item) // COLUMN_PX)
    return max(columns, 2) if columns <= COLUMNS else MENU_COLUMNS


def make_block(box: Box, item: Control | Action, label: str, color: str) -> tuple[element_types.Element, ...]:
    """The elements for ``item`` in ``box``, which is as wide as `count_columns` says."""
    box = box.shrink(GAP_PX)
    if isinstance(item, Action):
        return (element_types.ActionButton(box, item, label, color),)
    if item.kind == "switch":
        return (element_types.ToggleButton(box, item, label, color),)
    top, body = box.split_rows(ROW_PX - GAP_PX)
    if item.kind == "choice":
        numbers = list_numbers(item)
        row = _measure_row(item) <= COLUMNS * COLUMN_PX
        element = (
            element_types.ButtonRow(body, item, numbers, color)
            if row
            else element_types.ChoiceMenu(body, item, numbers, color)
        )
        return element_types.Caption(top, label, TEXT_COLOR), element
    title, value = top.split_columns(top.width * 3 // 5)
    return (
        element_types.Caption(title, label, TEXT_COLOR),
        element_types.NumberValue(value, item, color),
        element_types.Fader(body, item, color),
    )


def list_numbers(choice: Control) -> tuple[int, ...]:
    """The values of a choice that can be chosen now."""
    gone = choice.unavailable_numbers
    return tuple(int(choice.low) + at for at in range(len(choice.choices)) if int(choice.low) + at not in gone)


def _measure_row(choice: Control) -> int:
    """The width of a row of buttons for all values, in pixels."""
    longest = max(map(len, choice.choices), default=0)
    return len(choice.choices) * max(longest * CHARACTER_PX + BUTTON_PADDING_PX, NARROWEST_BUTTON_PX) + 2 * GAP_PX
