"""Clip notes: what a MIDI clip of Live can hold, divided into ranges that fit a datagram each, and compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from bridge.daw.ableton.live_protocol import MOST_NOTES
from bridge.errors import ControlError
from bridge.osc.wire import Args

GRID = 512
"""Parts of a beat at which a range may begin: exact in 32 bits, as far as FARTHEST_BEATS from its negative."""
FARTHEST_BEATS = 8192.0
"""Distance from a clip's start within which AbletonOSC looks for notes."""
PITCHES = 128
TOLERANCE_BEATS = 1e-3
"""Largest difference of times that were sent in 32 bits: half of it at FARTHEST_BEATS."""
TOLERANCE_VELOCITY = 0.5
SHORTEST_BEATS = 1 / 64
"""Shortest note, in beats: a drum's."""
_FIELDS = 5


@dataclass(frozen=True, slots=True, order=True)
class ClipNote:
    """A note of a clip: start and duration in beats (quarter notes) from the clip's start; velocity 1 to 127."""

    start: float
    pitch: int
    duration: float
    velocity: float = 100.0
    mute: bool = False

    @property
    def values(self) -> Args:
        """The note as arguments of a message."""
        return (self.pitch, self.start, self.duration, self.velocity, self.mute)


@dataclass(frozen=True, slots=True)
class NoteRange:
    """Notes that start within [start, start + span), in beats, and are all of this range."""

    start: float
    span: float
    notes: tuple[ClipNote, ...]

    @property
    def area(self) -> Args:
        """The range as arguments: all pitches, and the times."""
        return (0, PITCHES, self.start, self.span)


ALL_NOTES = NoteRange(-FARTHEST_BEATS, 2 * FARTHEST_BEATS, ())
"""The range of all notes of a clip. Without a range AbletonOSC leaves out pitch 127."""


def prepare_notes(notes: Iterable[ClipNote], length: float) -> list[ClipNote]:
    """The notes of a clip of ``length`` beats, in order, as Live keeps them.

    Two notes of a pitch never overlap: the first ends where the second begins, and of two that begin together the
    longer remains. Notes that begin outside are left out, none goes beyond the end.

    Raises:
        ControlError: A pitch or velocity is out of range, or the clip too long.
    """
    if not 0.0 < length <= FARTHEST_BEATS:
        raise ControlError(f"a clip of {length:g} beats", f"give more than 0 and at most {FARTHEST_BEATS:g} beats")
    last: dict[int, int] = {}
    kept: list[ClipNote] = []
    for note in sorted(notes, key=lambda one: (one.start, one.pitch, -one.duration)):
        if not 0 <= note.pitch < PITCHES or not 1 <= note.velocity <= 127:
            raise ControlError(f"{note} is no note of MIDI", "give a pitch of 0 to 127 and a velocity of 1 to 127")
        if not 0.0 <= note.start < length:
            continue
        before = last.get(note.pitch)
        if before is not None:
            gap = note.start - kept[before].start
            if gap < 2 * TOLERANCE_BEATS:
                continue
            if kept[before].duration > gap:
                kept[before] = replace(kept[before], duration=gap)
        last[note.pitch] = len(kept)
        duration = min(max(note.duration, SHORTEST_BEATS), length - note.start)
        kept.append(replace(note, duration=duration))
    return kept


def divide_notes(notes: Sequence[ClipNote], most: int = MOST_NOTES) -> list[NoteRange]:
    """Divide notes, from `prepare_notes`, into ranges of at most ``most`` notes that cover all times.

    The ends of ranges are multiples of 1/GRID beats, which 32 bits hold exactly: no range takes a note of the next.
    """
    cuts = [0]
    for index, (before, after) in enumerate(pairwise(notes), 1):
        if _find_cut(before.start, after.start) is not None:
            cuts.append(index)
    ends, begin = [], 0
    while len(notes) - begin > most:
        possible = [cut for cut in cuts if begin < cut <= begin + most]
        if not possible:
            raise ControlError(f"{most} notes within 1/{GRID} beat", "a clip with fewer notes at once")
        begin = possible[-1]
        ends.append(begin)
    starts = [-FARTHEST_BEATS]
    for end in ends:
        cut = _find_cut(notes[end - 1].start, notes[end].start)
        starts.append(cut if cut is not None else notes[end].start)
    stops = [*starts[1:], FARTHEST_BEATS]
    return [
        NoteRange(start, stop - start, tuple(notes[first:last]))
        for start, stop, first, last in zip(starts, stops, [0, *ends], [*ends, len(notes)], strict=True)
    ]


def _find_cut(before: float, after: float) -> float | None:
    """A multiple of 1/GRID between two starts, which stays between them in 32 bits; None where there is none."""
    middle = round((before + after) / 2 * GRID) / GRID
    return middle if before + TOLERANCE_BEATS / 2 < middle < after - TOLERANCE_BEATS / 2 else None


def read_notes(values: Args) -> list[ClipNote] | None:
    """The notes of a reply, in order; None where it is no list of notes."""
    if len(values) % _FIELDS:
        return None
    notes = []
    for at in range(0, len(values), _FIELDS):
        pitch, start, duration, velocity, mute = values[at : at + _FIELDS]
        if not all(isinstance(one, int | float) for one in (pitch, start, duration, velocity, mute)):
            return None
        notes.append(ClipNote(_to_number(start), int(_to_number(pitch)), _to_number(duration), _to_number(velocity)))
        if mute:
            notes[-1] = replace(notes[-1], mute=True)
    return sorted(notes)


def is_within(values: Args, area: Args) -> bool:
    """Whether all notes of a reply lie in ``area`` (see `NoteRange.area`), as a question for it is answered."""
    notes = read_notes(values)
    if notes is None or len(area) != 4:
        return notes is not None
    low, pitches, start, span = map(_to_number, area)
    slack = TOLERANCE_BEATS
    return all(
        low <= note.pitch < low + pitches and start - slack <= note.start < start + span + slack for note in notes
    )


def is_equal(found: Sequence[ClipNote], wanted: Sequence[ClipNote]) -> bool:
    """Whether both have the same notes, with times and velocities within the tolerances."""
    if len(found) != len(wanted):
        return False
    return all(
        one.pitch == other.pitch
        and abs(one.start - other.start) <= TOLERANCE_BEATS
        and abs(one.duration - other.duration) <= TOLERANCE_BEATS
        and abs(one.velocity - other.velocity) <= TOLERANCE_VELOCITY
        and one.mute == other.mute
        for one, other in zip(_sort_by_pitch(found), _sort_by_pitch(wanted), strict=True)
    )


def _sort_by_pitch(notes: Sequence[ClipNote]) -> list[ClipNote]:
    """In an order that no rounding changes: notes of one pitch never begin together."""
    return sorted(notes, key=lambda note: (note.pitch, note.start))


def _to_number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
