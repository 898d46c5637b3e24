"""Layout: pages of placed elements, before they are written in the format of a program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from bridge.core.control import Action, Control, Reading

WIDTH_PX, HEIGHT_PX = 1024, 768
"""Size of a layout: that of a 4:3 tablet. Both programs scale it to the screen."""
HEADER_PX = 48
"""Height of the line above the pages that is always visible."""
TABS_PX = 48
"""Height of the bar that chooses a page: a finger hits it."""
PAGE_HEIGHT_PX = HEIGHT_PX - HEADER_PX - TABS_PX
"""Height of a page."""


@dataclass(frozen=True, slots=True)
class Box:
    """A place on a page, in pixels from its upper left corner."""

    x: int
    y: int
    width: int
    height: int

    def split_rows(self, top: int) -> tuple[Box, Box]:
        """The upper ``top`` pixels, and the rest."""
        return Box(self.x, self.y, self.width, top), Box(self.x, self.y + top, self.width, self.height - top)

    def split_columns(self, left: int) -> tuple[Box, Box]:
        """The left ``left`` pixels, and the rest."""
        return Box(self.x, self.y, left, self.height), Box(self.x + left, self.y, self.width - left, self.height)

    def shrink(self, margin: int) -> Box:
        """The place without a margin on each side."""
        return Box(self.x + margin, self.y + margin, self.width - 2 * margin, self.height - 2 * margin)


@dataclass(frozen=True, slots=True)
class Caption:
    """A text that does not change. ``is_heading``: of a section. ``is_centered``: in its place, and not on the left."""

    box: Box
    text: str
    color: str
    is_heading: bool = False
    is_centered: bool = False


@dataclass(frozen=True, slots=True)
class FaderElement:
    """A fader of a number."""

    box: Box
    control: Control
    color: str
    is_vertical: bool = False


@dataclass(frozen=True, slots=True)
class ValueElement:
    """The value of a number with its unit."""

    box: Box
    control: Control
    color: str


@dataclass(frozen=True, slots=True)
class SwitchElement:
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


Element: TypeAlias = (
    Caption | FaderElement | ValueElement | SwitchElement | ButtonRow | ChoiceMenu | ActionButton | FieldText
    | LevelMeter
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LayoutPage:
    """One page, behind a tab."""

    title: str
    color: str
    elements: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """What is always visible, and the pages. ``header``: in pixels of the whole layout."""

    header: tuple[Element, ...]
    pages: tuple[LayoutPage, ...]

    @property
    def elements(self) -> tuple[Element, ...]:
        """All elements, page by page."""
        return self.header + tuple(element for page in self.pages for element in page.elements)
