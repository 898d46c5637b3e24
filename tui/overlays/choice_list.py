"""Choice list: the values of a choice, found by a few typed letters; Enter sets the one under the cursor."""

from __future__ import annotations

from collections.abc import Mapping

from tui.core.choice_notes import NO_NOTE, ChoiceNote
from tui.core.fuzzy import search
from tui.core.registry import Control
from tui.core.rows import Row, draw_heading, fit_row, measure, pad
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

    def __init__(self, control: Control, present: str, notes: Mapping[str, ChoiceNote]) -> None:
        """``present``: the choice in force, where the cursor is first. ``notes``: by choice, where any is known."""
        self.is_open = True
        self.field = TextField("Find")
        self._control, self._present, self._notes = control, present, notes
        self._choices = tuple(one for one in control.choices if one in (*control.available_choices, present))
        self._found: list[str] = list(self._choices)
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
        self._found = search(typed, self._choices, lambda word: (word, self._read_note(word).words))
        self._at = self._found.index(self._present) if not typed.strip() and self._present in self._found else 0
        self._top = 0

    def _read_note(self, word: str) -> ChoiceNote:
        return self._notes.get(word, NO_NOTE)

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
        columns = min(max((measure(word) for word in self._choices), default=0) + 2, width // 2)
        for number, word in enumerate(self._found[self._top : self._top + room], self._top):
            rows.append(self._draw_choice(word, number == self._at, columns, width))
        if not self._found:
            rows.append([("   nothing fits; Esc leaves", "dim")])
        return [*rows, *([[]] * (height - len(rows)))][:height]

    def _draw_choice(self, word: str, here: bool, columns: int, width: int) -> Row:
        shown = f"[{word}]" if word == self._present else f" {word} "
        note = self._read_note(word)
        role = "selected" if here else "off" if note.obstacle else "text"
        row: Row = [("▌" if here else " ", "title"), (pad(shown, columns), role), ("  ", "text")]
        return fit_row([*row, (note.words, "warning" if note.obstacle else "dim")], width)
