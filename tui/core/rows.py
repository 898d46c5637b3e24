"""Rows of the terminal: runs of text with a role, and what is needed to lay them out.

A screen is drawn as rows, without widgets and without colours. What a role looks like is for the theme to say, so that
the same rows serve the terminal, snapshots as text, and SVG.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterable
from typing import TypeAlias

ROLES: tuple[str, ...] = (
    "text",  # what is read
    "dim",  # labels, units, rules
    "off",  # what is there and has no effect now
    "title",  # headings, the screen that is shown
    "strong",  # large letters, what was just changed
    "bar",  # level bars below -6 dBFS
    "bar_high",  # above it
    "bar_clip",  # at full scale
    "muted",  # a level that is muted
    "selected",  # the row or cell that keys act on
    "key",  # a key in the footer
    "good",  # attached, made, done
    "warning",  # worth a look
    "error",  # failed, lost, late
    "field",  # text that is being typed
    "cursor",  # the cell of the text cursor
)
"""Every role. Meaning is never by role alone: a word, a letter or another character says the same."""

UNPRINTABLE = "\N{REPLACEMENT CHARACTER}"

Run: TypeAlias = tuple[str, str]
"""A text and its role."""
Row: TypeAlias = list[Run]


def measure(text: str) -> int:
    """The columns that ``text`` takes in a terminal."""
    if text.isascii():
        return len(text)
    return sum(map(_measure_character, text))


@functools.lru_cache(maxsize=4096)
def _measure_character(one: str) -> int:
    if unicodedata.category(one) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(one) in "WF" else 1


def measure_row(row: Row) -> int:
    """The columns that ``row`` takes."""
    return sum(measure(text) for text, _ in row)


def cut(text: str, width: int) -> str:
    """``text`` in at most ``width`` columns; an ellipsis is in place of what is cut."""
    if width <= 0:
        return ""
    if len(text) <= width and measure(text) <= width:
        return text
    left = width
    end = 0  # of what leaves a column for the ellipsis
    for at, one in enumerate(text):
        if left >= 1:
            end = at
        left -= _measure_character(one)
        if left < 0:
            return text[:end] + "…"
    return text


def cut_start(text: str, width: int) -> str:
    """``text`` in at most ``width`` columns, its end: what tells long names of controls apart."""
    if measure(text) <= width:
        return text
    return cut(text[::-1], width)[::-1] if text.isascii() else cut(text, width)


def to_printable(text: str) -> str:
    """``text`` with a stand-in for each character that a terminal would obey, or not show."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else UNPRINTABLE for one in text)


def pad(text: str, width: int) -> str:
    """``text`` in exactly ``width`` columns, aligned left."""
    text = cut(text, width)
    return text + " " * (width - measure(text))


def pad_left(text: str, width: int) -> str:
    """``text`` in exactly ``width`` columns, aligned right."""
    text = cut(text, width)
    return " " * (width - measure(text)) + text


def fit_row(row: Row, width: int) -> Row:
    """``row`` in exactly ``width`` columns: cut at the end, or filled with blanks; all of it printable."""
    fitted: Row = []
    left = width
    for text, role in row:
        text = to_printable(text)
        size = measure(text)
        if size > left:
            text = cut(text, left)
            size = measure(text)
        if text:
            fitted.append((text, role))
        left -= size
    if left > 0:
        fitted.append((" " * left, "text"))
    return fitted


def join_rows(parts: Iterable[Row]) -> Row:
    """One row of several, from left to right."""
    return [run for part in parts for run in part]


def to_text(row: Row) -> str:
    """The text of ``row`` without its roles."""
    return "".join(text for text, _ in row)


def draw_heading(title: str, width: int, right: str = "") -> Row:
    """A heading with a rule up to ``right``: ``Title ──────── right``."""
    rule = width - measure(title) - measure(right) - (2 if right else 1)
    return [(title, "title"), (" " + "─" * max(rule, 0), "dim"), (f" {right}" if right else "", "dim")]
