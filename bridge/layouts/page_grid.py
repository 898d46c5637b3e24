"""Page grid: places for blocks on pages, in reading order, without overlaps."""

from __future__ import annotations

from bridge.layouts.box import PAGE_HEIGHT_PX, WIDTH_PX, Box

COLUMNS, ROWS = 8, 24
"""Cells of a page. A block for a finger is three rows high."""
MARGIN_PX = 12
"""Space at the edges of a page."""
COLUMN_PX, ROW_PX = (WIDTH_PX - 2 * MARGIN_PX) // COLUMNS, (PAGE_HEIGHT_PX - 2 * MARGIN_PX) // ROWS
"""Size of a cell: 125 by 27 pixels."""
BLOCK_ROWS, HEADING_ROWS = 3, 1
"""Heights of a block and of a heading, in rows."""


def make_box(column: int, row: int, columns: int, rows: int) -> Box:
    """The place of these cells."""
    return Box(MARGIN_PX + column * COLUMN_PX, MARGIN_PX + row * ROW_PX, columns * COLUMN_PX, rows * ROW_PX)


class PageGrid:
    """The cells from ``first_column`` on, over as many pages as it takes. Columns and rows are counted from 0."""

    def __init__(self, first_column: int = 0) -> None:
        self._first = self._column = first_column
        self._row = 0
        self.page = 0
        """The page of the last place, from 0."""

    def place(self, columns: int) -> Box:
        """The place of the next block, which is ``columns`` wide."""
        if self._column > self._first and self._column + columns > COLUMNS:
            self._end_line()
        if self._row + BLOCK_ROWS > ROWS:
            self._turn()
        box = make_box(self._column, self._row, columns, BLOCK_ROWS)
        self._column += columns
        return box

    def place_heading(self) -> Box:
        """The place of a heading over what follows; both are on the same page."""
        self._end_line()
        if self._row + HEADING_ROWS + BLOCK_ROWS > ROWS:
            self._turn()
        box = make_box(self._first, self._row, COLUMNS - self._first, HEADING_ROWS)
        self._row += HEADING_ROWS
        return box

    def _end_line(self) -> None:
        """Begin a line, unless nothing is on this one."""
        if self._column > self._first:
            self._column = self._first
            self._row += BLOCK_ROWS

    def _turn(self) -> None:
        self._column, self._row = self._first, 0
        self.page += 1
