"""How a chord is laid out: a search for the notes that move least, spaced so that they sound clear."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from bridge.core.events import Chord

WIDEST = 12
"""Semitones between neighbouring voices."""
MUDDY = ((43, 7), (52, 5))
"""Below a note (G2, E3) no interval smaller than so many semitones lies on it: low thirds blur."""
MISSING = {0: 3.0, 1: 40.0, 2: 2.0, 3: 20.0}
"""What it costs to leave out the root (the bass has it), third, fifth, seventh."""
DOUBLED = {0: 0.0, 1: 5.0, 2: 0.5, 3: 8.0}
"""What it costs to have one of them twice."""
PULL = 0.6
"""What a semitone between the voicing's middle and the range's costs, against one that a voice moves."""
TOP_LEAP = 5
"""Semitones: where the top voice leaps further, each costs once more."""
POWER_LOW, POWER_HIGH = 40, 57
"""Where a power chord's root lies: the two lowest strings of a guitar."""


@lru_cache(maxsize=4096)
def voiced(chord: Chord, voices: int, low: int, high: int, before: tuple[int, ...]) -> tuple[int, ...]:
    """``voices`` MIDI notes within the range, low to high, as near as can be to those ``before`` (empty: anywhere).

    Fewer where the range has no room for as many.
    """
    middle = (low + high) / 2
    for count in range(voices, 0, -1):
        found = list(_layouts(_notes(chord, low, high), count))
        if found:
            return min(found, key=lambda notes: (_cost(notes, chord, middle, before), notes))
    return ()


def _notes(chord: Chord, low: int, high: int) -> tuple[int, ...]:
    classes = chord.pitch_classes
    return tuple(note for note in range(low, high + 1) if note % 12 in classes)


def _layouts(notes: tuple[int, ...], count: int, under: tuple[int, ...] = ()) -> Iterator[tuple[int, ...]]:
    """Every spacing of ``count`` of ``notes`` above those ``under`` that is neither muddy nor wide."""
    if len(under) == count:
        yield under
        return
    for note in notes:
        if under:
            gap = note - under[-1]
            if gap <= 0 or any(under[-1] < limit and gap < least for limit, least in MUDDY):
                continue
            if gap > WIDEST or gap == 1:
                continue
        yield from _layouts(notes, count, (*under, note))


def _cost(notes: tuple[int, ...], chord: Chord, middle: float, before: tuple[int, ...]) -> float:
    classes = [note % 12 for note in notes]
    cost = PULL * abs(sum(notes) / len(notes) - middle)
    for place, pitch_class in enumerate(chord.pitch_classes):
        times = classes.count(pitch_class)
        cost += MISSING[place] if times == 0 else DOUBLED[place] * (times - 1)
    if not before:
        return cost
    if len(before) == len(notes):
        cost += sum(abs(new - old) for new, old in zip(notes, before, strict=True))
    else:
        cost += sum(min(abs(new - old) for old in before) for new in notes)
    return cost + max(abs(notes[-1] - before[-1]) - TOP_LEAP, 0)


def power(chord: Chord, low: int, high: int) -> tuple[int, ...]:
    """Root, fifth and octave on the low strings, as far as the range has them."""
    bottom = max(low, POWER_LOW)
    root = next(note for note in range(bottom, bottom + 12) if note % 12 == chord.root)
    fifth = root + (chord.pitch_classes[2] - chord.root) % 12
    return tuple(note for note in (root, fifth, root + 12) if low <= note <= high)
