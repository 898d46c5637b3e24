"""Table: columns of text with one selected row, scrolled so that it is seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tui.core.rows import Row, Run, cut, cut_start, fit_row, pad, pad_left, to_text

MARK = "▌"
"""Before the selected row."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column. ``width``: its columns; 0: it shares with others what is left. ``right``: numbers. ``keeps_end``: of a
    text that is too long the end is shown."""

    title: str
    width: int = 0
    right: bool = False
    keeps_end: bool = False


def find_window(cursor: int, count: int, size: int) -> range:
    """The rows of ``count`` that are shown in ``size``, the selected one in the middle where it can be."""
    size = min(max(size, 0), count)
    start = min(max(cursor - size // 2, 0), count - size)
    return range(start, start + size)


def lay_out(columns: Sequence[Column], width: int, gap: int = 1) -> list[int]:
    """The width of each column in ``width``: fixed ones first; those of width 0 share the rest."""
    fixed = sum(one.width for one in columns) + gap * max(len(columns) - 1, 0)
    open_columns = sum(not one.width for one in columns)
    rest = max(width - fixed, 0)
    widths = []
    for one in columns:
        share = rest // open_columns if not one.width else one.width
        if not one.width:
            rest, open_columns = rest - share, open_columns - 1
        widths.append(share)
    return widths


def draw_line(cells: Sequence[Run], columns: Sequence[Column], widths: Sequence[int], gap: int = 1) -> Row:
    """One row of a table without its mark."""
    row: Row = []
    for at, ((text, role), column, size) in enumerate(zip(cells, columns, widths, strict=False)):
        if at:
            row.append((" " * gap, "text"))
        text = cut_start(text, size) if column.keeps_end else text
        row.append((pad_left(text, size) if column.right else pad(text, size), role))
    return row


def mark_selected(row: Row) -> Row:
    """``row`` as the selected one: plain text and gaps; what has a meaning of its own keeps its role."""
    return [(text, "selected" if role in ("text", "dim") else role) for text, role in row]


def draw_table(
    columns: Sequence[Column],
    rows: Sequence[Sequence[Run]],
    width: int,
    height: int,
    cursor: int = -1,
    spacing: int = 0,
    gap: int = 1,
) -> list[Row]:
    """The heads of the columns and the rows around ``cursor``, in at most ``height`` rows of exactly ``width`` columns.

    ``cursor``: the selected row, -1 where none is. ``spacing``: blank rows behind each row, left out where all would
    not fit. What lies above and below is counted in the heads' row.
    """
    if height <= 0:
        return []
    widths = lay_out(columns, width - 1, gap)
    has_heads = any(one.title for one in columns)
    room = height - has_heads
    if spacing and len(rows) * (spacing + 1) - spacing > room:
        spacing = 0
    shown = find_window(cursor, len(rows), (room + spacing) // (spacing + 1))
    drawn: list[Row] = []
    if has_heads:
        head = [(" ", "text"), *draw_line([(one.title, "dim") for one in columns], columns, widths, gap)]
        drawn.append(put_position(fit_row(head, width), shown, len(rows), width))
    for at in shown:
        selected = at == cursor
        cells = draw_line(rows[at], columns, widths, gap)
        if selected:
            cells = mark_selected(cells)
        drawn.append(fit_row([(MARK if selected else " ", "selected" if selected else "text"), *cells], width))
        if at != shown[-1]:
            drawn.extend(fit_row([], width) for _ in range(spacing))
    return drawn[:height]


def put_position(head: Row, shown: range, count: int, width: int) -> Row:
    """``head`` with which rows are shown at its end, where that is not all of them."""
    if len(shown) >= count or not shown:
        return head
    text = f" {shown[0] + 1}-{shown[-1] + 1} of {count}"
    room = max(width - len(text), 0)
    return [*fit_row([(cut(to_text(head).rstrip(), room), "dim")], room), *fit_row([(text, "dim")], width - room)]
