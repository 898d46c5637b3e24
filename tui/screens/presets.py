"""Presets screen: the list, what each would change, comparing two of them, and keeping them."""

from __future__ import annotations

from tui.core.rows import Row, cut, draw_heading
from tui.core.screen import Context, KeyAction, TextField
from tui.core.session import Record, Session
from tui.core.values import UNKNOWN, read_number, read_text
from tui.drawing.panes import fill, find_margin, indent, put_side_by_side
from tui.drawing.preset_panes import draw_description, draw_differences, draw_entries, draw_now
from tui.drawing.text_field import draw_field
from tui.models.preset_comparison import Comparison, Difference, compare_preset
from tui.models.selection import PAGE_ROWS, Selection
from tui.screens.preset_edits import PresetEdits, make_name_field

ASK_AGAIN_S = 3.0
"""A preset whose content did not come for so long is asked for again."""
LIST_COLUMNS, LARGE_LIST_COLUMNS = 28, 46
LEAST_PANES_COLUMNS = 60
"""A narrower screen shows the list alone."""
DESCRIPTION_ROWS = 5
MAX_PANE_ROWS = 30
"""Rows of the list and the differences, so that the description is not far from them."""


class PresetScreen:
    """Presets. Their contents are asked for as they are selected, and again when the list has changed."""

    name = "presets"
    title = "Presets"
    letter = "p"
    subscriptions: tuple[tuple[str, float], ...] = (("/preset/*", 5.0),)
    histories: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._preset, self._difference = Selection(), Selection()
        self._in_differences = False
        self._only_changed = True
        self._find = ""
        self._field: TextField | None = None
        self._contents: dict[str, list[Record]] = {}
        self._asked: dict[str, tuple[object, float]] = {}
        """What was known of a preset when its content was asked for, and when that was."""
        self._edits = PresetEdits(self._take_change)

    @property
    def actions(self) -> tuple[KeyAction, ...]:
        """The keys of this screen."""
        return (
            KeyAction("presets.find", ("slash",), "find", "Show only presets with these words.", self._search),
            KeyAction("presets.load", ("enter",), "load", "Load the selected preset.", self._load),
            KeyAction(
                "presets.compare",
                ("b",),
                "A/B",
                "Change over between A, what sounds now, and B, at first the selected preset; all in one step.",
                self._change_over,
            ),
            KeyAction(
                "presets.copy", ("c",), "copy A/B", "Put what sounds now into both A and B.", self._copy, shown=False
            ),
            KeyAction(
                "presets.differences",
                ("d",),
                "what differs",
                "Show only what the preset would change, or all that it names.",
                self._toggle_differences,
            ),
            KeyAction("presets.new", ("n",), "new", "Save what sounds now as a new preset.", self._save_new),
            KeyAction("presets.rename", ("r",), "rename", "Rename a preset of yours.", self._rename, shown=False),
            KeyAction("presets.delete", ("x",), "delete", "Delete a preset of yours.", self._delete, shown=False),
            KeyAction("presets.describe", ("e",), "describe", "Write its description.", self._describe, shown=False),
            KeyAction("presets.pane", ("tab",), "", "Scroll the differences, or the list.", self._change_pane),
            KeyAction("presets.down", ("down", "j"), "", "The next row.", lambda one: self._move(one, 1)),
            KeyAction("presets.up", ("up", "k"), "", "The row before.", lambda one: self._move(one, -1)),
            KeyAction("presets.page_down", ("pagedown",), "", "Rows down.", lambda one: self._move(one, PAGE_ROWS)),
            KeyAction("presets.page_up", ("pageup",), "", "Rows up.", lambda one: self._move(one, -PAGE_ROWS)),
            KeyAction("presets.leave", ("escape",), "", "Show all presets again.", self._leave),
        )

    # -- keys

    def _move(self, context: Context, step: int) -> None:
        if self._in_differences:
            comparison = self._compare(context.session)
            if comparison is not None:
                self._difference.move([one.control for one in self._list_shown(comparison)], step)
            return
        self._preset.move(self._list_names(context.session), step)
        self._asked.pop(self._preset.key, None)

    def _change_pane(self, _context: Context) -> None:
        self._in_differences = not self._in_differences

    def _toggle_differences(self, _context: Context) -> None:
        self._only_changed = not self._only_changed

    def _search(self, context: Context) -> None:
        self._field = context.view.field = TextField(
            "", self._find, len(self._find), on_change=self._set_find, on_cancel=lambda: self._set_find("")
        )

    def _set_find(self, text: str) -> None:
        self._find = text

    def _leave(self, _context: Context) -> None:
        self._find = ""
        self._in_differences = False

    def _select(self, context: Context) -> Record:
        """The entry of the selected preset; what is wrong is said where it cannot be used."""
        entry = context.session.read_row("preset.entry", self._find_selected(context.session))
        if not entry:
            context.say("there is no preset", "warning")
        return entry

    def _load(self, context: Context) -> None:
        entry = self._select(context)
        if problem := read_text(entry, "problem"):
            context.say(problem, "error")
        elif entry:
            self._edits.load(context, self._preset.key, self._compare(context.session))

    def _change_over(self, context: Context) -> None:
        entry = self._select(context)
        if entry or self._edits.buffers.is_used:
            self._edits.change_over(context, self._preset.key, self._compare(context.session))

    def _copy(self, context: Context) -> None:
        self._edits.copy(context)

    def _save_new(self, context: Context) -> None:
        self._field = context.view.field = make_name_field(
            "save as", "", lambda text: self._edits.save_new(context, text)
        )

    def _select_own(self, context: Context) -> Record:
        """The entry of the selected preset, where it is the user's; shipped ones cannot be changed."""
        entry = self._select(context)
        if read_text(entry, "origin") == "shipped":
            context.say(f"{self._preset.key} is shipped and stays as it is: load it, then n saves your own", "warning")
            return {}
        return entry

    def _rename(self, context: Context) -> None:
        if self._select_own(context):
            name = self._preset.key
            self._field = context.view.field = make_name_field(
                "rename to", name, lambda text: self._edits.rename(context, name, text)
            )

    def _describe(self, context: Context) -> None:
        if entry := self._select_own(context):
            name, doc = self._preset.key, read_text(entry, "doc")
            self._field = context.view.field = make_name_field(
                "description", doc, lambda text: self._edits.describe(context, name, text, doc)
            )

    def _delete(self, context: Context) -> None:
        if self._select_own(context):
            self._edits.delete(context, self._preset.key)

    # -- what is known

    def _list_entries(self, session: Session) -> list[Record]:
        words = self._find.lower().split()
        entries = [
            one
            for one in session.read_rows("preset.entry")
            if all(word in f"{read_text(one, 'preset')} {read_text(one, 'doc')}".lower() for word in words)
        ]
        return sorted(entries, key=lambda one: read_text(one, "preset").lower())

    def _list_names(self, session: Session) -> list[str]:
        return [read_text(one, "preset") for one in self._list_entries(session)]

    def _find_selected(self, session: Session) -> str:
        return self._preset.key if self._preset.find(self._list_names(session)) >= 0 else ""

    def _take_change(self, name: str) -> None:
        """Select a preset that was written, and ask for its content again."""
        self._asked.pop(name, None)
        self._preset.key = name

    def _ask(self, context: Context) -> None:
        """Ask for the content of the selected preset, unless it is known, or on its way."""
        session = context.session
        name = self._find_selected(session)
        entry = session.read_row("preset.entry", name)
        if not entry or read_text(entry, "problem") or session.state != "attached":
            return
        current = session.read("preset.current")
        known = (tuple(entry.values()), read_text(current, "preset"), read_number(current, "changed") == 0)
        before, asked_s = self._asked.get(name, (None, 0.0))
        if before == known and (name in self._contents or context.now_s - asked_s < ASK_AGAIN_S):
            return
        self._asked[name] = known, context.now_s

        def take(error: str, rows: list[Record]) -> None:
            if error:
                self._contents.pop(name, None)
            else:
                self._contents[name] = rows

        context.remote.call("preset.show", name, answer=take)

    def _compare(self, session: Session) -> Comparison | None:
        rows = self._contents.get(self._find_selected(session))
        return compare_preset(session, rows) if rows is not None else None

    def _list_shown(self, comparison: Comparison) -> tuple[Difference, ...]:
        return comparison.changed if self._only_changed else comparison.differences

    # -- what is shown

    def draw(self, context: Context, width: int, height: int) -> list[Row]:
        """What is loaded, the list with the differences of the selected preset, and its description."""
        if self._field is not context.view.field:
            self._field = None
        self._ask(context)
        margin = find_margin(context.view)
        inner = max(width - 2 * margin, 0)
        session = context.session
        current = session.read("preset.current")
        top: list[Row] = [[], draw_now(current, self._edits.buffers, context.view.is_large), []]
        entry = session.read_row("preset.entry", self._find_selected(session))
        bottom = [[], *draw_description(entry, inner, DESCRIPTION_ROWS - 1)]
        bottom += [[]] * (DESCRIPTION_ROWS - len(bottom))
        if height < len(top) + len(bottom) + 5:
            top, bottom = top[1:2], []
        room = max(height - len(top) - len(bottom), 0)
        room = min(room, MAX_PANE_ROWS)
        panes = self._draw_panes(context, read_text(current, "preset"), inner, room)
        rows = [*top, *fill(panes, inner, room), *bottom]
        return fill(indent(rows, margin), width, height)

    def _draw_panes(self, context: Context, current: str, width: int, height: int) -> list[Row]:
        has_panes = width >= LEAST_PANES_COLUMNS
        list_width = (LARGE_LIST_COLUMNS if context.view.is_large else LIST_COLUMNS) if has_panes else width
        left = self._draw_list(context, current, list_width, height)
        if not has_panes:
            return left
        right_width = width - list_width - 3
        return put_side_by_side(left, self._draw_right(context, right_width, height), list_width, 3)

    def _draw_list(self, context: Context, current: str, width: int, height: int) -> list[Row]:
        entries = self._list_entries(context.session)
        selected = self._preset.find([read_text(one, "preset") for one in entries])
        count = len(context.session.read_rows("preset.entry"))
        shown = str(count) if len(entries) == count else f"{len(entries)} of {count}"
        rows: list[Row] = [draw_heading("Presets", width, shown)]
        if self._field is not None:
            rows.append(draw_field(self._field, width))
        else:
            rows.append([(f"find {self._find}" if self._find else "", "dim")])
        if not entries:
            text = "none has these words" if self._find else UNKNOWN
            return [*rows, [(text, "dim")]]
        return [*rows, *draw_entries(entries, current, selected, width, height - len(rows))]

    def _draw_right(self, context: Context, width: int, height: int) -> list[Row]:
        session = context.session
        name = self._find_selected(session)
        rows: list[Row] = [draw_heading("Differs", width, f"now ▸ {cut(name, width // 2)}" if name else "")]
        comparison = self._compare(session)
        if comparison is None:
            refused = read_text(session.read_row("preset.entry", name), "problem")
            return [*rows, [("this file is refused, see below" if refused else UNKNOWN, "error" if refused else "dim")]]
        shown = self._list_shown(comparison)
        selected = self._difference.find([one.control for one in shown]) if self._in_differences else -1
        spacing = 1 if context.view.is_large else 0
        return [*rows, *draw_differences(comparison, self._only_changed, selected, width, height - 1, spacing)]
