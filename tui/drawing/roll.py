"""Roll of planned notes: a part in one or more rows, some beats back and those that are planned."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, floor

from tui.core.rows import Row
from tui.models.planned_notes import PlannedNote
from tui.models.position import Position

FEWEST_AHEAD, MORE_AHEAD = 4, 2
"""Beats that are shown ahead: a bar, or what the accompaniment looks ahead and two more."""
FEWEST_BACK = 2
NARROW_BEAT, WIDE_BEAT = 4, 8
"""Columns of a beat: a sixteenth each, and two."""
WIDE_COLUMNS = 100
"""From so many columns on a beat is wide."""
EMPTY, UNDECIDED, BAR_LINE, PLAYHEAD = "┈", " ", "┊", "│"
ONSET, SUSTAIN, MUTED_ONSET, MUTED_SUSTAIN = "●", "━", "○", "┄"
ROLES = {EMPTY: "off", UNDECIDED: "text", BAR_LINE: "dim"}
EARLY = 0.25
"""Share of a column: a note that is played so little early is drawn where it belongs."""
_RUNS = re.compile(f"{EMPTY}+|{BAR_LINE}+|{UNDECIDED}+|[^{EMPTY}{BAR_LINE}{UNDECIDED}]+")


@dataclass(frozen=True, slots=True)
class RollGrid:
    """The columns of a roll. The picture stands still during a beat, and moves on by a beat.

    Attributes:
        columns: All of them.
        beat_columns: Those of a beat.
        beats_back: Beats that are shown before the present one.
        origin_frame: The frame at which the first column begins.
        column_frames: The length of a column; 0 where it is not known where the music is.
        playhead: The column of now; -1 where it is not known.
        bar_lines: The columns in which a bar begins.
        decided_columns: The column from which on nothing is decided yet.
    """

    columns: int
    beat_columns: int
    beats_back: int
    origin_frame: float = 0.0
    column_frames: float = 0.0
    playhead: int = -1
    bar_lines: frozenset[int] = frozenset()
    decided_columns: int = 0

    @property
    def beats_ahead(self) -> int:
        """Beats that are shown from the present one on."""
        return max(self.columns // self.beat_columns - self.beats_back, 0)

    def find_column(self, frame: float) -> int:
        """The column of ``frame``; -1 before the first one, ``columns`` behind the last one."""
        if self.column_frames <= 0:
            return -1
        return floor(min(max((frame - self.origin_frame) / self.column_frames + EARLY, -1.0), float(self.columns)))


def make_grid(position: Position | None, columns: int, decided_frame: float | None, lookahead_beats: float) -> RollGrid:
    """The grid of a roll of so many columns, of an accompaniment that decides so many beats ahead.

    ``decided_frame``: the beginning of the last beat that is decided; None where all is taken to be.
    """
    beat_columns = WIDE_BEAT if columns >= WIDE_COLUMNS else NARROW_BEAT
    beats = columns // beat_columns
    ahead = max(FEWEST_AHEAD, ceil(min(lookahead_beats, beats)) + MORE_AHEAD)
    back = max(beats - ahead, min(FEWEST_BACK, beats))
    if position is None or position.beat_frames <= 0:
        return RollGrid(columns, beat_columns, back)
    since_beat = position.beat - floor(position.beat) if position.is_known else 0.0
    lines: frozenset[int] = frozenset()
    if position.is_known:
        first = (back - int(position.beat) + 1) % position.bar_beats
        lines = frozenset(range(first * beat_columns, columns, position.bar_beats * beat_columns))
    grid = RollGrid(
        columns,
        beat_columns,
        back,
        position.frame - (back + since_beat) * position.beat_frames,
        position.beat_frames / beat_columns,
        int((back + since_beat) * beat_columns),
        lines,
    )
    decided = columns if decided_frame is None else grid.find_column(decided_frame + position.beat_frames)
    return replace(grid, decided_columns=max(decided, 0))


def draw_part(notes: Sequence[PlannedNote], grid: RollGrid, rows: int, muted: bool) -> list[Row]:
    """The notes of a part in ``rows`` rows, the highest pitches in the first one."""
    empty = [
        BAR_LINE if at in grid.bar_lines else EMPTY if at < grid.decided_columns else UNDECIDED
        for at in range(grid.columns)
    ]
    cells = [list(empty) for _ in range(rows)]
    onset, sustain = (MUTED_ONSET, MUTED_SUSTAIN) if muted else (ONSET, SUSTAIN)
    shown = _find_shown(notes, grid)
    pitches = [pitch for pitch, _, _ in shown]
    for pitch, start, end in shown:
        line = cells[_find_line(pitch, min(pitches), max(pitches), rows)]
        for at in range(max(start, 0), min(end, grid.columns)):
            if at == start:
                line[at] = onset
            elif line[at] not in (ONSET, MUTED_ONSET):
                line[at] = sustain
    return [_color("".join(line), grid.playhead, muted) for line in cells]


def _find_shown(notes: Sequence[PlannedNote], grid: RollGrid) -> list[tuple[float, int, int]]:
    """Pitch, first and last column of the notes that lie in the roll."""
    end_frame = grid.origin_frame + grid.columns * grid.column_frames
    shown = []
    for note in notes:
        if note.frame < end_frame and note.frame + note.length_frames >= grid.origin_frame:
            start = grid.find_column(note.frame)
            shown.append((note.pitch, start, max(grid.find_column(note.frame + note.length_frames), start + 1)))
    return shown


def _find_line(pitch: float, lowest: float, highest: float, rows: int) -> int:
    """The row of a pitch, 0 at the top."""
    if rows < 2 or highest <= lowest:
        return rows // 2
    return min(int((highest - pitch) / (highest - lowest) * rows), rows - 1)


def _color(line: str, playhead: int, muted: bool) -> Row:
    """The row of a line: what has sounded is dim, the playhead stands out."""
    role = "muted" if muted else "dim"
    if not 0 <= playhead < len(line):
        return [(line, role)]
    ahead = line[playhead + 1 :]
    runs = [(ahead, role)] if muted else [(run, ROLES.get(run[0], "bar")) for run in _RUNS.findall(ahead)]
    return [(line[:playhead], role), (PLAYHEAD, "strong"), *runs]
