"""Log screen: what happens, as lines that come: changes, messages, beats, decisions, connections and the log."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from tui.core.rows import Row, cut, fit_row
from tui.core.screen import Context, KeyAction, TextField
from tui.core.session import MAX_ARRIVALS
from tui.core.values import UNKNOWN
from tui.drawing.panes import fill, indent
from tui.drawing.table import Column, draw_line, lay_out
from tui.drawing.text_field import draw_field
from tui.models.log_export import export_lines
from tui.models.log_lines import KINDS, LogFilter, LogLine, LogLines
from tui.models.times import format_clock

EVENTS_HZ = 20.0
KEYS = {"osc": "o", "midi": "m", "bus": "b", "mir": "h", "plan": "n", "jack": "r", "log": "s"}
"""The key of each kind of line."""
FRAME_ROWS = 4
"""Rows that are no lines: the filter, two rules, and the foot."""
LEAST_HEIGHT = 9
AIRY_HEIGHT = 16
"""From this height on a blank row is above the filter, as on the other screens."""
NARROW_COLUMNS = 60
PAGE_ROWS = 10
ROLES = {"warning": "warning", "error": "error", "debug": "dim"}


class LogScreen:
    """Log. It follows the newest line until it is scrolled or paused."""

    name = "log"
    title = "Log"
    letter = "l"
    subscriptions: tuple[tuple[str, float], ...] = (
        ("/log", EVENTS_HZ),
        ("/change", EVENTS_HZ),
        ("/controllers/message", EVENTS_HZ),
        ("/mir/beat", EVENTS_HZ),
        ("/mir/chord", EVENTS_HZ),
        ("/mir/key", EVENTS_HZ),
        ("/accompaniment/chord", EVENTS_HZ),
        ("/accompaniment/commit", EVENTS_HZ),
        ("/accompaniment/section", EVENTS_HZ),
        ("/routing/event", EVENTS_HZ),
    )
    histories: tuple[str, ...] = ("log", "change", "mir.beat", "mir.chord", "mir.key", "routing.event")

    def __init__(self) -> None:
        self._lines = LogLines()
        self._filter = LogFilter()
        self._field: TextField | None = None
        self._room = 0
        """Lines that the last picture had room for."""
        self._bottom: int | None = None
        """The number of the last line that is shown; None while it follows the newest."""

    @property
    def actions(self) -> tuple[KeyAction, ...]:
        """The keys of this screen."""
        words = {"osc": "OSC", "midi": "MIDI"}
        kinds = [
            KeyAction(
                f"log.{kind}",
                (key,),
                words.get(kind, kind),
                f"Show or hide {KINDS[kind]}.",
                partial(self._toggle_kind, kind),
                shown=kind in words,
            )
            for kind, key in KEYS.items()
        ]
        return (
            KeyAction(
                "log.filter", ("slash",), "filter", "Show lines with a text; | is or, * is anything.", self._search
            ),
            KeyAction("log.pause", ("p",), "pause", "Stand still, or follow the newest line.", self._pause),
            KeyAction("log.warnings", ("w",), "warnings", "Show warnings and errors alone.", self._toggle_loud),
            *kinds,
            KeyAction(
                "log.export", ("e",), "export", "Write what is shown as JSON lines into this folder.", self._export
            ),
            KeyAction("log.clear", ("c",), "clear", "Forget the lines so far.", self._clear, shown=False),
            KeyAction("log.newest", ("G", "end"), "newest", "Follow the newest line again.", self._go_on, shown=False),
            KeyAction("log.oldest", ("home",), "", "Go to the oldest line.", self._go_to_start),
            KeyAction("log.down", ("down", "j"), "", "A line on.", self._make_move(1)),
            KeyAction("log.up", ("up", "k"), "", "A line back.", self._make_move(-1)),
            KeyAction("log.page_down", ("pagedown",), "", "Lines on.", self._make_move(PAGE_ROWS)),
            KeyAction("log.page_up", ("pageup",), "", "Lines back.", self._make_move(-PAGE_ROWS)),
            KeyAction("log.leave", ("escape",), "", "Show all lines again.", self._leave),
        )

    # -- keys

    def _make_move(self, step: int) -> Callable[[Context], None]:
        return lambda context: self._move(context, step)

    def _move(self, context: Context, step: int) -> None:
        self._lines.update(context.session)
        shown = self._lines.shown
        if not shown:
            return
        at = min(max(self._find_bottom() + step, 0), len(shown) - 1)
        self._bottom = None if at == len(shown) - 1 and step > 0 else shown[at].number

    def _find_bottom(self) -> int:
        """The place of the last line that is shown: the newest, or the one at which it stands still."""
        shown = self._lines.shown
        if self._bottom is not None:
            for at in range(len(shown) - 1, -1, -1):
                if shown[at].number == self._bottom:
                    return at
            self._bottom = None
        return len(shown) - 1

    def _pause(self, context: Context) -> None:
        self._lines.update(context.session)
        shown = self._lines.shown
        self._bottom = shown[-1].number if self._bottom is None and shown else None

    def _go_on(self, _context: Context) -> None:
        self._bottom = None

    def _go_to_start(self, context: Context) -> None:
        self._lines.update(context.session)
        if self._lines.shown:
            at = min(max(self._room - 1, 0), len(self._lines.shown) - 1)
            self._bottom = self._lines.shown[at].number

    def _change_filter(self, wanted: LogFilter) -> None:
        self._filter = wanted
        self._lines.filter(wanted)

    def _toggle_kind(self, kind: str, _context: Context) -> None:
        kinds = self._filter.kinds ^ {kind}
        self._change_filter(LogFilter(kinds, self._filter.text, self._filter.only_loud))

    def _toggle_loud(self, _context: Context) -> None:
        self._change_filter(LogFilter(self._filter.kinds, self._filter.text, not self._filter.only_loud))

    def _search(self, context: Context) -> None:
        text = self._filter.text
        self._field = context.view.field = TextField(
            "filter", text, len(text), on_change=self._set_text, on_cancel=lambda: self._set_text("")
        )

    def _set_text(self, text: str) -> None:
        self._change_filter(LogFilter(self._filter.kinds, text, self._filter.only_loud))

    def _leave(self, _context: Context) -> None:
        self._change_filter(LogFilter())

    def _clear(self, context: Context) -> None:
        self._lines.update(context.session)
        self._lines.clear()
        self._bottom = None
        context.say("the lines so far are cleared here", "text")

    def _export(self, context: Context) -> None:
        self._lines.update(context.session)
        try:
            path = export_lines(self._lines.shown, Path.cwd())
        except OSError as error:
            context.say(f"the log cannot be written: {error}", "error")
        else:
            context.say(f"{len(self._lines.shown):,} lines are written into {path}", "good")

    # -- what is shown

    def draw(self, context: Context, width: int, height: int) -> list[Row]:
        """The filter, the lines, and whether it follows."""
        if self._field is not context.view.field:
            self._field = None
        self._lines.update(context.session)
        is_large = context.view.is_large
        margin = 5 if is_large else 1
        inner = max(width - 2 * margin, 0)
        has_frame = height >= LEAST_HEIGHT
        is_airy = height >= AIRY_HEIGHT
        room = max(height - (FRAME_ROWS + is_airy if has_frame else 0), 0)
        lines = fill(self._draw_lines(inner, room, is_large), inner, room)
        if not has_frame:
            return fill(indent(lines, margin), width, height)
        rule: Row = [("─" * inner, "dim")]
        head = [[], self._draw_head(inner)] if is_airy else [self._draw_head(inner)]
        return fill(indent([*head, rule, *lines, rule, self._draw_foot(inner)], margin), width, height)

    def _draw_head(self, width: int) -> Row:
        shown, count = len(self._lines.shown), len(self._lines.lines)
        right = f"{shown:,} of {count:,} lines" if shown != count else f"{count:,} lines"
        room = max(width - len(right) - 2, 0)
        kinds = [kind for kind in KINDS if kind in self._filter.kinds]
        words = "all kinds" if len(kinds) == len(KINDS) else " ".join(kinds) or "no kind"
        words += ", warnings only" if self._filter.only_loud else ""
        if self._field is not None:
            left = draw_field(self._field, room)
        else:
            left = [("filter ", "dim"), (cut(self._filter.text, room // 2) or "none", "text"), ("   shows ", "dim")]
            left.append((words, "text"))
        return [*fit_row(left, room), ("  ", "text"), (right, "dim")]

    def _draw_lines(self, width: int, height: int, is_large: bool) -> list[Row]:
        self._room = max(height, 0)
        if height <= 0:
            return []
        end = self._find_bottom() + 1
        if not end:
            text = "no line passes the filter" if self._lines.lines else "nothing has come yet"
            return [[(text, "dim")]]
        columns = [Column("", 12), Column("", 5), Column("", 26 if is_large else 17), Column("")]
        if width < NARROW_COLUMNS:
            columns = [Column("", 9), Column("", 5), Column("")]
        widths = lay_out(columns, width)
        start = max(end - height, 0)
        return [_draw_line(one, columns, widths) for one in self._lines.shown[start:end]]

    def _draw_foot(self, width: int) -> Row:
        new = len(self._lines.shown) - 1 - self._find_bottom()
        if self._bottom is not None:
            state = f"= stands still, {new:,} newer   G follows again" if new else "= stands still   G follows again"
        else:
            state = "▸ live"
        text = f"{state}   the newest {MAX_ARRIVALS:,} are kept   e writes sideman-log.jsonl"
        return [(cut(text, width), "warning" if self._bottom is not None else "dim")]


def _draw_line(line: LogLine, columns: list[Column], widths: list[int]) -> Row:
    time = format_clock(line.time_ms, milliseconds=True)
    role = ROLES.get(line.level, "text")
    word_role = role if line.level in ROLES else "dim"
    cells = [(time, "dim"), (line.word, word_role), (line.source, "dim"), (line.text, role)]
    if len(columns) < len(cells):  # narrow: minutes and seconds, without the source
        cells = [(time if time == UNKNOWN else time[3:], "dim"), cells[1], cells[3]]
    return draw_line(cells, columns, widths)
