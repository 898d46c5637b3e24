"""Choice list: the values of a choice, found by a few typed letters; Enter sets the one under the cursor."""

from __future__ import annotations

from tui.core.fuzzy import search
from tui.core.registry import Control
from tui.core.rows import Row, draw_heading, fit_row
from tui.core.screen import Context, KeyAction, TextField
from tui.drawing.text_field import draw_field, type_key

HEAD_ROWS = 3
"""Rows above the list: the control, what is typed, a blank."""
PAGE_ROWS = 10


class ChoiceList:
    """The list of the choices of ``control``. Nothing is set while the cursor moves.

    Attributes:
        field: What is typed.
        is_open: False once a choice was made, or the list was left.
    """

    def __init__(self, control: Control, present: str) -> None:
        """``present``: the choice in force, where the cursor is first."""
        self.is_open = True
        self.field = TextField("Find")
        self._control, self._present = control, present
        self._found: list[str] = list(control.choices)
        self._at = self._found.index(present) if present in self._found else 0
        self._top = 0

    @property
    def actions(self) -> tuple[KeyAction, ...]:
        """Its keys, for the footer and the help."""
        return (
            KeyAction("choices.take", ("enter",), "take", "Set the choice.", self._take),
            KeyAction("choices.move", ("up", "down"), "choose", "Nothing is set yet.", lambda _: None, label="↑ ↓"),
            KeyAction("choices.leave", ("escape",), "leave", "Back to the list of controls.", self._leave),
        )  # fmt: skip

    def press(self, context: Context, key: str, character: str | None) -> bool:
        """Act on a key: letters find, arrows move, Enter sets. False where it has none of this name."""
        steps = {"up": -1, "down": 1, "pageup": -PAGE_ROWS, "pagedown": PAGE_ROWS, "ctrl+k": -1, "ctrl+j": 1}
        if key == "enter":
            self._take(context)
        elif key == "escape":
            self._leave(context)
        elif key in steps:
            self._at = min(max(self._at + steps[key], 0), max(len(self._found) - 1, 0))
        elif type_key(self.field, key, character):
            self._find()
        else:
            return False
        return True

    def _find(self) -> None:
        typed = self.field.text
        self._found = search(typed, self._control.choices, lambda word: (word, ""))
        self._at = self._found.index(self._present) if not typed.strip() and self._present in self._found else 0
        self._top = 0

    def _take(self, context: Context) -> None:
        if self._at < len(self._found):
            self.is_open = False
            context.remote.set(self._control.name, self._found[self._at])
        else:
            context.say(f"{self._control.name} has no {self.field.text!r}", "warning")

    def _leave(self, _context: Context) -> None:
        self.is_open = False

    def draw(self, context: Context, below: list[Row], width: int, height: int) -> list[Row]:
        """``height`` rows in place of those of the screen, ``below``."""
        control = self._control
        room = max(height - HEAD_ROWS, 1)
        self._top = min(max(self._top, self._at - room + 1), self._at)
        moves = "the delay moves" if control.moves_delay else ""
        rows: list[Row] = [[(" ", "text"), *draw_heading(control.name, max(width - 2, 0), moves)]]
        rows += [[(" ", "text"), *draw_field(self.field, max(width - 2, 1))], []]
        for number, word in enumerate(self._found[self._top : self._top + room], self._top):
            rows.append(self._draw_choice(word, number == self._at, width))
        if not self._found:
            rows.append([("   nothing fits; Esc leaves", "dim")])
        return [*rows, *([[]] * (height - len(rows)))][:height]

    def _draw_choice(self, word: str, here: bool, width: int) -> Row:
        shown = f"[{word}]" if word == self._present else f" {word} "
        return fit_row([("▌" if here else " ", "title"), (shown, "selected" if here else "text")], width)
