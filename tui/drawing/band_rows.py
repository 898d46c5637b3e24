"""Rows of the band screen: choices, dials, planned notes, and how the accompaniment decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui.core.registry import Control
from tui.core.rows import Row, cut, draw_heading, fit_row, pad
from tui.core.session import Session
from tui.core.values import UNKNOWN, format_number, format_value, read_number, read_text
from tui.drawing.choices import draw_choices
from tui.drawing.faders import draw_dial_row
from tui.drawing.panes import join_fitting, put_side_by_side
from tui.drawing.roll import draw_part, make_grid
from tui.models.band_controls import DROPOUT, FILL, LOOKAHEAD, SECTION, SEED, STYLE, Part, find_switches, name_control
from tui.models.planned_notes import READING as NOTES
from tui.models.planned_notes import PlannedNote
from tui.models.position import Position

LABEL_COLUMNS = 10
DIAL_LABEL, DIAL_NUMBER = 15, 8
PANE_COLUMNS = 44
"""Columns of what is right of the dials in the large layout."""
PART_COLUMNS = 21
NUMBERS = ("–", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def draw_head(session: Session, width: int, large: bool) -> list[Row]:
    """Style and section as choices, and what is played now."""
    rows: list[Row] = []
    for label, name in (("style", STYLE), ("section", SECTION)):
        control = session.registry.controls.get(name)
        choices = control.choices if control is not None else ()
        chosen = session.get_choice(name) if control is not None else UNKNOWN
        if rows and large:
            rows.append([])
        rows.append([(pad(label, LABEL_COLUMNS), "dim"), *draw_choices(choices, chosen, max(width - LABEL_COLUMNS, 1))])
    return [*rows, *([[]] if large else []), _draw_now(session, width)]


def _draw_now(session: Session, width: int) -> Row:
    section = session.read("accompaniment.section")
    played = f"{read_text(section, 'section')} since bar {read_number(section, 'bar'):.0f}" if section else UNKNOWN
    items: list[Row] = [[(pad("plays", LABEL_COLUMNS), "dim"), (" " + cut(played, 30), "text")]]
    for label, name in (("drop-out", DROPOUT), ("fill", FILL)):
        if name in session.registry.controls:
            on = session.is_on(name)
            items.append([(f"{label} ", "dim"), ("ON" if on else "off", "strong" if on else "text")])
    if SEED in session.registry.controls:
        items.append([("seed ", "dim"), (f"{session.get(SEED):.0f}", "text")])
    kept = session.read("accompaniment.lookahead")
    if kept:
        items.append([("ahead ", "dim"), (f"{read_number(kept, 'kept_beats'):.1f} beats", "text")])
    return join_fitting(items, width)


def draw_dials(session: Session, dials: Sequence[Control], selected: int, width: int, columns: int) -> list[Row]:
    """The dials in one or more columns, from top to bottom."""
    if not dials:
        return [[("–  this accompaniment has no dials", "dim")]]
    count = -(-len(dials) // columns)
    room = width // columns
    widths = (DIAL_LABEL, max(room - DIAL_LABEL - DIAL_NUMBER - 5, 3), DIAL_NUMBER)
    cells = [
        fit_row(draw_dial_row(name_control(dial), dial, session.get(dial.name), widths, index == selected), room)
        for index, dial in enumerate(dials)
    ]
    return [[run for cell in cells[row::count] for run in cell] for row in range(count)]


def draw_pane(session: Session) -> list[Row]:
    """How the accompaniment decides: how far ahead, from what, and how often it could foresee."""
    lookahead, commit = session.read("accompaniment.lookahead"), session.read("accompaniment.commit")
    kept = read_number(lookahead, "kept_beats")
    late = read_number(lookahead, "late")
    ahead = f"{kept:.1f} beats, {read_number(lookahead, 'asked_beats'):.1f} asked" if lookahead else UNKNOWN
    facts: list[tuple[str, str, str]] = [
        ("ahead", ahead, "text"),
        ("too late", f"{late:,.0f} beats" if lookahead else UNKNOWN, "warning" if late else "text"),
        ("chord from", read_text(commit, "source") or UNKNOWN, "text"),
        ("level", describe_levels(session, 2) or UNKNOWN, "text"),
    ]
    facts += [(name_control(one), format_value(one, session.get(one.name)), "text") for one in _find_extras(session)]
    rows: list[Row] = [draw_heading("Decisions", PANE_COLUMNS), []]
    return rows + [[(pad(label, 13), "dim"), (cut(value, PANE_COLUMNS - 13), role)] for label, value, role in facts]


def _find_extras(session: Session) -> list[Control]:
    return [one for one in find_switches(session) if one.name not in (DROPOUT, FILL)]


def describe_levels(session: Session, most: int) -> str:
    """The shares of the levels at which most beats were decided: ``foreseen 94 %, held 5 %``."""
    counts = [
        (max(read_number(row, "beats"), 0.0), read_text(row, "level"))
        for row in session.read_rows("accompaniment.level")
    ]
    beats = sum(count for count, _ in counts)
    shares = [(count / beats, level) for count, level in sorted(counts, reverse=True) if count > 0]
    return ", ".join(f"{level} {100 * share:.0f} %" for share, level in shares[:most])


def draw_more(session: Session, width: int) -> Row:
    """Below the planned notes, where there is no pane: levels, and the controls of the whole band."""
    levels = describe_levels(session, 3)
    items: list[Row] = [[("decided ", "dim"), (levels, "text")]] if levels else []
    for one in _find_extras(session):
        items.append([(f"{name_control(one)} ", "dim"), (format_number(one, session.get(one.name)), "text")])
    return join_fitting(items, width)


def draw_roll(
    session: Session,
    parts: Sequence[Part],
    notes: Mapping[str, Sequence[PlannedNote]],
    position: Position | None,
    selected: int,
    width: int,
    rows: int,
) -> list[Row]:
    """The planned notes with a heading: ``rows`` rows a part, and a blank one between where these are several."""
    columns = max(width - PART_COLUMNS, 1)
    commit, ahead = session.read("accompaniment.commit"), session.get(LOOKAHEAD)
    decided = read_number(commit, "frame") if commit else None
    if not session.count(NOTES):
        decided = float("-inf")  # no note came: what is silent is not known
    grid = make_grid(position, columns, decided, ahead)
    legend = f"{_say_number(grid.beats_back)} beats back │ {_say_number(grid.beats_ahead)} beats on" if position else ""
    drawn: list[Row] = [draw_heading("Planned", width, legend if width >= 60 else "")]
    for number, part in enumerate(parts):
        silent = part.is_muted or part.is_dropped
        roll = draw_part(notes.get(part.name, ()), grid, rows, silent)
        labels = _draw_labels(part, number, number == selected, rows)
        drawn += [[]] if rows > 1 else []
        drawn += [[*fit_row(label, PART_COLUMNS), *line] for label, line in zip(labels, roll, strict=True)]
    if not parts:
        drawn.append([("–  the band has not said which parts it plays", "dim")])
    return drawn


def _draw_labels(part: Part, number: int, selected: bool, rows: int) -> list[Row]:
    mark = ("▌" if selected else " ", "strong")
    word = "MUTED" if part.is_muted else "out" if part.is_dropped else ""
    letter = ("M" if part.is_muted else "m", "strong" if part.is_muted else "off") if part.mute else (" ", "text")
    first: Row = [
        mark,
        (f"{number + 1} ", "dim"),
        letter,
        ("  ", "text"),
        (pad(part.name, 8), "title" if selected else "text"),
    ]
    words: Row = [(word, "strong")]
    if rows == 1:
        return [[*first, (" ", "text"), *words]]
    return [first, [mark, ("     ", "text"), *words], *([[mark]] * (rows - 2))]


def _say_number(number: int) -> str:
    return NUMBERS[number] if 0 < number < len(NUMBERS) else str(number)


def put_pane_beside(left: list[Row], right: list[Row], width: int) -> list[Row]:
    """The dials with the pane at their right."""
    return put_side_by_side(left, right, width - PANE_COLUMNS - 4, 4)
