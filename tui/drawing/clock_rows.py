"""Rows of the clock: the one that leads with its quality, and the list of those that can be chosen."""

from __future__ import annotations

from tui.core.rows import Row, cut, draw_heading, fit_row, measure, pad
from tui.core.session import Session
from tui.core.values import UNKNOWN
from tui.models.clocks import (
    AUTO,
    CLOCK_SOURCE,
    LEADS,
    ROLLS,
    STANDS,
    TEMPO_CONTROLS,
    UNAVAILABLE,
    SourceLine,
    list_candidates,
    list_sources,
    name_chosen,
    name_leader,
    say_quality,
)

HINT = "↵ takes, Esc leaves"
NAME_COLUMNS, TITLE_COLUMNS = 10, 15
LEAST_STATE_COLUMNS = 34
"""Columns of the state of a source; where there are fewer, its title is left out."""


def draw_clock(session: Session, columns: tuple[int, int], width: int) -> list[Row]:
    """The clock that leads, its lock, jitter and drift, how it is chosen, and the others that are there.

    ``columns``: of the label and of the name. The others have a row of their own where one is too short.
    """
    clock, chosen = session.read("clock"), session.get_choice(CLOCK_SOURCE)
    leader, wanted = name_leader(clock), name_chosen(session)
    words = say_quality(clock) if leader else ["stands"] if wanted else []
    if chosen:
        words.append("by auto" if chosen == AUTO else f"source {chosen}")
    others = ", ".join(f"{line.title} {line.state}" for line in list_candidates(clock))
    name = leader or wanted or UNKNOWN
    size = max(columns[1], measure(name) + 2)
    room = max(width - columns[0] - size, 0)
    said = " · ".join([*words, f"also {others}"] if others else words)
    row: Row = [(pad("clock", columns[0]), "dim"), (pad(name, size), "text")]
    if measure(said) <= room or not others:
        return [[*row, (cut(said, room), "dim")]]
    also: Row = [(" " * columns[0], "dim"), (cut(f"also {others}", max(width - columns[0], 0)), "dim")]
    return [[*row, (cut(" · ".join(words), room), "dim")], also]


def draw_sources(session: Session, at: int, width: int) -> list[Row]:
    """The list of the sources under a heading, with the cursor at line ``at``."""
    hint = HINT if width >= measure(HINT) + 20 else ""
    rows: list[Row] = [draw_heading("Clock source", width, hint)]
    present = session.get_choice(CLOCK_SOURCE)
    lines = list_sources(session)
    for number, line in enumerate(lines):
        rows.append(_draw_source(session, line, number == at, line.name == present, width))
    return rows if lines else [*rows, [(f"{UNKNOWN}  this sidecar has no {CLOCK_SOURCE}", "dim")]]


def _draw_source(session: Session, line: SourceLine, here: bool, is_present: bool, width: int) -> Row:
    shown = f"[{line.name}]" if is_present else f" {line.name} "
    role = "selected" if here else "off" if line.state == UNAVAILABLE else "text"
    row: Row = [("▌" if here else " ", "title"), (pad(shown, NAME_COLUMNS), role), (" ", "text")]
    if width >= NAME_COLUMNS + TITLE_COLUMNS + LEAST_STATE_COLUMNS:
        row.append((pad(line.title, TITLE_COLUMNS), "text" if line.state in (LEADS, ROLLS) else "dim"))
    return fit_row([*row, _say_state(session, line)], width)


def _say_state(session: Session, line: SourceLine) -> tuple[str, str]:
    """The state of a source in words, and their role."""
    if line.name == AUTO:
        return "the first that runs: JACK's first, our own last", "dim"
    if line.state == LEADS:
        return " · ".join((LEADS, *say_quality(session.read("clock")))), "good"
    if line.state == UNAVAILABLE:
        return "not installed: see sideman doctor", "warning"
    if line.state in (ROLLS, STANDS):
        return ("rolls, and is ignored" if line.state == ROLLS else "there, and stands"), "text"
    tempo = TEMPO_CONTROLS.get(line.name, "")
    return (f"at {session.get(tempo):.1f} BPM" if tempo in session.registry.controls else UNKNOWN), "dim"
