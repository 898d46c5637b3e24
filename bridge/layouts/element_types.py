"""Element types: what a layout shows of a control, action or reading, each in its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from bridge.core.control import Action, Control, Reading
from bridge.layouts.box import Box


@dataclass(frozen=True, slots=True)
class Caption:
    """A text that does not change. ``is_heading``: of a section. ``is_centered``: in its place, and not on the left."""

    box: Box
    text: str
    color: str
    is_heading: bool = False
    is_centered: bool = False


@dataclass(frozen=True, slots=True)
class Fader:
    """A fader of a number."""

    box: Box
    control: Control
    color: str
    is_vertical: bool = False


@dataclass(frozen=True, slots=True)
class NumberValue:
    """The value of a number with its unit."""

    box: Box
    control: Control
    color: str


@dataclass(frozen=True, slots=True)
class ToggleButton:
    """A button that stays down, of a switch."""

    box: Box
    control: Control
    text: str
    color: str


@dataclass(frozen=True, slots=True)
class ButtonRow:
    """A button for each value of a choice; the one in force is lit. ``numbers``: the values, in order."""

    box: Box
    control: Control
    numbers: tuple[int, ...]
    color: str

    def find_button_box(self, position: int) -> Box:
        """The place of the button at ``position``."""
        start, end = (self.box.width * at // len(self.numbers) for at in (position, position + 1))
        return Box(self.box.x + start, self.box.y, end - start, self.box.height)


@dataclass(frozen=True, slots=True)
class ChoiceMenu:
    """A menu of the values of a choice, for many or long ones. ``numbers``: the values, in order."""

    box: Box
    control: Control
    numbers: tuple[int, ...]
    color: str


@dataclass(frozen=True, slots=True)
class ActionButton:
    """A button that triggers an action, with an argument or without one."""

    box: Box
    action: Action
    text: str
    color: str
    argument: str = ""


@dataclass(frozen=True, slots=True)
class FieldText:
    """A field of a reading as text. ``decimals``: of a number; None for a word. ``prefix``: what stands before it."""

    box: Box
    reading: Reading
    field: str
    color: str
    prefix: str = ""
    suffix: str = ""
    decimals: int | None = None

    @property
    def position(self) -> int:
        """Which of the reading's values it is, from 0."""
        return self.reading.fields.index(self.field)


@dataclass(frozen=True, slots=True)
class LevelMeter:
    """A meter of the peak level of one row of the reading ``meters``; ``port``: the row."""

    box: Box
    reading: Reading
    port: str
    color: str


ControlElement: TypeAlias = Fader | NumberValue | ToggleButton | ButtonRow | ChoiceMenu
"""Elements that show the value of a control."""
ReadingElement: TypeAlias = FieldText | LevelMeter
Element: TypeAlias = Caption | ControlElement | ActionButton | ReadingElement
