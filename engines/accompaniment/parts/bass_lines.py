"""Bass lines: the octave of each note and the notes of a walk, chosen for a whole bar by the smoothest path.

Rules of walking bass (as in Ron Carter's "Building Jazz Bass Lines"): the root where a chord begins, chord tones on
the strong beats, steps between them, a step into the next root; leaps beyond a fifth are rare. The path is found by
dynamic programming over all notes that the symbols allow.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

STEP, THIRD, FIFTH, OCTAVE = 2, 4, 7, 12
"""Semitones: the widest of each kind."""
THIRD_COST, FIFTH_COST, LEAP_COST, WIDE_COST = 0.6, 1.2, 6.0, 9.0
"""Cost of an interval up to a third, a fifth, an octave, and beyond; a step has none."""
REPEAT_COST = 1.5
"""Cost of the same note again where the line should walk."""
FORBIDDEN = 30.0
"""Cost of what is done only where the range leaves nothing else."""
PASSING_SEMITONES = 3
"""The widest interval to a passing note: that of a harmonic scale."""
HOME_COST = 0.25
"""Cost of a semitone between the line's mean and where it likes to be; less than that of a leap within any range."""
CACHED_LINES = 2
"""Lines that are kept: live a bar is made anew at each of its beats."""
WALKING = "WP"
"""Symbols of notes that move from the one before."""


@dataclass(frozen=True, slots=True)
class LineNote:
    """``choices``: the MIDI notes that it can be, each with a cost of its own. ``foreign``: those of them that are not
    of the chord. ``root``: pitch class of the chord's bass note."""

    symbol: str
    choices: tuple[tuple[int, float], ...]
    foreign: frozenset[int]
    root: int


@lru_cache(CACHED_LINES)
def plan_line(notes: tuple[LineNote, ...], start: int, goals: tuple[int, ...], home: float) -> tuple[int, ...]:
    """The MIDI note of each of ``notes``.

    ``start``: the note before them, -1: none. ``goals``: what the next bar can begin with, empty: unknown. ``home``:
    where the line likes to be.
    """
    paths: dict[int, tuple[float, tuple[int, ...]]] = {start: (0.0, ())}
    before: LineNote | None = None
    for note in notes:
        after: dict[int, tuple[float, tuple[int, ...]]] = {}
        for pitch, own in note.choices:
            own += HOME_COST * abs(pitch - home) / len(notes)
            after[pitch] = min(
                (cost + own + _measure_move(here, pitch, before, note), (*path, pitch))
                for here, (cost, path) in paths.items()
            )
        paths, before = after, note
    ends = [
        (cost + min((_measure_move(here, goal, before, None) for goal in goals), default=0.0), path)
        for here, (cost, path) in paths.items()
    ]
    return min(ends)[1]


def _measure_move(here: int, there: int, before: LineNote | None, note: LineNote | None) -> float:
    """What it costs to go from ``here``, a choice of ``before``, to ``there``, one of ``note`` (None: the next bar)."""
    if here < 0:
        return 0.0
    symbol, wide = note.symbol if note else "R", abs(there - here)
    if before is not None and before.symbol == "A" and not 1 <= wide <= STEP:
        return FORBIDDEN + wide
    if symbol == "O" and note is not None and here % 12 == note.root:
        return 0.0 if wide == OCTAVE else FORBIDDEN
    if symbol == "P" and not 1 <= wide <= PASSING_SEMITONES:
        return FORBIDDEN + wide
    if wide == 0:
        return REPEAT_COST if symbol in WALKING else 0.0
    cost = 0.0 if wide <= STEP else THIRD_COST if wide <= THIRD else FIFTH_COST
    if wide > FIFTH:
        cost = LEAP_COST if wide <= OCTAVE else WIDE_COST
    foreign = (note is not None and there in note.foreign) or (before is not None and here in before.foreign)
    return cost + (LEAP_COST if foreign and wide > STEP else 0.0)
