"""A screen of the tests: it draws its size, and its keys act on the first stem."""

from __future__ import annotations

from tui.core.rows import Row
from tui.core.screen import Context, KeyAction


class PlainScreen:
    """Draws more rows and columns than there is room for, so that the frame has to cut them."""

    def __init__(self, name: str = "plain", title: str = "Plain", letter: str = "p") -> None:
        self.name, self.title, self.letter = name, title, letter
        self.subscriptions: tuple[tuple[str, float], ...] = ()
        self.histories: tuple[str, ...] = ()
        self.extra = 3

    @property
    def actions(self) -> tuple[KeyAction, ...]:
        return (
            KeyAction(f"{self.name}.mute", ("m",), "mute", "Mute the drums.", _mute),
            KeyAction(f"{self.name}.secret", ("z",), "rare", "Shown where there is room.", _mute, shown=False),
        )

    def draw(self, context: Context, width: int, height: int) -> list[Row]:
        return [[(f" {width}×{height} row {number} " + "─" * width, "text")] for number in range(height + self.extra)]


def _mute(context: Context) -> None:
    context.remote.toggle("stems.drums.mute")
