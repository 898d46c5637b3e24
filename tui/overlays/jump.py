"""Jump: a letter at each place of the screen that can be chosen, so that one key more goes there."""

from __future__ import annotations

from collections.abc import Sequence

from tui.core.rows import Row
from tui.core.screen import Context, KeyAction
from tui.overlays.overlay import lay_over
from tui.overlays.places import Place

LETTERS = "asdfghjklqwertyuiopzxcvbnm"


class Jump:
    """The letters over ``places``."""

    def __init__(self, places: Sequence[Place]) -> None:
        self.is_open = True
        self._places = dict(zip(LETTERS, places, strict=False))

    @property
    def actions(self) -> tuple[KeyAction, ...]:
        return (KeyAction("jump.leave", ("escape",), "leave", "Back to the screen.", lambda _: None),)

    def press(self, context: Context, key: str, character: str | None) -> bool:
        """A letter goes to its place; any other key leaves."""
        self.is_open = False
        place = self._places.get(character or "")
        if place is not None:
            place.select()
        return True

    def draw(self, context: Context, below: list[Row], width: int, height: int) -> list[Row]:
        rows = below
        for letter, place in self._places.items():
            mark: Row = [(f"[{letter}]", "selected")]
            rows = lay_over(rows, [mark], place.row, min(place.column, max(width - 3, 0)), width)
        return rows
