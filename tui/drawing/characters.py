"""Repertoires of characters: rows in ASCII alone, or in what the font of the Linux console has."""

from __future__ import annotations

from tui.core.rows import Row, measure

TO_ASCII: dict[str, str] = {
    **dict.fromkeys("█▉▊▋▆▇", "#"),
    **dict.fromkeys("▌▍▐", ">"),
    **dict.fromkeys("▎▏", "|"),
    **dict.fromkeys("▄▅▀▂▃▙▛▜▟", "#"),
    **dict.fromkeys("▁", "_"),
    **dict.fromkeys("▘▝▖▗", "'"),
    **dict.fromkeys("░▒▓", ":"),
    **dict.fromkeys("─┄╌", "-"),
    "━": "=",
    "┈": ".",
    **dict.fromkeys("│┃┊┆╎", "|"),
    **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╯╰", "+"),
    **dict.fromkeys("●◉◆", "*"),
    **dict.fromkeys("○◇", "o"),
    "·": ".",
    "…": "~",
    "▸": ">",
    "▶": ">",
    "›": ">",
    "‹": "<",
    "◂": "<",
    "▲": "^",
    "▼": "v",
    "▴": "^",
    "▾": "v",
    "←": "<",
    "→": ">",
    "↑": "^",
    "↓": "v",
    "↵": "Enter",
    "⌫": "Bksp",
    "✓": "v",
    "✗": "x",
    "×": "x",
    "◆": "*",
    "◇": "o",
    "╲": "\\",
    "–": "-",
    "—": "-",
    "−": "-",
    "µ": "u",
    "°": "o",
    "♯": "#",
    "♭": "b",
    "±": "+",
    "“": '"',
    "”": '"',
    "’": "'",
}
"""Signs of the screens and what stands for them. Only those of the footer, whose row is fitted later, grow longer."""
TO_CONSOLE: dict[str, str] = {
    **dict.fromkeys("▉▊▋", "█"),
    **dict.fromkeys("▍▎▏", "▌"),
    **dict.fromkeys("▁▂▃▅", "▄"),
    **dict.fromkeys("▆▇", "█"),
    **dict.fromkeys("┄╌", "─"),
    "━": "═",
    "┈": "·",
    **dict.fromkeys("┃┊┆╎", "│"),
    **dict.fromkeys("╭", "┌"),
    **dict.fromkeys("╮", "┐"),
    **dict.fromkeys("╯", "┘"),
    **dict.fromkeys("╰", "└"),
    "●": "•",
    "◉": "•",
    "○": "o",
    "◆": "■",
    "◇": "o",
    "×": "x",
    "▸": ">",
    "▶": ">",
    "›": ">",
    "‹": "<",
    "◂": "<",
    "▴": "^",
    "▾": "v",
    "▲": "^",
    "▼": "v",
    "↵": "Enter",
    "⌫": "Bksp",
    "✓": "v",
    "✗": "x",
    "…": "~",
    "╲": "\\",
    "–": "-",
    "—": "-",
    "−": "-",
    "♯": "#",
    "♭": "b",
}
"""The console's font holds 256 characters, those of code page 437: full and half blocks, plain lines."""


CONTROL = "·"
"""Stands for what a terminal would take for a command, or would not draw: names come from other programs."""


def replace_controls(row: Row) -> Row:
    """``row`` without control characters, so that no name of a port or a file can steer the terminal."""
    if all(text.isprintable() for text, _ in row):
        return row
    return [("".join(one if one.isprintable() else CONTROL for one in text), role) for text, role in row]


def limit_characters(row: Row, ascii_only: bool, console: bool) -> Row:
    """``row`` in the characters that may be drawn. What has no stand-in becomes ``?`` in ASCII, as wide as it was."""
    if ascii_only:
        return [(text if text.isascii() else _translate(text, TO_ASCII, True), role) for text, role in row]
    if console:
        return [(text if text.isascii() else _translate(text, TO_CONSOLE, False), role) for text, role in row]
    return row


def _translate(text: str, signs: dict[str, str], ascii_only: bool) -> str:
    drawn = []
    for one in text:
        sign = signs.get(one, one)
        if ascii_only and not sign.isascii():
            sign = "?" * measure(one)
        drawn.append(sign)
    return "".join(drawn)
