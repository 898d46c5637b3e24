"""Gaps in the changes of controls: what shows that a message was lost on the way."""

from __future__ import annotations

GAP_S = 0.5
"""Longest time that a change which `clock` counts may be on its way."""


class Gaps:
    """The number of the last change that came, and of the last one that was made. Times in seconds, monotonic."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Forget all: another sidecar counts anew."""
        self._last: int | None = None
        self._made = 0
        self._behind_s = float("inf")

    def find_due_s(self) -> float:
        """When a change that was made must have come; infinite where none is missing."""
        return self._behind_s + GAP_S

    def take_change(self, sequence: int) -> bool:
        """Take the number of a change that came; True where one before it did not come."""
        is_missing = self._last is not None and sequence > self._last + 1
        self._last = max(sequence, self._last or 0)
        if self._last >= self._made:
            self._behind_s = float("inf")
        return is_missing

    def take_count(self, changes: int, now_s: float) -> None:
        """Take how many changes were made so far."""
        self._made = changes
        if self._last is None:
            self._last = changes  # all earlier ones are in the values that were asked for
        elif changes > self._last:
            self._behind_s = min(self._behind_s, now_s)

    def is_missing(self, now_s: float) -> bool:
        """Whether a change that was made did not come in time; it counts as missed, and is not reported again."""
        if now_s < self.find_due_s():
            return False
        self._last = max(self._made, self._last or 0)
        self._behind_s = float("inf")
        return True
