"""Chord voicing with voice leading: a search for the notes that move least, spaced so that they sound clear."""

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
"""What it costs to leave out the root (the bass has it), third, fifth, seventh."""
DOUBLED = {0: 0.0, 1: 5.0, 2: 0.5, 3: 8.0}
"""What it costs to have one of them twice."""
CENTRE_COST = 0.6
"""What a semitone between the voicing's middle and the range's costs, against one that a voice moves."""
TOP_LEAP = 5
"""Semitones: where the top voice leaps further, each costs once more."""
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
        layouts, costs = _list_layouts(classes, count, low, high)
        if len(layouts):
            best = int((costs + _measure_movement(layouts, before)).argmin()) if before else int(costs.argmin())
            return tuple(layouts[best].tolist())
    return ()


def _measure_movement(layouts: Pitches, before: tuple[int, ...]) -> Float64Array:
    """What it costs to go from the notes ``before`` to each of ``layouts``, shape (layouts,)."""
    old = np.array(before)
    if len(before) == layouts.shape[1]:
        steps = np.abs(layouts - old).sum(1)
    else:
        steps = np.abs(layouts[:, :, None] - old).min(2).sum(1)
    leaps = np.maximum(np.abs(layouts[:, -1] - old[-1]) - TOP_LEAP, 0)
    return np.asarray(steps + leaps, np.float64)


@lru_cache(maxsize=512)
def _list_layouts(classes: tuple[int, ...], count: int, low: int, high: int) -> tuple[Pitches, Float64Array]:
    """Every layout of ``count`` notes of a chord, shape (layouts, count), the lowest first, and what each costs by
    itself, shape (layouts,): so far from the middle, notes that lack, notes that are there twice."""
    notes = tuple(note for note in range(low, high + 1) if note % 12 in classes)
    layouts = np.array(list(_iterate_spaced(notes, count)), np.int16).reshape(-1, count)
    costs = CENTRE_COST * np.abs(layouts.mean(1) - (low + high) / 2) if len(layouts) else np.zeros(0)
    for place, pitch_class in enumerate(classes):
        times = (layouts % 12 == pitch_class).sum(1)
        costs = costs + np.where(times == 0, MISSING[place], DOUBLED[place] * (times - 1))
    return layouts, costs


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
