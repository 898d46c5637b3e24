"""Selection: the row of a list that keys act on, held by its key, so that rows may come and go around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

PAGE_ROWS = 10
"""Rows that Page Up and Page Down go."""


@dataclass(slots=True)
class Selection:
    """``key``: of the selected row, empty before the first. ``at``: where it was when it was seen last."""

    key: str = ""
    at: int = 0

    def find(self, keys: Sequence[str]) -> int:
        """The selected row of a list with these keys; the one in its place where it is gone; -1 in an empty list."""
        if not keys:
            return -1
        if self.key in keys:
            self.at = keys.index(self.key)
        else:
            self.at = min(max(self.at, 0), len(keys) - 1)
            self.key = keys[self.at]
        return self.at

    def move(self, keys: Sequence[str], step: int) -> None:
        """Select the row ``step`` further, not beyond the ends."""
        if keys:
            self.at = min(max(self.find(keys) + step, 0), len(keys) - 1)
            self.key = keys[self.at]
