"""Planned notes of the accompaniment, a part at a time."""

from __future__ import annotations

from dataclasses import dataclass

from tui.core.session import Session
from tui.core.values import read_number, read_text

READING = "accompaniment.note"
MOST_NOTES = 600
"""Notes that are looked at: five parts of eight notes a beat over fifteen beats."""


@dataclass(frozen=True, slots=True)
class PlannedNote:
    """A note of a part. ``frame``: its start in the stream; ``pitch``: MIDI note number."""

    part: str
    frame: float
    length_frames: float
    pitch: float


class PlannedNotes:
    """The notes that are planned or have just sounded. They are made anew where one came or was withdrawn."""

    def __init__(self) -> None:
        self._made_of: tuple[int, int] = (-1, -1)
        self._notes: dict[str, list[PlannedNote]] = {}

    def read(self, session: Session) -> dict[str, list[PlannedNote]]:
        """The notes of each part, in the order in which they were planned.

        A beat that was decided again replaces the first decision, and what was planned behind it.
        """
        made_of = (id(session), session.count(READING, "accompaniment.withdrawn"))
        if made_of != self._made_of:
            self._made_of = made_of
            self._notes = _collect_notes(session)
        return self._notes


def _collect_notes(session: Session) -> dict[str, list[PlannedNote]]:
    planned: dict[tuple[str, float, float], tuple[float, PlannedNote]] = {}
    latest = float("-inf")
    for row in session.read_events(READING, MOST_NOTES):
        beat = read_number(row, "beat")
        if beat < latest:
            planned = {key: kept for key, kept in planned.items() if kept[0] <= beat}
        latest = beat
        note = PlannedNote(
            read_text(row, "part"),
            read_number(row, "frame"),
            max(read_number(row, "length_frames"), 0.0),
            read_number(row, "pitch"),
        )
        planned[note.part, note.frame, note.pitch] = (beat, note)
    notes: dict[str, list[PlannedNote]] = {}
    for _, note in planned.values():
        notes.setdefault(note.part, []).append(note)
    return notes
