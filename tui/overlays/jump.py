"""Jump: a letter at each place of the screen that can be chosen, so that one key more goes there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from tui.overlays.overlay import lay_over
from tui.rows import Row
from tui.screen import Context, KeyAction

LETTERS = "asdfghjklqwertyuiopzxcvbnm"


@dataclass(frozen=True, slots=True)
class Target:
    """A place of a screen's content, from 0, and what goes there."""

    row: int
    column: int
    choose: Callable[[], None]


@runtime_checkable
class HasTargets(Protocol):
    """A screen that offers places to jump to."""

    def find_targets(self, context: Context, width: int, height: int) -> Sequence[Target]:
        """The places that are shown in ``height`` rows of ``width`` columns."""


class Jump:
    """The letters over ``targets``."""

    def __init__(self, targets: Sequence[Target]) -> None:
        self.is_open = True
        self._targets = dict(zip(LETTERS, targets, strict=False))

    @property
    def actions(self) -> tuple[KeyAction, ...]:
        return ()

    def press(self, context: Context, key: str, character: str | None) -> bool:
        """A letter goes to its place; any other key leaves."""
        self.is_open = False
        target = self._targets.get(character or "")
        if target is not None:
            target.choose()
        return True

    def draw(self, context: Context, below: list[Row], width: int, height: int) -> list[Row]:
        rows = below
        for letter, target in self._targets.items():
            mark: Row = [(f"[{letter}]", "selected")]
            rows = lay_over(rows, [mark], target.row, min(max(target.column, 0), max(width - 3, 0)), width)
        return rows
