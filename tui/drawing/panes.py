"""Panes: rows in a margin, rows side by side, and texts of several rows."""

from __future__ import annotations

from collections.abc import Sequence

from tui.core.rows import Row, cut, fit_row, measure, measure_row
from tui.core.screen import View

LARGE_MARGIN = 5
"""Columns left and right of a screen in the large layout."""


def find_margin(view: View) -> int:
    """Columns left and right of a screen: one, and more in the large layout."""
    return LARGE_MARGIN if view.is_large else 1


def fill(rows: Sequence[Row], width: int, height: int) -> list[Row]:
    """``rows`` in exactly ``height`` rows of exactly ``width`` columns: cut, or filled with blank ones."""
    height = max(height, 0)
    drawn = [fit_row(row, width) for row in rows[:height]]
    return drawn + [fit_row([], width)] * (height - len(drawn))


def indent(rows: Sequence[Row], columns: int) -> list[Row]:
    """``rows`` behind blank columns."""
    return [[(" " * columns, "text"), *row] for row in rows]


def put_side_by_side(left: Sequence[Row], right: Sequence[Row], left_width: int, gap: int = 2) -> list[Row]:
    """``right`` beside ``left``, which is brought to ``left_width`` columns."""
    drawn = []
    for at in range(max(len(left), len(right))):
        row = fit_row(left[at] if at < len(left) else [], left_width)
        drawn.append([*row, (" " * gap, "text"), *(right[at] if at < len(right) else [])])
    return drawn


def wrap(text: str, width: int, rows: int = 100) -> list[str]:
    """``text`` in at most ``rows`` lines of at most ``width`` columns, broken between words; the last one is cut."""
    if width <= 0 or rows <= 0:
        return []
    lines: list[str] = []
    line = ""
    words = text[: 4 * width * rows].split()
    for at, word in enumerate(words):
        longer = f"{line} {word}" if line else word
        if measure(longer) <= width or not line:
            line = longer
            continue
        if len(lines) == rows - 1:
            return [*lines, cut(" ".join([line, *words[at:]]), width)]
        lines.append(cut(line, width))
        line = word
    return [*lines, cut(line, width)] if line else lines


def draw_text(text: str, width: int, rows: int, role: str = "text") -> list[Row]:
    """``text`` as rows, broken between words."""
    return [[(line, role)] for line in wrap(text, width, rows)]


def join_fitting(items: Sequence[Row], width: int, margin: int = 0, gap: int = 3) -> Row:
    """As many of ``items`` beside each other as fit whole into ``width`` columns, behind a margin."""
    row: Row = [(" " * margin, "text")] if margin else []
    used = margin
    for number, item in enumerate(items):
        size = measure_row(item) + (gap if number else 0)
        if used + size > width:
            break
        row += [*([(" " * gap, "text")] if number else []), *item]
        used += size
    return row


def flow(items: Sequence[Row], width: int, gap: int = 3) -> list[Row]:
    """``items`` beside each other, in as many rows as they need; one that is wider than a row is cut there."""
    rows: list[Row] = []
    left = list(items)
    while left:
        count = next((n for n in range(len(left), 1, -1) if _measure_items(left[:n], gap) <= width), 1)
        rows.append(join_fitting(left[:count], width, gap=gap) or left[0])
        left = left[count:]
    return rows


def _measure_items(items: Sequence[Row], gap: int) -> int:
    return sum(map(measure_row, items)) + gap * (len(items) - 1)
