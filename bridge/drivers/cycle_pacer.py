"""Cycle pacer: when the next cycle of a clock of our own is due, and how many are skipped where it comes too late."""

from __future__ import annotations

LATE_PERIODS = 2
"""A cycle may be late by so many periods, as with a sound card that has three of them; beyond that it is skipped."""


class CyclePacer:
    """Cycles of ``period_s`` seconds each, the first at ``start_s``."""

    def __init__(self, period_s: float, start_s: float) -> None:
        self._period_s, self._start_s, self._cycle = period_s, start_s, 0

    @property
    def due_s(self) -> float:
        """When the next cycle is due. Counted from the start, so that no error adds up."""
        return self._start_s + self._cycle * self._period_s

    def advance(self, now_s: float) -> int:
        """The next cycle begins at ``now_s``; returns how many before it are skipped."""
        late = int((now_s - self.due_s) / self._period_s)
        skipped = late if late > LATE_PERIODS else 0
        self._cycle += skipped + 1
        return skipped
