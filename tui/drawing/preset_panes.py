"""Preset panes: the list, the differences, the description, and the buffers A and B."""

from __future__ import annotations

from tui.core.registry import DELAY_MOVES
from tui.core.rows import Row, Run, cut, draw_heading
from tui.core.session import Record
from tui.core.values import UNKNOWN, read_number, read_text
from tui.drawing.panes import draw_text
from tui.drawing.table import Column, draw_table
from tui.models.preset_buffers import OTHER, PresetBuffers
from tui.models.preset_comparison import Comparison, Difference

AT_ONCE = "at once"
FULL_COLUMNS = 60
"""From this width on the differences have a column for when a change takes effect."""


def draw_now(current: Record, buffers: PresetBuffers, is_large: bool) -> Row:
    """What was loaded last, how much of it was changed since, and what A and B hold."""
    name, changed = read_text(current, "preset"), int(read_number(current, "changed"))
    words = f", {changed} changed since" if changed else ""
    row: Row = [("now  ", "dim"), (cut(name, 40) or UNKNOWN, "text"), (words, "text")]
    gap = "      " if is_large else "   "
    if not buffers.is_used:
        return row
    for letter in OTHER:
        active = letter == buffers.active
        row += [(gap, "text"), (f"[{letter}]" if active else f" {letter} ", "title" if active else "dim")]
        row.append((f" {cut(buffers.labels[letter], 24)}", "text" if active else "dim"))
    return row


def draw_entries(entries: list[Record], current: str, selected: int, width: int, height: int) -> list[Row]:
    """The presets: where each comes from, and which was loaded last."""
    rows: list[list[Run]] = []
    for one in entries:
        name, broken = read_text(one, "preset"), bool(read_text(one, "problem"))
        origin = "refused" if broken else read_text(one, "origin")
        role = "error" if broken else "dim"
        rows.append([(name, "text"), (origin, role), ("now" if name == current else "", "dim")])
    return draw_table([Column(""), Column("", 7), Column("", 3)], rows, width, height, selected)


def draw_differences(
    comparison: Comparison, only_changed: bool, selected: int, width: int, height: int, spacing: int
) -> list[Row]:
    """What the preset would change: each control, its value now and the preset's, and when it takes effect."""
    foot = _draw_summary(comparison, width)
    shown = comparison.changed if only_changed else comparison.differences
    is_full = width >= FULL_COLUMNS
    columns = [Column("control", keeps_end=True), Column("now", 8), Column("preset", 16)]
    if is_full:
        columns = [Column("control", width - 45, keeps_end=True), Column("now", 12), Column("preset", 16)]
        columns.append(Column("takes effect", 12))
    rows = [_draw_difference(one, is_full) for one in shown]
    drawn = draw_table(columns, rows, width, max(height - len(foot) - 1, 0), selected, spacing) if rows else []
    return [*drawn, *([[]] if drawn else []), *foot][:height]


def _draw_difference(one: Difference, is_full: bool) -> list[Run]:
    if one.is_same:
        return [(one.control, "dim"), (one.now, "dim"), (f"= {one.wanted}", "dim"), ("", "dim")]
    moves_delay = one.takes_effect == DELAY_MOVES
    wanted = f"▸ {one.wanted}"
    if not is_full and one.takes_effect != AT_ONCE:
        wanted += " !" if moves_delay else f", {one.takes_effect}"
    role = "warning" if moves_delay else "text"
    return [
        (one.control, "text"),
        (one.now, "text"),
        (wanted, role),
        (one.takes_effect, role if moves_delay else "dim"),
    ]


def _draw_summary(comparison: Comparison, width: int) -> list[Row]:
    same = len(comparison.differences) - len(comparison.changed)
    parts = [f"{same} the same"] if comparison.changed else ["nothing differs"]
    parts += [f"{comparison.untouched} not in the preset"] if comparison.untouched else []
    parts += [f"{len(comparison.unknown)} that this sidecar lacks"] if comparison.unknown else []
    rows: list[Row] = [[(cut(", ".join(parts), width), "dim")]]
    if comparison.moves_delay:
        text = "! moves the declared delay: your DAW must read it anew (see Health)"
        rows += draw_text(text, width, 2, "warning")
    return rows


def draw_description(entry: Record, width: int, height: int) -> list[Row]:
    """The selected preset in words: its description, or why its file is refused."""
    name = read_text(entry, "preset")
    origin = read_text(entry, "origin")
    rows = [draw_heading(cut(name, width // 2) or UNKNOWN, width, origin)]
    problem = read_text(entry, "problem")
    if problem:
        return [*rows, *draw_text(problem, width, height - 1, "error")]
    rows += draw_text(read_text(entry, "doc") or "no description: e writes one", width, max(height - 2, 0))
    if entry:
        count = int(read_number(entry, "controls"))
        shipped = ". Saving under this name makes a copy of your own" if origin == "shipped" else ""
        rows.append([(cut(f"{count} controls{shipped}", width), "dim")])
    return rows[:height]
