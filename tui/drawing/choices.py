"""Choices in a row: the one that is in force in brackets, and as many of its neighbours as there is room for."""

from __future__ import annotations

from collections.abc import Sequence

from tui.core.rows import Row, cut, measure

GAP = 1
"""Columns between two choices, besides those of the brackets."""


def draw_choices(choices: Sequence[str], chosen: str, width: int) -> Row:
    """``choices`` in at most ``width`` columns; ``…`` where some are left out."""
    if not choices:
        return [(cut(chosen or "–", width), "text")]
    at = choices.index(chosen) if chosen in choices else 0
    first, last = at, at
    left = width - _measure_cell(choices[at]) - 4
    while True:
        grown = False
        for candidate in (last + 1, first - 1):
            if 0 <= candidate < len(choices) and _measure_cell(choices[candidate]) <= left:
                left -= _measure_cell(choices[candidate])
                first, last = min(first, candidate), max(last, candidate)
                grown = True
        if not grown:
            break
    row: Row = [("… ", "dim")] if first > 0 else []
    for index in range(first, last + 1):
        here = index == at and chosen in choices
        text = cut(choices[index], max(width - 4, 1))
        row.append((f"[{text}]" if here else f" {text} ", "title" if here else "dim"))
        row.append((" " * GAP, "text"))
    return [*row, ("…", "dim")] if last < len(choices) - 1 else row


def _measure_cell(choice: str) -> int:
    return measure(choice) + 2 + GAP
