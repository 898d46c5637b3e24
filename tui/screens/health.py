"""Health: delays of every path, what a DAW needs to know of them, workers, lookahead, counters, and what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tui.core.registry import Value
from tui.core.rows import Row, draw_heading
from tui.core.screen import Context, KeyAction
from tui.core.session import Record
from tui.core.values import read_number, read_text
from tui.drawing.health_rows import (
    CARD_ROWS,
    DELAY_COLUMNS,
    LARGE_DELAY_COLUMNS,
    draw_card,
    draw_counts,
    draw_delays,
    draw_faults,
    draw_large_counts,
    draw_lookahead,
    draw_machine,
    draw_whole_faults,
    draw_workers,
    say_span,
)
from tui.drawing.panes import LARGE_MARGIN, fill, indent, put_side_by_side
from tui.models.faults import LOOKAHEAD, find_faults

AUTO, RESERVE = "accompaniment.lookahead_auto", ".reserve_frames"
LOOKAHEAD_STEP_BEATS = 0.5
WIDE_COLUMNS = 74
"""From this width on the DAW card and the workers are right of the delays."""
LARGE_DELAY_ROWS = 20
LARGE_FAULTS = 5
"""Rows of the delays, and of what is wrong, in the large layout."""
MOST_FAULT_ROWS = 6
"""In 80 x 24: what is wrong goes before the last rows of the delays; Enter shows it in full."""
PAGE_ROWS = 10
WHOLE_HEAD_ROWS = 3
"""Rows above what is wrong where it is shown in full."""


class HealthScreen:
    """The screen of what may go wrong. Its state: the chosen DAW, and whether all that is wrong is shown in full."""

    name = "health"
    title = "Health"
    letter = "h"
    subscriptions: tuple[tuple[str, float], ...] = (
        ("/latency", 2.0),
        ("/latency/card", 2.0),
        ("/worker/time", 2.0),
        ("/insert", 2.0),
        ("/callback/time", 2.0),
        ("/accompaniment/lookahead", 4.0),
    )
    histories: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._daw = ""
        self._is_whole = False
        self._top = 0
        """The first row of what is wrong that is shown, in full."""

    @property
    def actions(self) -> tuple[KeyAction, ...]:
        """The keys of this screen, those of the footer first."""
        return (
            KeyAction(
                "health.measure",
                ("M",),
                "measure",
                "Measure the delay of every path by clicks; it asks first where music plays.",
                measure_latency,
            ),
            KeyAction(
                "health.tune",
                ("T",),
                "tune",
                "Set each worker's reserve to what it needs. The declared delays change: the DAW takes them anew.",
                tune_reserves,
            ),
            KeyAction(
                "health.clear",
                ("c",),
                "clear",
                "Set all counters to 0.",
                lambda context: context.remote.call("counters.reset"),
            ),
            KeyAction("health.faults", ("enter",), "in full", "Show what is wrong in full, or the rest.", self._turn),
            KeyAction("health.daw", ("D",), "which DAW", "Show what the next DAW needs.", self._show_next_daw),
            KeyAction(
                "health.more",
                ("right",),
                "lookahead",
                "Decide half a beat earlier.",
                partial(_move_lookahead, LOOKAHEAD_STEP_BEATS),
                label="←→",
            ),
            KeyAction(
                "health.less",
                ("left",),
                "",
                "Decide half a beat later.",
                partial(_move_lookahead, -LOOKAHEAD_STEP_BEATS),
            ),
            KeyAction("health.auto", ("a",), "auto", "Let the lookahead be as short as it can, or not.", toggle_auto),
            KeyAction("health.down", ("down", "j"), "", "What is wrong in full, a row on.", self._make_scroll(1)),
            KeyAction("health.up", ("up", "k"), "", "A row back.", self._make_scroll(-1)),
            KeyAction("health.page_down", ("pagedown",), "", "Rows on.", self._make_scroll(PAGE_ROWS)),
            KeyAction("health.page_up", ("pageup",), "", "Rows back.", self._make_scroll(-PAGE_ROWS)),
            KeyAction("health.leave", ("escape",), "", "Show the rest again.", self._leave),
        )

    def _turn(self, _context: Context) -> None:
        self._is_whole, self._top = not self._is_whole, 0

    def _leave(self, _context: Context) -> None:
        self._is_whole = False

    def _make_scroll(self, rows: int) -> Callable[[Context], None]:
        def scroll(_context: Context) -> None:
            self._top = max(self._top + rows, 0) if self._is_whole else 0
            self._is_whole = self._is_whole or rows > 0

        return scroll

    def _show_next_daw(self, context: Context) -> None:
        daws = [read_text(row, "daw") for row in context.session.read_rows("latency.card")]
        if daws:
            at = daws.index(self._daw) if self._daw in daws else 0
            self._daw = daws[(at + 1) % len(daws)]
        else:
            context.say("this sidecar knows of no DAW", "warning")

    def draw(self, context: Context, width: int, height: int) -> list[Row]:
        """At most ``height`` rows of at most ``width`` columns."""
        large = context.view.is_large
        margin = LARGE_MARGIN if large else 1 if width >= 40 else 0
        room = max(width - 2 * margin, 1)
        if self._is_whole:
            rows = self._draw_whole(context, room, height)
        else:
            rows = self._draw_large(context, room) if large else self._draw_small(context, room, height)
        return fill(indent(rows, margin), width, height)

    def _draw_whole(self, context: Context, width: int, height: int) -> list[Row]:
        """All that is wrong, from the first row that is shown."""
        rows = draw_whole_faults(find_faults(context.session), width)
        room = max(height - WHOLE_HEAD_ROWS, 1)
        self._top = min(self._top, max(len(rows) - room, 0))
        shown = rows[self._top : self._top + room]
        if len(rows) > self._top + room:
            shown[-1] = [(f"… {len(rows) - self._top - room + 1} more rows ↓", "dim")]
        return [[], draw_heading("What is wrong", width, "Esc back"), [], *shown]

    def _draw_small(self, context: Context, width: int, height: int) -> list[Row]:
        session = context.session
        faults = find_faults(session)
        machine = draw_machine(session, width, False)
        lookahead = draw_lookahead(session, width, False)
        below = len(lookahead) + 2
        wanted = min(max(len(faults), 1), MOST_FAULT_ROWS)
        room = max(height - below - wanted, 3)
        if width >= WIDE_COLUMNS:
            side = width - DELAY_COLUMNS - 3
            left = draw_delays(session, DELAY_COLUMNS, room)
            right = [*draw_card(session, self._daw, side, CARD_ROWS), *draw_workers(session, side, False)][
                : max(room, 0)
            ]
            rows = put_side_by_side(left, right, DELAY_COLUMNS, 3)
        else:
            rows = draw_delays(session, width, room)
        spare = height - len(rows) - below - wanted
        shown_machine = machine[: max(spare, 0)]
        spare -= len(shown_machine)
        gaps: list[Row] = [[]] * min(max(spare, 0), 1)
        more_gaps: list[Row] = [[]] * min(max(spare - 1, 0), 1)
        head = draw_heading(say_span(session), width, "c clears")
        used = len(gaps) + len(more_gaps) + len(rows) + below + len(shown_machine)
        return [
            *gaps,
            *rows,
            *more_gaps,
            *lookahead,
            head,
            draw_counts(session, width),
            *shown_machine,
            *draw_faults(faults, session, width, height - used),
        ]

    def _draw_large(self, context: Context, width: int) -> list[Row]:
        session = context.session
        side = width - LARGE_DELAY_COLUMNS - 4
        left = draw_delays(session, LARGE_DELAY_COLUMNS, LARGE_DELAY_ROWS)
        right = [*draw_card(session, self._daw, side, CARD_ROWS), [], *draw_workers(session, side, True)]
        return [
            [],
            *put_side_by_side(left, right, LARGE_DELAY_COLUMNS, 4),
            [],
            *draw_lookahead(session, width, True),
            [],
            draw_heading(say_span(session), width, "c clears"),
            [],
            *draw_large_counts(session, width),
            [],
            *draw_faults(find_faults(session), session, width, LARGE_FAULTS),
            [],
            draw_heading("Machine", width),
            [],
            *draw_machine(session, width, True),
        ]


def tune_reserves(context: Context) -> None:
    """Tune every reserve; while the music plays it asks first. Undo sets them as they were."""
    session, remote = context.session, context.remote
    names = [name for name in session.registry.controls if name.startswith("latency.") and name.endswith(RESERVE)]
    before: dict[str, Value] = {name: session.get(name) for name in names}

    def tune() -> None:
        remote.call("latency.tune", undo=lambda: remote.recall(before, "reserves"))

    if read_number(session.read("clock"), "rolling") > 0:
        context.view.asked = ("The music plays, and tuning changes the declared delays. Tune now?", tune)
    else:
        tune()


def measure_latency(context: Context) -> None:
    """Measure every path; where the sidecar refuses, ask whether to measure anyway."""
    if "latency.measure" not in context.session.registry.actions:
        context.say("this sidecar measures by the command alone: sideman latency --measure", "warning")
        return
    _measure(context, ())


def _measure(context: Context, arguments: tuple[str, ...]) -> None:
    def take(error: str, rows: list[Record]) -> None:
        if error and not arguments:
            context.view.asked = (f"{error}. Measure anyway?", lambda: _measure(context, ("anyway",)))
        elif error:
            context.say(error, "error")
        else:
            context.say(*say_measured(rows))

    context.say("measuring …", "text")
    context.remote.call("latency.measure", *arguments, answer=take)


def say_measured(rows: list[Record]) -> tuple[str, str]:
    """The result of a measurement in words, and their role."""
    differing = [row for row in rows if read_number(row, "measured") != read_number(row, "declared")]
    if not rows:
        return "nothing could be measured", "warning"
    if not differing:
        return f"measured {len(rows)} path{'' if len(rows) == 1 else 's'}: all as declared", "good"
    row = differing[0]
    more = f", and {len(differing) - 1} more" if len(differing) > 1 else ""
    measured, declared = (read_number(row, field) for field in ("measured", "declared"))
    return f"{read_text(row, 'path')} measured {measured:,.0f}, declared {declared:,.0f}{more}", "warning"


def _move_lookahead(step_beats: float, context: Context) -> None:
    control = context.session.registry.controls.get(LOOKAHEAD)
    if control is None:
        context.say("this sidecar has no accompaniment", "warning")
    else:
        context.remote.nudge(LOOKAHEAD, step_beats / (control.step or 1.0))


def toggle_auto(context: Context) -> None:
    """Turn the automatic lookahead over."""
    if AUTO in context.session.registry.controls:
        context.remote.toggle(AUTO)
    else:
        context.say("this sidecar has no accompaniment", "warning")
