"""Places of a screen that can be selected: found by moving the selection of a copy of it, without any effect.

So a screen needs no code for letters to jump by, or for a click on a row: its keys down and up are enough.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tui.core.registry import Value
from tui.core.rows import Row, measure, to_text
from tui.core.screen import Answer, Context, KeyAction, Screen

MARK = "▌"
"""Stands before what is selected."""
COMPARED_COLUMNS = 12
"""Columns of a row behind its mark: these must be the same for it to be the same row. A list is seldom narrower."""
MOST_STEPS = 26
"""As many as there are letters."""


@dataclass(frozen=True, slots=True)
class Place:
    """A row of a screen's content, from 0, its column, and what selects it."""

    row: int
    column: int
    select: Callable[[], None]


class NoRemote:
    """A remote control that does nothing."""

    def set(self, name: str, value: Value) -> None:
        """Nothing is set."""

    def toggle(self, name: str) -> None:
        """Nothing is turned over."""

    def nudge(self, name: str, steps: float) -> None:
        """Nothing is moved."""

    def reset(self, name: str) -> None:
        """Nothing is set."""

    def recall(self, values: dict[str, Value], words: str) -> None:
        """Nothing is set."""

    def call(
        self, action: str, *arguments: str, answer: Answer | None = None, undo: Callable[[], None] | None = None
    ) -> None:
        """Nothing is triggered, and nobody answers."""

    def undo(self) -> None:
        """Nothing is undone."""

    def redo(self) -> None:
        """Nothing is made again."""


def find_places(screen: Screen, context: Context, width: int, height: int) -> list[Place]:
    """The places that are shown, from the top; empty where the screen has no selection."""
    now = screen.draw(context, width, height)
    start = find_mark(now)
    if start is None:
        return []
    places = {start: Place(*start, lambda: None)}
    for key in ("down", "up"):
        for steps, position in enumerate(_try_steps(screen, context, key, now), 1):
            places.setdefault(position, Place(*position, _make_selection(screen, context, key, steps)))
    return [places[position] for position in sorted(places)]


def find_mark(rows: list[Row]) -> tuple[int, int] | None:
    """The row and the column of the first mark."""
    for number, row in enumerate(rows):
        column = 0
        for text, _ in row:
            if text.startswith(MARK):
                return number, column
            column += measure(text)
    return None


def _find_action(screen: Screen, key: str) -> KeyAction | None:
    return next((action for action in screen.actions if key in action.keys), None)


def _try_steps(screen: Screen, context: Context, key: str, now: list[Row]) -> Iterator[tuple[int, int]]:
    """Where the mark is after each step by ``key``, as long as it moves to another of the rows that are shown now."""
    tried = copy.deepcopy(screen)
    view = copy.copy(context.view)
    apart = Context(context.session, NoRemote(), view, context.now_s)
    last = find_mark(now)
    for _ in range(MOST_STEPS):
        action = _find_action(tried, key)
        if action is None:
            return
        action.run(apart)
        drawn = tried.draw(apart, view.width, len(now))
        position = find_mark(drawn)
        if position is None or position == last or not _is_same_row(now, drawn, position):
            return
        yield position
        last = position


def _is_same_row(now: list[Row], then: list[Row], position: tuple[int, int]) -> bool:
    """Whether the row behind the mark is what is there now: the list has not been scrolled."""
    row, column = position
    if row >= len(now):
        return False
    behind = slice(column + 1, column + 1 + COMPARED_COLUMNS)
    return to_text(now[row])[behind] == to_text(then[row])[behind]


def _make_selection(screen: Screen, context: Context, key: str, steps: int) -> Callable[[], None]:
    def select() -> None:
        for _ in range(steps):
            action = _find_action(screen, key)
            if action is not None:
                action.run(context)

    return select
