"""SVG of a screen: rows on an exact grid, each run at its column, so that every converter draws the same picture."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from tui.core.rows import Row, measure
from tui.drawing.themes import Look, Theme, to_grey

FONT = "DejaVu Sans Mono"
FONT_PX = 20.266
"""With this size the advance of the font is the grid's column (its advance is 1233 of 2048 units)."""
COLUMN_PX = 12.2
ROW_PX = 24.4
MARGIN_PX = 14.0
BASELINE = 0.76
"""Baseline of the letters, as a share of a row's height."""


BLOCKS: dict[str, tuple[float, float, float, float]] = {
    "█": (0.0, 0.0, 1.0, 1.0),
    "▀": (0.0, 0.0, 1.0, 0.5),
    "▐": (0.5, 0.0, 1.0, 1.0),
    **{one: (0.0, 0.0, (7 - number) / 8, 1.0) for number, one in enumerate("▉▊▋▌▍▎▏")},
    **{one: (0.0, 1.0 - (number + 1) / 8, 1.0, 1.0) for number, one in enumerate("▁▂▃▄▅▆▇")},
}
"""Left, top, right and bottom of block elements in a cell. As rectangles they meet; a font's leave gaps."""
_BLOCK = "".join(BLOCKS)
_RUNS = re.compile(rf"([{_BLOCK}])\1*|[^ {_BLOCK}]+")


def draw_svg(rows: Sequence[Row], width: int, theme: Theme, grey: bool = False) -> str:
    """The rows as an SVG document of ``width`` columns. ``grey``: each colour as the grey of the same luminance."""
    paint = to_grey if grey else str
    front, back = theme.front or "#c8c8c8", theme.back or "#000000"
    wide, high = width * COLUMN_PX + 2 * MARGIN_PX, len(rows) * ROW_PX + 2 * MARGIN_PX
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide:.1f}" height="{high:.1f}" '
        f'viewBox="0 0 {wide:.1f} {high:.1f}">',
        f'<rect width="100%" height="100%" fill="{paint(back)}"/>',
        f'<g font-family="{FONT}, monospace" font-size="{FONT_PX}px" style="white-space:pre">',
    ]
    for number, row in enumerate(rows):
        column = 0
        for text, role in row:
            look = theme.get_look(role)
            colors = (look.front or front, look.back or back)
            ink, ground = colors[::-1] if look.is_reversed else colors
            if ground != back:
                parts.append(_draw_ground(column, number, measure(text), paint(ground)))
            parts.append(_draw_text(column, number, text, look, paint(ink)))
            column += measure(text)
    return "\n".join(part for part in [*parts, "</g>", "</svg>"] if part) + "\n"


def _draw_ground(column: int, row: int, columns: int, color: str) -> str:
    left, top = MARGIN_PX + column * COLUMN_PX, MARGIN_PX + row * ROW_PX
    return _draw_rectangle(left, top, columns * COLUMN_PX, ROW_PX, color)


def _draw_rectangle(left: float, top: float, width: float, height: float, color: str) -> str:
    return (
        f'<rect x="{left:.2f}" y="{top:.2f}" width="{width:.2f}" height="{height:.2f}" fill="{color}" '
        'shape-rendering="crispEdges"/>'
    )


def _draw_block(column: int, row: int, block: str, count: int, color: str) -> str:
    """``count`` block elements side by side; those that fill less than a cell's width come one by one."""
    left, top, right, bottom = BLOCKS[block]
    x, y = MARGIN_PX + column * COLUMN_PX, MARGIN_PX + row * ROW_PX
    if (left, right) == (0.0, 1.0):
        return _draw_rectangle(x, y + top * ROW_PX, count * COLUMN_PX, (bottom - top) * ROW_PX, color)
    return "\n".join(
        _draw_rectangle(x + (at + left) * COLUMN_PX, y, (right - left) * COLUMN_PX, ROW_PX, color)
        for at in range(count)
    )


def _draw_text(column: int, row: int, text: str, look: Look, color: str) -> str:
    """The words of a run, each at its own column: blanks are never drawn, so nothing can be stretched."""
    top = MARGIN_PX + (row + BASELINE) * ROW_PX
    extra = ' font-weight="bold"' if look.is_bold else ""
    extra += ' opacity="0.65"' if look.is_dim else ""
    extra += ' text-decoration="underline"' if look.is_underlined else ""
    drawn: list[str] = []
    for at, word in _split_words(text):
        here = column + measure(text[:at])
        if word[0] in BLOCKS:
            drawn.append(_draw_block(here, row, word[0], len(word), color))
            continue
        drawn.append(
            f'<text x="{MARGIN_PX + here * COLUMN_PX:.1f}" y="{top:.1f}" '
            f'textLength="{measure(word) * COLUMN_PX:.1f}" lengthAdjust="spacingAndGlyphs" fill="{color}"{extra}>'
            f"{escape(word)}</text>"
        )
    return "\n".join(drawn)


def _split_words(text: str) -> Iterator[tuple[int, str]]:
    """Runs without blanks and where they begin; equal block elements are a run of their own."""
    for found in re.finditer(_RUNS, text):
        yield found.start(), found.group()
