"""Block letters: digits and chords of five rows (two columns a dot) or three (half a row a dot)."""

from __future__ import annotations

from tui.core.rows import Row, cut, measure, pad

LARGE_ROWS = 5
SMALL_ROWS = 3
BLANK_COLUMNS = 1
"""Dots between two letters; there is none beside a dot of a number, which is narrow."""

_GLYPHS: dict[str, tuple[str, str, str, str, str]] = {
    "0": ("###", "#.#", "#.#", "#.#", "###"),
    "1": (".#.", "##.", ".#.", ".#.", "###"),
    "2": ("###", "..#", "###", "#..", "###"),
    "3": ("###", "..#", ".##", "..#", "###"),
    "4": ("#.#", "#.#", "###", "..#", "..#"),
    "5": ("###", "#..", "###", "..#", "###"),
    "6": ("###", "#..", "###", "#.#", "###"),
    "7": ("###", "..#", ".#.", ".#.", ".#."),
    "8": ("###", "#.#", "###", "#.#", "###"),
    "9": ("###", "#.#", "###", "..#", "###"),
    "A": ("###", "#.#", "###", "#.#", "#.#"),
    "B": ("##.", "#.#", "##.", "#.#", "##."),
    "C": ("###", "#..", "#..", "#..", "###"),
    "D": ("##.", "#.#", "#.#", "#.#", "##."),
    "E": ("###", "#..", "##.", "#..", "###"),
    "F": ("###", "#..", "##.", "#..", "#.."),
    "G": ("####", "#...", "#.##", "#..#", "####"),
    "N": ("#..#", "##.#", "#.##", "#..#", "#..#"),
    "a": ("...", ".##", "#.#", "#.#", ".##"),
    "b": ("#..", "#..", "###", "#.#", "###"),
    "d": ("..#", "..#", "###", "#.#", "###"),
    "g": ("###", "#.#", "###", "..#", "##."),
    "i": ("#", ".", "#", "#", "#"),
    "j": (".#", "..", ".#", ".#", "##"),
    "m": (".....", "####.", "#.#.#", "#.#.#", "#.#.#"),
    "s": ("...", ".##", ".#.", "..#", "##."),
    "u": ("...", "#.#", "#.#", "#.#", "###"),
    "M": ("#...#", "##.##", "#.#.#", "#...#", "#...#"),
    "#": ("#.#", "###", "#.#", "###", "#.#"),
    "/": ("..#", "..#", ".#.", "#..", "#.."),
    "+": ("...", ".#.", "###", ".#.", "..."),
    "-": ("...", "...", "###", "...", "..."),
    "°": ("##", "##", "..", "..", ".."),
    "(": (".#", "#.", "#.", "#.", ".#"),
    ")": ("#.", ".#", ".#", ".#", "#."),
    ".": (".", ".", ".", ".", "#"),
    ",": (".", ".", ".", "#", "#"),
    ":": (".", "#", ".", "#", "."),
    "%": ("#.#", "..#", ".#.", "#..", "#.#"),
    " ": (".", ".", ".", ".", "."),
}
NO_CHORD = "N"
"""The label of no chord; a chord sheet writes N.C."""
_ROOTS = "ABCDEFG"
_ACCIDENTALS = "#b"


def is_drawable(text: str) -> bool:
    """Whether there is a letter for each character of ``text``."""
    return bool(text) and all(one in _GLYPHS for one in text)


def _collect_dots(text: str) -> list[str]:
    """The dots of ``text``, five lines of ``#`` and ``.``."""
    between = "." * BLANK_COLUMNS
    return [between.join(_GLYPHS[one][line] for one in text) for line in range(LARGE_ROWS)]


def count_dots(text: str) -> int:
    """The columns of dots that ``text`` takes: those of small letters, and half of those of large ones."""
    return sum(len(_GLYPHS[one][0]) for one in text) + BLANK_COLUMNS * max(len(text) - 1, 0)


