"""Overlay: what lies above a screen and has the keys while it is open, and how it is laid over the rows below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tui.core.rows import Row, fit_row, measure, measure_row
from tui.core.screen import Context, KeyAction


class Overlay(Protocol):
    """What lies above a screen.

    Attributes:
        actions: Its keys, for the footer and the help.
        is_open: False once it wants to be left.
    """

    is_open: bool

    @property
    def actions(self) -> tuple[KeyAction, ...]:
        """Its keys."""

    def press(self, context: Context, key: str, character: str | None) -> bool:
        """Act on a key; False where it has none of this name."""

    def draw(self, context: Context, below: list[Row], width: int, height: int) -> list[Row]:
        """``height`` rows in place of those of the screen, ``below``."""


def cut_columns(row: Row, start: int, end: int) -> Row:
    """The columns ``start`` to ``end`` of ``row``; half of a wide character becomes a blank."""
    cut: Row = []
    at = 0
    for text, role in row:
        kept = ""
        for one in text:
            size = measure(one)
            if start <= at and at + size <= end:
                kept += one
            elif at < end and at + size > start:
                kept += " " * (min(at + size, end) - max(at, start))
            at += size
        if kept:
            cut.append((kept, role))
    return cut


def lay_over(below: Sequence[Row], panel: Sequence[Row], top: int, left: int, width: int) -> list[Row]:
    """The rows ``below`` with ``panel`` laid over them, its first row at ``top``, its first column at ``left``."""
    rows = list(below)
    for number, part in enumerate(panel, top):
        if 0 <= number < len(rows):
            base = fit_row(rows[number], width)
            end = left + measure_row(part)
            rows[number] = fit_row([*cut_columns(base, 0, left), *part, *cut_columns(base, end, width)], width)
    return rows


def draw_panel(rows: Sequence[Row], title: str, width: int) -> list[Row]:
    """A frame of ``width`` columns around ``rows``."""
    inner = max(width - 4, 0)
    top: Row = [("┌─ ", "dim"), (title, "title"), (" " + "─" * max(width - measure(title) - 5, 0) + "┐", "dim")]
    body: list[Row] = [[("│ ", "dim"), *fit_row(row, inner), (" │", "dim")] for row in rows]
    return [top, *body, [("└" + "─" * max(width - 2, 0) + "┘", "dim")]]
