"""SVG of a screen: rows on an exact grid, each run at its column, so that every converter draws the same picture."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from tui.rows import Row, measure
from tui.themes import Look, Theme, to_grey

FONT = "DejaVu Sans Mono"
FONT_PX = 20.266
"""With this size the advance of the font is the grid's column (its advance is 1233 of 2048 units)."""
COLUMN_PX = 12.2
ROW_PX = 24.4
MARGIN_PX = 14.0
BASELINE = 0.76
"""Of a row's height: where letters stand."""


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
    return f'<rect x="{left:.1f}" y="{top:.1f}" width="{columns * COLUMN_PX:.1f}" height="{ROW_PX}" fill="{color}"/>'


def _draw_text(column: int, row: int, text: str, look: Look, color: str) -> str:
    """The words of a run, each at its own column: blanks are never drawn, so nothing can be stretched."""
    top = MARGIN_PX + (row + BASELINE) * ROW_PX
    extra = ' font-weight="bold"' if look.is_bold else ""
    extra += ' opacity="0.65"' if look.is_dim else ""
    extra += ' text-decoration="underline"' if look.is_underlined else ""
    words: list[str] = []
    at = 0
    while at < len(text):
        end = at
        while end < len(text) and text[end] != " ":
            end += 1
        if end > at:
            word = text[at:end]
            left = MARGIN_PX + (column + measure(text[:at])) * COLUMN_PX
            words.append(
                f'<text x="{left:.1f}" y="{top:.1f}" textLength="{measure(word) * COLUMN_PX:.1f}" '
                f'lengthAdjust="spacingAndGlyphs" fill="{color}"{extra}>{escape(word)}</text>'
            )
        at = max(end, at + 1)
    return "\n".join(words)
