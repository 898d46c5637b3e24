"""Bars of a share, in eighths of a column."""

from __future__ import annotations

from tui.core.rows import Row, Run

EIGHTHS = "▏▎▍▌▋▊▉"
"""Blocks of one to seven eighths of a column, from the left."""
TRACK = "░"


def draw_eighths(share: float, width: int) -> str:
    """``share`` (0 to 1) of ``width`` columns filled, the last one to an eighth; without blanks behind."""
    eighths = round(min(max(share, 0.0), 1.0) * max(width, 0) * 8)
    whole, part = divmod(eighths, 8)
    return "█" * whole + (EIGHTHS[part - 1] if part else "")


def draw_share(share: float | None, width: int, role: str = "bar") -> Row:
    """A bar of ``width`` columns on a track; the track alone where the share is not known."""
    if share is None:
        return [(TRACK * max(width, 0), "off")]
    filled = draw_eighths(share, width)
    return [run for run in ((filled, role), (TRACK * (max(width, 0) - len(filled)), "off")) if run[0]]


def format_share(share: float | None) -> str:
    """A confidence with two digits: ``0.97``."""
    return "–" if share is None else f"{min(max(share, 0.0), 1.0):.2f}"


def draw_named_share(share: float | None, width: int) -> list[Run]:
    """A confidence as a bar and a number, in ``width`` columns."""
    number = format_share(share)
    bar = max(width - len(number) - 2, 0)
    return [*draw_share(share, bar), ("  ", "text"), (number, "text" if share is not None else "dim")]