def draw_large(text: str) -> list[str]:
    """``text`` in five rows, two columns a dot. Characters without a letter are left out."""
    lines = _collect_dots("".join(one for one in text if one in _GLYPHS))
    return ["".join("██" if dot == "#" else "  " for dot in line) for line in lines]


def draw_small(text: str) -> list[str]:
    """``text`` in three rows, half a row a dot. Characters without a letter are left out."""
    lines = [*_collect_dots("".join(one for one in text if one in _GLYPHS)), ""]
    lines[-1] = "." * len(lines[0])
    halves = {"##": "█", "#.": "▀", ".#": "▄", "..": " "}
    return [
        "".join(halves[upper + lower] for upper, lower in zip(lines[row], lines[row + 1], strict=True))
        for row in range(0, LARGE_ROWS, 2)
    ]


def split_chord(label: str) -> tuple[str, str]:
    """The root of a chord with its accidental, and what follows: ``F#maj7`` is ``F#`` and ``maj7``."""
    end = 1 if label[:1] and label[0] in _ROOTS else 0
    if end and label[1:2] and label[1] in _ACCIDENTALS:
        end = 2
    return label[:end], label[end:]


def draw_chord(label: str, width: int, rows: int = LARGE_ROWS, plain: bool = False) -> list[str]:
    """A chord in ``rows`` rows of at most ``width`` columns, in the largest letters that fit.

    Large letters; else a large root with the rest in small letters, raised, as chord sheets write it; else small
    letters; else a small root with the rest as text; else text. ``plain``: without small letters, whose halves of rows
    ASCII does not have.
    """
    text = "N.C." if label == NO_CHORD else label
    for lines in _draw_variants(text, plain):
        if lines and len(lines) <= rows and max(map(measure, lines)) <= width:
            wide = max(map(measure, lines))
            return [pad(line, wide) for line in lines] + [" " * wide] * (rows - len(lines))
    blank = (rows - 1) // 2
    shown = cut(text, width)
    return [*([" " * measure(shown)] * blank), shown, *([" " * measure(shown)] * (rows - 1 - blank))][: max(rows, 0)]


def _draw_variants(text: str, plain: bool) -> list[list[str]]:
    root, rest = split_chord(text)
    drawable = is_drawable(text)
    variants = [draw_large(text)] if drawable else []
    if plain:
        return variants
    if drawable and root and rest:
        variants.append(_join(draw_large(root), draw_small(rest), 2))
    if drawable:
        variants.append(draw_small(text))
    if root and rest:
        variants.append(_join(draw_small(root), [rest], 1))
    return variants


def _join(left: list[str], right: list[str], between: int) -> list[str]:
    """``right`` beside ``left``, at the top."""
    wide = max(map(measure, right))
    rows = max(len(left), len(right))
    left = [*left, *([" " * measure(left[0])] * (rows - len(left)))]
    right = [*right, *([" " * wide] * (rows - len(right)))]
    return [one + " " * between + pad(other, wide) for one, other in zip(left, right, strict=True)]


def draw_number(text: str, width: int, rows: int = LARGE_ROWS, plain: bool = False) -> list[str]:
    """A number in ``rows`` rows of at most ``width`` columns: large, small or as text, as it fits."""
    variants = [draw_large(text)] if is_drawable(text) else []
    if is_drawable(text) and not plain:
        variants.append(draw_small(text))
    for lines in variants:
        if len(lines) <= rows and measure(lines[0]) <= width:
            return [*lines, *([" " * measure(lines[0])] * (rows - len(lines)))]
    blank = (rows - 1) // 2
    shown = cut(text, width)
    return [*([" " * measure(shown)] * blank), shown, *([" " * measure(shown)] * (rows - 1 - blank))][: max(rows, 0)]


def to_rows(lines: list[str], role: str = "strong") -> list[Row]:
    """Lines of letters as rows of one role."""
    return [[(line, role)] for line in lines]
