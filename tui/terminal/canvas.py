"""Canvas: the only widget; it draws rows, and of these only those that changed since the last frame."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter
from textual.geometry import Offset, Region
from textual.strip import Strip
from textual.widget import Widget

from tui.core.rows import Row, measure
from tui.drawing.themes import Look, Theme


def to_style(look: Look) -> Style:
    """The terminal's style of a look. What a look does not say is left to the terminal."""
    return Style(
        color=look.front or None,
        bgcolor=look.back or None,
        bold=look.is_bold or None,
        dim=look.is_dim or None,
        underline=look.is_underlined or None,
        reverse=look.is_reversed or None,
    )


class Colorless(LineFilter):
    """Removes colours, that of the terminal's default among them: of a theme without colours no sequence has one."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 - Textual's signature
        """The segments with their attributes alone."""
        return [Segment(text, style and style.without_color, control) for text, style, control in segments]


def find_cursor(rows: Sequence[Row]) -> tuple[int, int] | None:
    """Column and row of the text cursor, else of the mark ``▌`` of what is selected, for braille displays."""
    marked: tuple[int, int] | None = None
    for number, row in enumerate(rows):
        column = 0
        for text, role in row:
            if role == "cursor":
                return column, number
            if number > 1 and marked is None and text.startswith("▌"):
                marked = column, number
            column += measure(text)
    return marked


class Canvas(Widget, can_focus=False, inherit_bindings=False):
    """Draws rows in the looks of a theme."""

    DEFAULT_CSS = "Canvas { width: 100%; height: 100%; background: ansi_default; color: ansi_default; }"

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._styles_by_role = {role: to_style(look) for role, look in theme.looks.items()}
        self._ground = to_style(Look(theme.front, theme.back))
        self._rows: list[Row] = []
        self._strips: list[Strip] = []

    def show(self, rows: list[Row]) -> int:
        """Draw ``rows``, each as wide as the canvas; returns how many of them changed."""
        if len(rows) != len(self._rows):
            self._rows, self._strips = rows, [self._make_strip(row) for row in rows]
            self.refresh()
            return len(rows)
        changed = [number for number, row in enumerate(rows) if row != self._rows[number]]
        for number in changed:
            self._strips[number] = self._make_strip(rows[number])
        self._rows = rows
        if changed:
            width = self.size.width
            self.refresh(*(Region(0, number, width, 1) for number in changed))
            cursor = find_cursor(rows)
            if cursor is not None:
                self.app.cursor_position = Offset(*cursor)
        return len(changed)

    def forget(self) -> None:
        """Draw every row anew with the next frame."""
        self._rows, self._strips = [], []

    def _make_strip(self, row: Row) -> Strip:
        segments: list[Segment] = []
        width = 0
        text, last = "", ""
        for part, role in row:
            width += measure(part)
            if role == last:
                text += part
                continue
            if text:
                segments.append(Segment(text, self._styles_by_role[last]))
            text, last = part, role
        if text:
            segments.append(Segment(text, self._styles_by_role[last]))
        return Strip(segments, width)

    def render_line(self, y: int) -> Strip:
        """Row ``y`` of the canvas."""
        if y < len(self._strips):
            return self._strips[y]
        return Strip.blank(self.size.width, self._ground)
