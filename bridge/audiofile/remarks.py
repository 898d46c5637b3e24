"""Remarks about a damaged or unusual file, with times, in a bounded number of lines."""

from __future__ import annotations

MOST = 5
"""Places that are named individually; a broken disk gives thousands."""


class Remarks:
    """Adds lines to ``notes``, which belongs to the caller."""

    def __init__(self, notes: list[str]) -> None:
        self._notes = notes
        self._places = 0
        self._last_s = -1.0
        self._line = 0

    def add(self, note: str) -> None:
        """Add a remark about the whole file, unless it is there already."""
        if note not in self._notes:
            self._notes.append(note)

    def add_at(self, second: float, note: str) -> None:
        """Add a remark about the place at ``second``; two about the same place share a line."""
        if second == self._last_s and self._places <= MOST:
            self._notes[-1] += f"; {note}"
            return
        self._last_s = second
        self._places += 1
        if self._places <= MOST:
            self._notes.append(f"at {second:.1f} s {note}")
            return
        more = self._places - MOST
        line = f"at {more} more place{'s' if more > 1 else ''} such things, the last at {second:.1f} s"
        if more > 1:
            self._notes[self._line] = line
        else:
            self._line = len(self._notes)
            self._notes.append(line)
