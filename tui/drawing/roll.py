"""Roll of planned notes: a part in one or more rows, some beats back and those that are planned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil, floor

from tui.models.planned_notes import PlannedNote
from tui.models.position import Position
from tui.rows import Row

FEWEST_AHEAD, MORE_AHEAD = 4, 2
"""Beats that are shown ahead: a bar, or what the accompaniment looks ahead and two more."""
FEWEST_BACK = 2
NARROW_BEAT, WIDE_BEAT = 4, 8
"""Columns of a beat: a sixteenth each, and two."""
WIDE_COLUMNS = 100
"""From so many columns on a beat is wide."""
EMPTY, UNDECIDED, BAR_LINE, PLAYHEAD = "┈", " ", "┊", "│"
ONSET, SUSTAIN, MUTED_ONSET, MUTED_SUSTAIN = "▌", "━", "░", "┄"
ROLES = {EMPTY: "off", UNDECIDED: "text", BAR_LINE: "dim", PLAYHEAD: "strong"}


@dataclass(frozen=True, slots=True)
class RollGrid:
    """The columns of a roll. The picture stands still during a beat, and moves on by a beat.

    Attributes:
        columns: All of them.
        beat_columns: Those of a beat.
        beats_back: Beats that are shown before the present one.
        position: Where the music is; None where it is not known.
        decided_frame: The beginning of the last beat that is decided; None where it is not known.
    """

    columns: int
    beat_columns: int
    beats_back: int
    position: Position | None
    decided_frame: float | None

    @property
    def _since_beat(self) -> float:
        """Beats since the present one began."""
        position = self.position
        return position.beat - floor(position.beat) if position is not None and position.is_known else 0.0

    @property
    def playhead(self) -> int:
        """The column of now; -1 where it is not known."""
        return int((self.beats_back + self._since_beat) * self.beat_columns) if self.position is not None else -1

    @property
    def beats_ahead(self) -> int:
        """Beats that are shown from the present one on."""
        return max(self.columns // self.beat_columns - self.beats_back, 0)

    @property
    def decided_columns(self) -> int:
        """The column from which on nothing is decided yet."""
        if self.position is None or self.decided_frame is None:
            return self.columns
        return max(self.find_column(self.decided_frame + self.position.beat_frames), 0)

    def find_column(self, frame: float) -> int:
        """The column of ``frame``; outside of the roll below 0 or from ``columns`` on."""
        if self.position is None:
            return -1
        beats = self.position.count_beats(frame) + self._since_beat + self.beats_back
        return floor(min(max(beats * self.beat_columns + 0.25, -1.0), float(self.columns)))

    def find_bar_lines(self) -> set[int]:
        """The columns in which a bar begins."""
        if self.position is None or not self.position.is_known:
            return set()
        bar = self.position.bar_beats
        first = (self.beats_back - int(self.position.beat) + 1) % bar
        return set(range(first * self.beat_columns, self.columns, bar * self.beat_columns))


def make_grid(position: Position | None, columns: int, decided_frame: float | None, lookahead_beats: float) -> RollGrid:
    """The grid of a roll of so many columns, of an accompaniment that decides so many beats ahead."""
    beat_columns = WIDE_BEAT if columns >= WIDE_COLUMNS else NARROW_BEAT
    beats = columns // beat_columns
    ahead = max(FEWEST_AHEAD, ceil(min(lookahead_beats, beats)) + MORE_AHEAD)
    return RollGrid(columns, beat_columns, max(beats - ahead, min(FEWEST_BACK, beats)), position, decided_frame)


def draw_part(notes: Sequence[PlannedNote], grid: RollGrid, rows: int, muted: bool) -> list[Row]:
    """The notes of a part in ``rows`` rows, the highest pitches in the first one."""
    lines = grid.find_bar_lines()
    decided = grid.decided_columns
    empty = [BAR_LINE if at in lines else EMPTY if at < decided else UNDECIDED for at in range(grid.columns)]
    cells = [list(empty) for _ in range(rows)]
    onset, sustain = (MUTED_ONSET, MUTED_SUSTAIN) if muted else (ONSET, SUSTAIN)
    shown = [(note, *_find_columns(note, grid)) for note in notes]
    shown = [(note, start, end) for note, start, end in shown if start < grid.columns and end > 0]
    pitches = [note.pitch for note, _, _ in shown]
    for note, start, end in shown:
        line = cells[_find_line(note.pitch, min(pitches), max(pitches), rows)]
        for at in range(max(start, 0), min(end, grid.columns)):
            if at == start:
                line[at] = onset
            elif line[at] not in (ONSET, MUTED_ONSET):
                line[at] = sustain
    return [_color(line, grid.playhead, muted) for line in cells]


def _find_columns(note: PlannedNote, grid: RollGrid) -> tuple[int, int]:
    start = grid.find_column(note.frame)
    return start, max(grid.find_column(note.frame + note.length_frames), start + 1)


def _find_line(pitch: float, lowest: float, highest: float, rows: int) -> int:
    """The row of a pitch, 0 at the top."""
    if rows < 2 or highest <= lowest:
        return rows // 2
    return min(int((highest - pitch) / (highest - lowest) * rows), rows - 1)


def _color(line: list[str], playhead: int, muted: bool) -> Row:
    """The row of a line: what has sounded is dim, the playhead stands out."""
    cells = [
        (cell, ROLES.get(cell, "muted" if muted else "dim" if at < playhead else "bar")) for at, cell in enumerate(line)
    ]
    if 0 <= playhead < len(cells):
        cells[playhead] = (PLAYHEAD, ROLES[PLAYHEAD])
    return [("".join(cell for cell, _ in run), role) for role, run in groupby(cells, key=lambda cell: cell[1])]
