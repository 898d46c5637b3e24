"""Chord voicing with voice leading: of all spacings that sound clear, the one whose voices move least in all.

The distance is that of D. Tymoczko, "The Geometry of Musical Chords", Science 313, 2006: semitones summed over the
voices, the lowest to the lowest and so on up, which is the least of all ways to lead as many voices.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bridge.core.arrays import Float64Array
from bridge.core.events import Chord

Pitches = NDArray[np.int16]

MAX_SPACING_SEMITONES = 12
"""Semitones between neighbouring voices."""
MUDDY = ((43, 7), (52, 5))
"""Below a note (G2, E3) no interval smaller than so many semitones lies on it: low thirds blur."""
MISSING = {0: 3.0, 1: 40.0, 2: 2.0, 3: 20.0}
"""Cost of a voicing without the root (the bass has it), third, fifth, seventh."""
DOUBLED = {0: 0.0, 1: 5.0, 2: 0.5, 3: 8.0}
"""Cost of one of them twice."""
WHOLE_TRIAD_COST = 20.0
"""Cost of a triad without its root or fifth: it has no other notes to be known by."""
TOLERATED_COST = 3.5
"""Cost above that of the best choice of notes, up to which another choice may move less: that of a chord with a
seventh without its root, and with its fifth twice."""
CENTRE_COST = 0.6
"""Cost of a semitone between the middles of the voicing and of the range."""
DRIFT_SEMITONES = 6
"""Between these middles at most, half an octave: every inversion of a chord has one such place, and no voicing drifts
to an end of a wide range."""
POWER_LOW = 40
"""The lowest root of a power chord: the lowest string of a guitar."""


def find_voicing(chord: Chord, voices: int, low: int, high: int, before: tuple[int, ...]) -> tuple[int, ...]:
    """``voices`` MIDI notes within the range, low to high, as near as can be to those ``before`` (empty: anywhere).

    Fewer where the range has no room for as many.
    """
    return _find_nearest(chord.pitch_classes, voices, low, high, before)


@lru_cache(maxsize=4096)
def _find_nearest(
    classes: tuple[int, ...], voices: int, low: int, high: int, before: tuple[int, ...]
) -> tuple[int, ...]:
    for count in range(voices, 0, -1):
        layouts, costs = list_layouts(classes, count, low, high)
        if len(layouts):
            ranks = (costs, measure_motion(layouts, before)) if before else (costs,)
            return tuple(layouts[np.lexsort(ranks)[0]].tolist())
    return ()


def measure_motion(layouts: Pitches, before: tuple[int, ...]) -> Float64Array:
    """Semitones from the notes ``before`` to each of ``layouts``, summed over the voices, shape (layouts,).

    With another number of voices than before, each comes from the nearest.
    """
    old = np.array(before)
    if len(before) == layouts.shape[1]:
        return np.asarray(np.abs(layouts - old).sum(1), np.float64)
    return np.asarray(np.abs(layouts[:, :, None] - old).min(2).sum(1), np.float64)


@lru_cache(maxsize=512)
def list_layouts(classes: tuple[int, ...], count: int, low: int, high: int) -> tuple[Pitches, Float64Array]:
    """Every voicing of ``count`` notes that a chord may have, shape (layouts, count), the lowest first, and the cost
    of each, shape (layouts,): its missing and doubled notes, and how far it is from the middle."""
    notes = tuple(note for note in range(low, high + 1) if note % 12 in classes)
    layouts = np.array(list(_iterate_spaced(notes, count)), np.int16).reshape(-1, count)
    costs = np.zeros(len(layouts))
    for place, pitch_class in enumerate(classes):
        times = (layouts % 12 == pitch_class).sum(1)
        missing = max(MISSING[place], WHOLE_TRIAD_COST if len(classes) == 3 else 0.0)
        costs += np.where(times == 0, missing, DOUBLED[place] * (times - 1))
    away = np.abs(layouts.mean(1) - (low + high) / 2) if len(layouts) else costs
    near = away <= max(DRIFT_SEMITONES, float(away.min(initial=np.inf)))
    chosen = near & (costs <= costs.min(initial=np.inf, where=near) + TOLERATED_COST)
    return layouts[chosen], (costs + CENTRE_COST * away)[chosen]


def _iterate_spaced(notes: tuple[int, ...], count: int, under: tuple[int, ...] = ()) -> Iterator[tuple[int, ...]]:
    """Every choice of ``count`` of ``notes``, ascending, above those ``under`` that is neither muddy nor wide."""
    if len(under) == count:
        yield under
        return
    for place, note in enumerate(notes):
        if under:
            gap = note - under[-1]
            if gap > MAX_SPACING_SEMITONES:
                return
            if gap == 1 or any(under[-1] < limit and gap < least for limit, least in MUDDY):
                continue
        yield from _iterate_spaced(notes[place + 1 :], count, (*under, note))


def make_power_chord(chord: Chord, low: int, high: int) -> tuple[int, ...]:
    """Root, fifth and octave on the low strings, as far as the range has them."""
    bottom = max(low, POWER_LOW)
    root = next(note for note in range(bottom, bottom + 12) if note % 12 == chord.root)
    fifth = root + (chord.pitch_classes[2] - chord.root) % 12
    return tuple(note for note in (root, fifth, root + 12) if low <= note <= high)
