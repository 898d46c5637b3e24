"""Palette: any screen, key, control or action, found by a few letters of its name or of what it does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tui.core.fuzzy import search
from tui.core.rows import Row, fit_row, pad
from tui.core.screen import Context, KeyAction, TextField
from tui.drawing.text_field import draw_field, type_key

NAME_COLUMNS = 40
KIND_COLUMNS = 9


@dataclass(frozen=True, slots=True)
class PaletteEntry:
    """Something that can be chosen. ``kind``: screen, key, control or action. ``shown``: its value, or its key."""

    name: str
    kind: str
    doc: str
    run: Callable[[Context], None]
    shown: str = ""


class Palette:
    """The palette over ``entries``."""

    def __init__(self, entries: Sequence[PaletteEntry]) -> None:
        self.is_open = True
        self.field = TextField("Find")
        self._entries = entries
        self._found: Sequence[PaletteEntry] = entries
        self._at = 0
        self._top = 0

    @property
    def actions(self) -> tuple[KeyAction, ...]:
        return (
            KeyAction("palette.run", ("enter",), "take", "Show the screen or control, or do the action.", self._run),
            KeyAction("palette.move", ("up", "down"), "choose", "Choose.", lambda _: None, label="↑ ↓"),
            KeyAction("palette.leave", ("escape",), "leave", "Back to the screen.", self._leave),
        )

    def press(self, context: Context, key: str, character: str | None) -> bool:
        steps = {"up": -1, "down": 1, "pageup": -10, "pagedown": 10, "ctrl+k": -1, "ctrl+j": 1}
        if key == "enter":
            self._run(context)
        elif key == "escape":
            self._leave(context)
        elif key in steps:
            self._at = min(max(self._at + steps[key], 0), max(len(self._found) - 1, 0))
        elif type_key(self.field, key, character):
            self._found = search(self.field.text, self._entries, lambda entry: (entry.name, entry.doc))
            self._at = self._top = 0
        else:
            return False
        return True

    def _leave(self, _context: Context) -> None:
        self.is_open = False

    def _run(self, context: Context) -> None:
        self.is_open = False
        if self._at < len(self._found):
            self._found[self._at].run(context)
        else:
            context.say(f"nothing fits {self.field.text!r}", "warning")

    def draw(self, context: Context, below: list[Row], width: int, height: int) -> list[Row]:
        room = max(height - 3, 1)
        self._top = min(max(self._top, self._at - room + 1), self._at)
        rows: list[Row] = [[], [(" ", "text"), *draw_field(self.field, max(width - 2, 1))], []]
        for number, entry in enumerate(self._found[self._top : self._top + room], self._top):
            rows.append(self._draw_entry(entry, number == self._at, width))
        if not self._found:
            rows.append([("   nothing fits; Esc leaves", "dim")])
        return rows

    def _draw_entry(self, entry: PaletteEntry, here: bool, width: int) -> Row:
        name = NAME_COLUMNS if width >= 100 else max(width // 2 - 6, 10)
        role = "selected" if here else "text"
        row: Row = [
            ("▌" if here else " ", "title"),
            (pad(entry.name, name), role),
            (" " + pad(entry.kind, KIND_COLUMNS), "dim" if not here else "selected"),
        ]
        if entry.shown:
            row.append((pad(entry.shown, 12) + " ", "key" if not here else "selected"))
        return fit_row([*row, (entry.doc, "dim" if not here else "selected")], width)
