"""Key probe: shows what arrives for each key that is pressed, and what it does."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from tui.core.rows import Row, pad
from tui.core.screen import Context, KeyAction
from tui.keys.key_names import to_label

MOST_SHOWN = 40
KEY_COLUMNS = 22


class KeyProbe:
    """The probe. ``groups``: a title and its actions each. Esc twice leaves."""

    def __init__(self, groups: Sequence[tuple[str, Sequence[KeyAction]]]) -> None:
        self.is_open = True
        self._groups = groups
        self._pressed: deque[tuple[str, str | None]] = deque(maxlen=MOST_SHOWN)

    @property
    def actions(self) -> tuple[KeyAction, ...]:
        return (KeyAction("probe.leave", ("escape",), "twice leaves", "Leave the key probe.", lambda _: None),)

    def press(self, context: Context, key: str, character: str | None) -> bool:
        self.is_open = not (key == "escape" and self._pressed and self._pressed[-1][0] == "escape")
        self._pressed.append((key, character))
        return True

    def _describe(self, key: str) -> str:
        found = [
            f"{title}: {action.words or action.doc}"
            for title, actions in self._groups
            for action in actions
            if key in action.keys
        ]
        return ", ".join(found) or "nothing"

    def draw(self, context: Context, below: list[Row], width: int, height: int) -> list[Row]:
        rows: list[Row] = [
            [],
            [(" Press keys. In keys.toml a key is written as in the first column.", "text")],
            [(" What does not appear here never reached the app: the terminal or tmux took it.", "dim")],
            [],
            [(" " + pad("keys.toml", KEY_COLUMNS) + pad("character", 12) + "does", "dim")],
        ]
        shown = list(self._pressed)[-max(height - len(rows), 1) :]
        for key, character in shown:
            rows.append(
                [
                    (" " + pad(key, KEY_COLUMNS), "text"),
                    (pad(character or to_label(key), 12), "dim"),
                    (self._describe(key), "text"),
                ]
            )
        return rows
