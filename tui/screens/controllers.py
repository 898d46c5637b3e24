"""Controllers screen: devices, what is bound on them, and learning a fader for any control."""

from __future__ import annotations

from tui.core.rows import Row, cut, draw_heading
from tui.core.screen import Context, KeyAction, TextField
from tui.core.session import Record, Session
from tui.core.values import read_number, read_text
from tui.drawing.controller_panes import describe_message, draw_bindings, draw_devices, draw_learning
from tui.drawing.panes import fill, find_margin, indent
from tui.drawing.text_field import draw_field
from tui.models.binding_list import (
    Binding,
    is_listening,
    list_bindings,
    list_candidates,
    list_devices,
    list_targets,
)
from tui.models.selection import PAGE_ROWS, Selection
from tui.screens.inverse_calls import undo_by

LEARN_ROWS, LARGE_LEARN_ROWS, IDLE_ROWS = 5, 9, 2
"""Rows of the dialogue of learning while something is learned, and before."""
MAX_DEVICE_ROWS, LARGE_MAX_DEVICE_ROWS = 3, 8
LEAST_HEIGHT = 13
"""A lower screen shows the map alone."""


class ControllerScreen:
    """Controllers. While something is learned, the arrows choose among what was moved."""

    name = "controllers"
    title = "Control"
    letter = "c"
    subscriptions: tuple[tuple[str, float], ...] = (
        ("/controllers/*", 10.0),
        ("/learn/*", 10.0),
        ("/preset/entry", 1.0),
    )
    histories: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._binding, self._candidate = Selection(), Selection()
        self._find = ""
        self._field: TextField | None = None

    @property
    def actions(self) -> tuple[KeyAction, ...]:
        """The keys of this screen."""
        return (
            KeyAction(
                "controllers.learn",
                ("enter",),
                "learn",
                "Learn a fader for the selected control; then take what was moved.",
                self._enter,
            ),
            KeyAction("controllers.forget", ("x",), "forget", "Remove what sets the selected control.", self._forget),
            KeyAction(
                "controllers.find",
                ("slash",),
                "find any",
                "Find any control or action, to bind a fader or a button to it.",
                self._search,
            ),
            KeyAction(
                "controllers.reload",
                ("r",),
                "reload",
                "Open the controllers anew, and read their mappings again.",
                self._reload,
            ),
            KeyAction("controllers.down", ("down", "j"), "", "The next row.", lambda one: self._move(one, 1)),
            KeyAction("controllers.up", ("up", "k"), "", "The row before.", lambda one: self._move(one, -1)),
            KeyAction("controllers.page_down", ("pagedown",), "", "Rows down.", lambda one: self._move(one, PAGE_ROWS)),
            KeyAction("controllers.page_up", ("pageup",), "", "Rows up.", lambda one: self._move(one, -PAGE_ROWS)),
            KeyAction("controllers.leave", ("escape",), "", "End learning, or show what is bound again.", self._leave),
        )

    # -- keys

    def _move(self, context: Context, step: int) -> None:
        if is_listening(context.session):
            self._candidate.move(_list_ranks(context.session), step)
        else:
            self._binding.move([one.key for one in self._list_rows(context.session)], step)

    def _enter(self, context: Context) -> None:
        session = context.session
        if is_listening(session):
            ranks = _list_ranks(session)
            at = self._candidate.find(ranks)
            if at < 0:
                context.say("nothing was moved yet: move a fader or press a button", "warning")
            else:
                control = read_text(session.read("learn.state"), "control")
                self._call(context, "learn.take", ranks[at], undoes=True, words=f"learned: {control}")
            return
        selected = self._find_selected(session)
        if selected is not None:
            self._candidate = Selection()
            self._call(context, "learn.start", selected.target)
        else:
            self._search(context)

    def _forget(self, context: Context) -> None:
        selected = self._find_selected(context.session)
        if selected is None or not selected.message:
            context.say("nothing is bound to it", "warning")
        else:
            words = f"nothing sets {selected.target} any more"
            self._call(context, "learn.forget", selected.target, undoes=True, words=words)

    def _reload(self, context: Context) -> None:
        self._call(context, "controllers.reload", words="the mappings are read again")

    def _search(self, context: Context) -> None:
        self._field = context.view.field = TextField(
            "find",
            self._find,
            len(self._find),
            on_change=self._set_find,
            on_submit=lambda _text: self._enter(context),
            on_cancel=lambda: self._set_find(""),
        )

    def _set_find(self, text: str) -> None:
        self._find = text

    def _leave(self, context: Context) -> None:
        if is_listening(context.session):
            self._call(context, "learn.cancel", words="nothing was learned")
        else:
            self._find = ""

    def _call(self, context: Context, action: str, *arguments: str, undoes: bool = False, words: str = "") -> None:
        """Trigger an action; of learning the reading says what came of it, so only errors are shown, or ``words``."""

        def take(error: str, _rows: list[Record]) -> None:
            done = f"{words} · u undoes it" if undoes else words
            if error or done:
                context.say(error or done, "error" if error else "text")

        undo = undo_by(context, "learn.undo") if undoes else None
        context.remote.call(action, *arguments, answer=take, undo=undo)

    # -- what is shown

    def _list_rows(self, session: Session) -> list[Binding]:
        if self._find.strip() or self._field is not None:
            return list_targets(session, self._find)
        return list_bindings(session)

    def _find_selected(self, session: Session) -> Binding | None:
        rows = self._list_rows(session)
        at = self._binding.find([one.key for one in rows])
        return rows[at] if at >= 0 else None

    def draw(self, context: Context, width: int, height: int) -> list[Row]:
        """Devices, the map, and learning."""
        if self._field is not context.view.field:
            self._field = None
        session, is_large = context.session, context.view.is_large
        margin = find_margin(context.view)
        inner = max(width - 2 * margin, 0)
        if height < LEAST_HEIGHT:
            return fill(indent(self._draw_map(session, inner, height, False), margin), width, height)
        devices = list_devices(session)
        most = LARGE_MAX_DEVICE_ROWS if is_large else MAX_DEVICE_ROWS
        learn_rows = LARGE_LEARN_ROWS if is_large else LEARN_ROWS if is_listening(session) else IDLE_ROWS
        rows: list[Row] = [[], draw_heading("Controllers", inner, cut(describe_message(session), inner // 2))]
        rows += [*draw_devices(session, devices, inner, min(max(len(devices), 1), most)), []]
        map_height = height - len(rows) - learn_rows - 1
        rows += fill(self._draw_map(session, inner, map_height, is_large), inner, map_height)
        selected = self._candidate.find(_list_ranks(session)) if is_listening(session) else -1
        rows += [[], *draw_learning(session, selected, inner, learn_rows)]
        return fill(indent(rows, margin), width, height)

    def _draw_map(self, session: Session, width: int, height: int, is_large: bool) -> list[Row]:
        bindings = self._list_rows(session)
        selected = self._binding.find([one.key for one in bindings])
        is_finding = bool(self._find.strip()) or self._field is not None
        right = f"{len(bindings)} found, ↵ learns one" if is_finding else f"{len(bindings)} bound"
        title = "Any control" if is_finding else "Map"
        rows: list[Row] = [draw_heading(title, width, right)]
        if self._field is not None:
            rows.append(draw_field(self._field, width))
        elif self._find:
            rows.append([(f"find {self._find}   Esc shows what is bound", "dim")])
        if not bindings:
            text = "nothing has these words" if is_finding else "Nothing is bound: / finds a control, ↵ learns a fader."
            return [*rows, [(text, "dim")]]
        rows += draw_bindings(bindings, selected, width, height - len(rows) - 1, is_large, not is_listening(session))
        if 0 <= selected < len(bindings) and bindings[selected].doc:
            rows.append([(cut(bindings[selected].doc, width), "dim")])
        return rows[: max(height, 0)]


def _list_ranks(session: Session) -> list[str]:
    return [f"{read_number(one, 'rank'):.0f}" for one in list_candidates(session)]
