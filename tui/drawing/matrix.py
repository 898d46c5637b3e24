"""Matrix: sources in rows, destinations in columns under the names of their clients, scrolled with the cursor."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tui.core.rows import Row, Run, cut, fit_row, measure, pad
from tui.drawing.table import MARK, find_window

CORNER = "from ╲ to"
GROUP_GAP = 2
"""Blank columns between the columns of two clients."""
HEAD_ROWS = 2
MORE_COLUMNS = 5
"""Columns at the right that say how many destinations follow."""
MAX_LABEL = 300
"""Characters of a label whose end is looked at."""
MAX_CELL = 16
"""Columns of a cell, so that neighbours are still seen as such."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row or a column. ``group``: its client. ``is_away``: it is wanted and not there."""

    group: str
    label: str
    is_away: bool = False


@dataclass(frozen=True, slots=True)
class MatrixSize:
    """Columns of the labels and of a cell with its gap, and the blank rows behind each row."""

    label: int
    cell: int
    spacing: int = 0


def shorten_labels(labels: Sequence[str]) -> list[str]:
    """The labels of one client without what all of them begin or end with: ``Bass/in``, ``Keys/in`` is Bass, Keys.

    Where only numbers would be left, the labels stay whole.
    """
    if len(labels) < 2:
        return list(labels)
    first, last = min(labels), max(labels)
    start = 0
    while start < min(len(first), len(last)) and first[start] == last[start]:
        start += 1
    while start and first[start - 1].isalnum():
        start -= 1
    turned = [one[start:][::-1] for one in labels]
    first, last = min(turned), max(turned)
    end = 0
    while end < min(len(first), len(last)) and first[end] == last[end]:
        end += 1
    while end and first[end - 1].isalnum():
        end -= 1
    short = [one[start : len(one) - end] for one in labels]
    return short if all(short) and not all(one.isdecimal() for one in short) else list(labels)


def fit_label(label: str, width: int) -> str:
    """``label`` in at most ``width`` columns; the number at its end, which tells channels apart, is kept."""
    number = label[len(label.rstrip("0123456789")) :]
    if len(label) > MAX_LABEL or measure(label) <= width or not number or len(number) > width - 2:
        return cut(label, width)
    base = label.removesuffix(number).rstrip(" _-")
    while measure(base) > width - len(number):
        base = base[:-1]
    return base + number


def draw_matrix(
    sources: Sequence[Line],
    destinations: Sequence[Line],
    cell: Callable[[int, int], Run],
    cursor: tuple[int, int],
    width: int,
    height: int,
    size: MatrixSize,
) -> list[Row]:
    """The part of the matrix around ``cursor`` (row, column) in at most ``height`` rows of ``width`` columns.

    ``cell``: text of at most ``size.cell`` - 2 columns, and its role. The cell of the cursor is in brackets.
    """
    columns = _find_columns(destinations, cursor[1], width - size.label, size.cell)
    if len(columns) == len(destinations):
        size = _widen(destinations, columns, width, size)
    else:
        columns = _find_columns(destinations, cursor[1], width - size.label - MORE_COLUMNS, size.cell)
    room = height - HEAD_ROWS
    spacing = size.spacing if len(sources) * (size.spacing + 1) - size.spacing <= room else 0
    rows = find_window(cursor[0], len(sources), max((room + spacing) // (spacing + 1), 0))
    drawn = [*_draw_heads(destinations, columns, cursor[1], size, rows, len(sources))]
    for at in rows:
        if at != rows[0]:
            drawn.extend([] for _ in range(spacing))
        line = _draw_label(sources[at], at == cursor[0], size.label)
        for column in columns:
            line.append((" " * _gap_before(destinations, columns, column), "text"))
            text, role = cell(at, column)
            if (at, column) == cursor:
                text, role = f"[{text or ' '}]", "selected"
            else:
                text = f" {text}"
            line.append((text, role))
            line.append((" " * (size.cell - measure(text)), "text"))
        drawn.append(line)
    return [fit_row(one, width) for one in drawn[: max(height, 0)]]


def _find_columns(destinations: Sequence[Line], cursor: int, width: int, cell: int) -> range:
    """The columns that fit, around the cursor."""
    for count in range(min(len(destinations), max(width // cell, 0)), 0, -1):
        shown = find_window(cursor, len(destinations), count)
        gaps = sum(_gap_before(destinations, shown, one) for one in shown)
        if count * cell + gaps <= width:
            return shown
    return range(0)


def _widen(lines: Sequence[Line], shown: range, width: int, size: MatrixSize) -> MatrixSize:
    """``size`` with wider cells, where all columns fit and their labels are longer."""
    gaps = sum(_gap_before(lines, shown, one) for one in shown)
    longest = max((measure(one.label) for one in lines), default=0) + 2
    widest = (width - size.label - gaps) // max(len(shown), 1)
    return replace(size, cell=max(size.cell, min(widest, longest, MAX_CELL)))


def _gap_before(lines: Sequence[Line], shown: range, at: int) -> int:
    return GROUP_GAP if at != shown[0] and lines[at].group != lines[at - 1].group else 0


def _draw_heads(
    lines: Sequence[Line], shown: range, cursor: int, size: MatrixSize, rows: range, count: int
) -> list[Row]:
    """The clients with a rule over their columns, and the labels; how much more there is where not all is shown."""
    place = f" {rows[0] + 1}-{rows[-1] + 1} of {count}" if rows and len(rows) < count else ""
    back = f"{shown[0]} ◂" if shown and shown[0] else ""
    on = f"▸ {len(lines) - 1 - shown[-1]}" if shown and shown[-1] < len(lines) - 1 else ""
    clients: Row = [(pad(place, size.label), "dim")]
    labels: Row = [(pad(f" {CORNER}", size.label - measure(back)) + back, "dim")]
    for group, members in itertools.groupby(shown, key=lambda at: lines[at].group):
        several = list(members)
        gap = " " * _gap_before(lines, shown, several[0])
        room = len(several) * size.cell - 1
        name = cut(group, room)
        rule = room - measure(name) - 1
        clients += [(f"{gap} {name}", "title"), (" " + "─" * rule if rule > 0 else " " * (room - measure(name)), "dim")]
        labels.append((gap, "text"))
        for at in several:
            role = "title" if at == cursor else "off" if lines[at].is_away else "text"
            labels.append((" " + pad(fit_label(lines[at].label, size.cell - 1), size.cell - 1), role))
    labels.append((on, "dim"))
    return [clients, labels]


def _draw_label(line: Line, is_selected: bool, width: int) -> Row:
    role = "selected" if is_selected else "off" if line.is_away else "text"
    room = width - 1
    label_size = min(measure(line.label), max(room - 4, room // 2))
    group = cut(line.group, max(room - label_size - 1, 0))
    return [
        (MARK if is_selected else " ", role),
        (group + " " if group else "", role if is_selected else "dim"),
        (pad(line.label, room - measure(group) - (1 if group else 0)), role),
    ]
