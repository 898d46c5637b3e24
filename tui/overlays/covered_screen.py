"""Covered screen: a screen with the overlay that lies above it, drawn so that a fault in one of them ends nothing."""

from __future__ import annotations

from collections.abc import Callable

from tui.core.rows import Row
from tui.core.screen import Context, Screen
from tui.overlays.overlay import Overlay


def to_words(error: Exception) -> str:
    """The type of an error and what it says."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


class CoveredScreen:
    """What lies between head and foot: the screen with its overlay. Where it cannot be drawn, it says why."""

    def __init__(self, screen: Screen, overlay: Overlay | None, note: Callable[[str], None]) -> None:
        self.name, self.title, self.letter = screen.name, screen.title, screen.letter
        self.subscriptions, self.histories = screen.subscriptions, screen.histories
        self.actions = screen.actions
        self._screen, self._overlay, self._note = screen, overlay, note

    def draw(self, context: Context, width: int, height: int) -> list[Row]:
        try:
            rows = self._screen.draw(context, width, height)
            rows = [*rows[:height], *([[]] * (height - len(rows)))]
            if self._overlay is not None:
                rows = self._overlay.draw(context, rows, width, height)
        except Exception as error:  # noqa: BLE001 - the other screens, and panic, go on
            self._note(to_words(error))
            return [[], [(f" {self.title} cannot be drawn: {to_words(error)}", "error")]]
        return rows
