"""The harmony lattice: how likely each chord is at each of the next beats, and the likeliest way through them.

Mixed beat by beat from what is known: the user's chords, where there are some, and what a network foresees from loop
memory and from how chords usually follow one another (`foreseer.py`). The way is Viterbi's, where a change of chord
costs something: chords that are nearly as likely do not take turns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bridge.core.events import CHORD_SOURCES
from engines.accompaniment.harmony.predictor import ChordPredictor, shipped
from engines.accompaniment.harmony.repetition import FURTHEST
from engines.accompaniment.harmony.vocabulary import COUNT, UNKNOWN, Doubles, States

SOURCES = CHORD_SOURCES
NOTHING, HABIT, LOOP, TRACK, HEARD, PLAYED = range(len(SOURCES))
TRACK_SURE = 0.97
CHANGES = 0.48
"""How likely a change of chord is taken to be at a beat: little less than that it stays. The chances know when chords
change; this only keeps two that are as likely from taking turns."""
RARE = 1e-4
"""What every chord is likely at least: nothing is certain."""


@dataclass(frozen=True)
class Forecast:
    """What the lattice says of the beats ``first`` to ``first + FURTHEST``: ``chances`` (FURTHEST, COUNT), ``path``
    (FURTHEST,) the chords of the likeliest way, and of each how ``sure`` and from which of SOURCES."""

    first: int
    chances: Doubles
    path: States
    sure: Doubles
    sources: States


@dataclass(frozen=True)
class Metre:
    """``bar_beats`` a bar; the beat 0 is number ``to_bar`` in its bar."""

    bar_beats: int = 4
    to_bar: int = 0

    def number(self, beat: int) -> int:
        return (beat + self.to_bar) % max(self.bar_beats, 1)


def foreseen(
    heard: States, first: int, key: int, metre: Metre, track: Mapping[int, int], foreseer: ChordPredictor | None = None
) -> Forecast:
    """What comes after ``heard`` (beats,), whose last is the beat before ``first``, all in states: FURTHEST beats.

    ``key``: tonic, 12 more in minor, -1 unknown. ``track``: the chords that the user gave, by beat. ``foreseer``: None
    for the one that ships.
    """
    rows = np.arange(FURTHEST)
    if len(heard):
        loops, habit = (foreseer or shipped()).foresee(heard, metre.number(first), key, metre.bar_beats)
        chances = loops + habit
        best = chances.argmax(1)
        sources = np.where(loops[rows, best] >= habit[rows, best], LOOP, HABIT)
    else:
        chances, sources = np.full((FURTHEST, COUNT), 1.0 / COUNT), np.full(FURTHEST, NOTHING)
    for ahead in range(FURTHEST):
        if (given := track.get(first + ahead, UNKNOWN)) != UNKNOWN:
            chances[ahead] *= 1.0 - TRACK_SURE
            chances[ahead, given] += TRACK_SURE
            sources[ahead] = TRACK
    chances = np.maximum(chances, RARE)
    chances /= chances.sum(1, keepdims=True)
    path = _way(chances, int(heard[-1]) if len(heard) else UNKNOWN)
    return Forecast(first, chances, path, chances[rows, path], sources)


def _way(chances: Doubles, before: int) -> States:
    """Viterbi: the likeliest chords, where a change at a beat is as likely as CHANGES."""
    heard = np.log(chances)
    stay, move = np.log(1.0 - CHANGES), np.log(CHANGES)
    score = np.zeros(COUNT)
    if before != UNKNOWN:
        score += move
        score[before] = stay
    score = score + heard[0]
    came = np.zeros(chances.shape, np.int64)
    for ahead in range(1, len(chances)):
        best = int(score.argmax())
        moved, stayed = score[best] + move, score + stay
        came[ahead] = np.where(stayed >= moved, np.arange(COUNT), best)
        score = np.maximum(stayed, moved) + heard[ahead]
    path = np.zeros(len(chances), np.int64)
    path[-1] = int(score.argmax())
    for ahead in range(len(chances) - 1, 0, -1):
        path[ahead - 1] = came[ahead, path[ahead]]
    return path
