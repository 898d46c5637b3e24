"""Late watch: whether the audio callback has been late lately, so that jobs wait."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.core.control import Value

FIELDS = ("skipped", "late_frames")
"""Fields of the reading ``counters`` that rise when callbacks or workers come late."""
QUIET_S = 10.0
"""Jobs go on when nothing was late for so long."""
LONGEST_QUIET_S = 320.0
"""The same where jobs themselves make it late: the time doubles whenever they went on and it was late again."""


class LateWatch:
    """Counts of late callbacks against the time. ``fields``: of the reading ``counters``. Times: any clock."""

    def __init__(self, fields: Sequence[str]) -> None:
        self._places = [fields.index(field) for field in FIELDS]
        self._counts: tuple[float, ...] | None = None
        self._until_s = float("-inf")
        self._quiet_s = QUIET_S

    def update(self, row: Sequence[Value] | None, now_s: float) -> bool:
        """Take the latest counters; whether jobs are to wait now."""
        if row is not None:
            counts = tuple(float(row[place]) for place in self._places)
            # counters that were reset are smaller than before
            if self._counts is not None and any(new > old for new, old in zip(counts, self._counts, strict=True)):
                self._note_late(now_s)
            self._counts = counts
        return now_s < self._until_s

    def _note_late(self, now_s: float) -> None:
        since_s = now_s - self._until_s  # for so long jobs could run
        if 0.0 <= since_s < QUIET_S:
            self._quiet_s = min(2.0 * self._quiet_s, LONGEST_QUIET_S)
        elif since_s >= LONGEST_QUIET_S:
            self._quiet_s = QUIET_S
        self._until_s = now_s + self._quiet_s
