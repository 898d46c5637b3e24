"""Faders and dials: a track with a knob for a control, and the gain mark of a stem."""

from __future__ import annotations

from tui.core.registry import Control
from tui.core.rows import Row, pad, pad_left
from tui.core.values import find_position, format_value
from tui.drawing.meters import deflect

FADER_TOP_DB = 12.0
"""The highest gain of a stem."""


def draw_dial(share: float, width: int, selected: bool = False) -> Row:
    """A dial at ``share`` (0 to 1) of its track: ``━━━━●───``."""
    if width < 1:
        return []
    knob = min(int(min(max(share, 0.0), 1.0) * width), width - 1)
    return [
        run
        for run in (
            ("━" * knob, "text"),
            ("●", "strong" if selected else "text"),
            ("─" * (width - 1 - knob), "off"),
        )
        if run[0]
    ]


def draw_dial_row(label: str, control: Control, value: float, widths: tuple[int, int, int], selected: bool) -> Row:
    """A dial with its label before and its number behind it.

    ``widths``: columns of the label, of the track, and of the number with its unit. ``▌`` marks the selected one.
    """
    role = "title" if selected else "text"
    return [
        ("▌" if selected else " ", "strong"),
        (pad(label, widths[0]), role),
        (" ", "text"),
        *draw_dial(find_position(control, value), widths[1], selected),
        (" " + pad_left(format_value(control, value), widths[2]), role),
    ]


def find_fader_share(gain_db: float, top_db: float = FADER_TOP_DB) -> float:
    """Where a gain lies on a fader that uses the scale of the meters up to ``top_db``, 0 to 1."""
    return min(max(deflect(gain_db) / deflect(top_db), 0.0), 1.0)


def draw_fader(gain_db: float, width: int, selected: bool = False) -> Row:
    """The fader of a stem: ``▲`` at its gain, ``┼`` at 0 dB."""
    if width < 1:
        return []
    mark, unity = (min(int(find_fader_share(gain) * width), width - 1) for gain in (gain_db, 0.0))
    track = ["─"] * width
    track[unity] = "┼"
    return [
        run
        for run in (
            ("".join(track[:mark]), "off"),
            ("▲", "strong" if selected else "text"),
            ("".join(track[mark + 1 :]), "off"),
        )
        if run[0]
    ]


def format_gain(gain_db: float, low_db: float = -60.0) -> str:
    """A gain with its sign: ``+0.0``, ``-1.5``; ``off`` at the lower end, which is silence."""
    if gain_db <= low_db:
        return "off"
    return f"{0.0 if abs(gain_db) < 0.05 else gain_db:+.1f}"
