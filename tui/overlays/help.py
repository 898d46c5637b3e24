"""Help: every key of the present screen and of the app, from the action table."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import replace

from tui.core.rows import Row, draw_heading, pad
from tui.core.screen import Context, KeyAction, TextField
from tui.drawing.text_field import draw_field
from tui.keys.key_names import to_label

KEY_COLUMNS = 14
WORD_COLUMNS = 16
SCROLL_ROWS = 10
_NUMBER = re.compile(r"\d+")


def draw_help(groups: Sequence[tuple[str, Sequence[KeyAction]]], width: int) -> list[Row]:
    """A heading a group, and a row or more an action: its keys, its words, what it does."""
    rows: list[Row] = []
    for title, actions in groups:
        if not actions:
            continue
        rows += [[(" ", "text"), *draw_heading(title, max(width - 2, 0))], []]
        for action in merge_numbered(actions):
            rows += draw_action(action, width)
        rows.append([])
    return rows


def merge_numbered(actions: Sequence[KeyAction]) -> list[KeyAction]:
    """The actions, those in a row that differ by a number alone as one: ``1 … 9``."""
    merged: list[KeyAction] = []
    for action in actions:
        last = merged[-1] if merged else None
        if last is not None and _NUMBER.search(action.doc) and _blank_number(last.doc) == _blank_number(action.doc):
            first = last.label.partition(" … ")[0] if " … " in last.label else to_label(last.keys[0])
            last_number = _NUMBER.findall(action.doc)[-1]
            doc = f"{last.doc.partition(' … ')[0].rstrip('.')} … {last_number}."
            merged[-1] = replace(last, keys=(), label=f"{first} … {to_label(action.keys[0])}", doc=doc)
        else:
            merged.append(action)
    return merged


def _blank_number(doc: str) -> str:
    return _NUMBER.sub("0", doc.partition(" … ")[0].rstrip("."))


def draw_action(action: KeyAction, width: int) -> list[Row]:
    """The rows of an action."""
    label = "  ".join(to_label(key) for key in action.keys) or action.label or "no key"
    room = max(width - KEY_COLUMNS - WORD_COLUMNS - 3, 20)
    lines = textwrap.wrap(action.doc, room) or [""]
    rows: list[Row] = [
        [
            (" " + pad(label, KEY_COLUMNS), "key"),
            (pad(action.words, WORD_COLUMNS), "text"),
            (" " + lines[0], "dim"),
        ]
    ]
    blank = " " * (KEY_COLUMNS + WORD_COLUMNS + 2)
    rows += [[(blank + line, "dim")] for line in lines[1:]]
    return rows


class Help:
    """The help. ``groups``: a title and actions each; ``/`` finds among them."""

    def __init__(self, groups: Sequence[tuple[str, Sequence[KeyAction]]]) -> None:
        self.is_open = True
        self._groups = groups
        self._top = 0
        self._field: TextField | None = None
        self._wanted = ""

    @property
    def actions(self) -> tuple[KeyAction, ...]:
        return (
            KeyAction("help.down", ("down", "j"), "down", "Scroll down.", lambda _: self._scroll(1), label="↑ ↓"),
            KeyAction("help.up", ("up", "k"), "up", "Scroll up.", lambda _: self._scroll(-1), shown=False),
            KeyAction("help.find", ("slash",), "find", "Find a key by a word.", self._find),
            KeyAction(
                "help.page_down",
                ("pagedown", "space"),
                "page down",
                "Scroll down by a page.",
                lambda _: self._scroll(SCROLL_ROWS),
                shown=False,
            ),
            KeyAction(
                "help.page_up",
                ("pageup",),
                "page up",
                "Scroll up by a page.",
                lambda _: self._scroll(-SCROLL_ROWS),
                shown=False,
            ),
            KeyAction("help.leave", ("escape", "question_mark", "q"), "leave", "Back to the screen.", self._leave),
        )

    def press(self, context: Context, key: str, character: str | None) -> bool:
        for action in self.actions:
            if key in action.keys:
                action.run(context)
                return True
        return False

    def _leave(self, _context: Context) -> None:
        self.is_open = False

    def _scroll(self, rows: int) -> None:
        self._top = max(self._top + rows, 0)

    def _find(self, context: Context) -> None:
        self._field = context.view.field = TextField(
            "Find", self._wanted, len(self._wanted), on_change=self._choose, on_cancel=lambda: self._choose("")
        )

    def _choose(self, text: str) -> None:
        self._wanted, self._top = text, 0

    def _select(self) -> list[tuple[str, list[KeyAction]]]:
        wanted = self._wanted.casefold().split()
        return [
            (
                title,
                [one for one in actions if all(w in f"{one.name} {one.words} {one.doc}".casefold() for w in wanted)],
            )
            for title, actions in self._groups
        ]

    def draw(self, context: Context, below: list[Row], width: int, height: int) -> list[Row]:
        rows = draw_help(self._select(), width)
        head: list[Row] = []
        if context.view.field is self._field and self._field is not None:
            head = [[(" ", "text"), *draw_field(self._field, width - 2)], []]
        room = max(height - len(head), 1)
        self._top = min(self._top, max(len(rows) - room, 0))
        shown = rows[self._top : self._top + room]
        if len(rows) > self._top + room and shown:
            shown[-1] = [(f" … {len(rows) - self._top - room + 1} more rows ↓", "dim")]
        return [*head, *shown]
