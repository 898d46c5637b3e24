"""Menu of screens: a letter for each, behind ``g``."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tui.core.rows import Row, pad
from tui.core.screen import Context, KeyAction, Screen
from tui.overlays.overlay import draw_panel, lay_over

PANEL_COLUMNS = 26


class ScreensMenu:
    """The menu. ``show``: called with the name of the screen that is chosen."""

    def __init__(self, screens: Sequence[Screen], show: Callable[[str], None]) -> None:
        self.is_open = True
        self._screens = screens
        self._show = show

    @property
    def actions(self) -> tuple[KeyAction, ...]:
        return (KeyAction("menu.leave", ("escape",), "leave", "Back to the screen.", lambda _: None),)

    def press(self, context: Context, key: str, character: str | None) -> bool:
        """A letter shows its screen; any other key leaves."""
        self.is_open = False
        for screen in self._screens:
            if character == screen.letter:
                self._show(screen.name)
                return True
        if key != "escape":
            context.say("no screen has this letter · g shows them", "warning")
        return True

    def draw(self, context: Context, below: list[Row], width: int, height: int) -> list[Row]:
        rows: list[Row] = [
            [(screen.letter, "key"), ("  " + pad(screen.title, 12), "text"), (f"F{number}", "dim")]
            for number, screen in enumerate(self._screens, 2)
        ]
        panel = draw_panel(rows, "go to", min(PANEL_COLUMNS, width))
        return lay_over(below, panel, max((height - len(panel)) // 2, 0), max((width - PANEL_COLUMNS) // 2, 0), width)
