"""The harmony lattice: how likely each chord is at each of the next beats, and the likeliest way through them.

Mixed beat by beat from what is known: the user's chords, where there are some; loop memory; and the habits of chords,
which start from the last chord heard. What mixes them was fitted on songs (`habits.py`). The way is Viterbi's, where a
change of chord costs more where chords seldom change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bridge.core.events import CHORD_SOURCES
from engines.accompaniment.harmony.habits import BUCKETS, HORIZON, LASTED, METRE, Habits
from engines.accompaniment.harmony.loops import repeated
from engines.accompaniment.harmony.states import COUNT, NONE, UNKNOWN, Doubles, States

SOURCES = CHORD_SOURCES
NOTHING, HABIT, LOOP, TRACK, HEARD, PLAYED = range(len(SOURCES))
TRACK_SURE = 0.97
RARE = 1e-4
"""What every chord is likely at least: nothing is certain."""


@dataclass(frozen=True)
class Ahead:
    """What the lattice says of the beats ``first`` to ``first + horizon``: ``chances`` (horizon, COUNT), ``path``
    (horizon,) the chords of the likeliest way, and of each how ``sure`` and from which of SOURCES."""

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
    habits: Habits, heard: States, first: int, key: int, metre: Metre, track: Mapping[int, int], horizon: int = HORIZON
) -> Ahead:
    """What comes after ``heard`` (beats,), whose last is the beat before ``first``, all in states.

    ``key``: tonic, 12 more in minor, -1 unknown. ``track``: the chords that the user gave, by beat.
    """
    loops, score = repeated(heard, metre.bar_beats, horizon)
    usual, changes = _usual(habits, heard, first, key, metre, horizon)
    bucket = int(np.searchsorted(BUCKETS, score))
    chances = np.full((horizon, COUNT), 1.0 / COUNT)
    sources = np.zeros(horizon, np.int64)
    for ahead in range(horizon):
        share = habits.loops[bucket, min(ahead, HORIZON - 1)] if loops[ahead].any() else 0.0
        mixed = share * loops[ahead] + (1.0 - share) * usual[ahead]
        best = int(mixed.argmax()) if mixed.any() else NONE
        if mixed.any():
            chances[ahead] = mixed
            by_loop = share * loops[ahead, best] >= (1.0 - share) * usual[ahead, best]
            sources[ahead] = LOOP if by_loop else HABIT
        if (given := track.get(first + ahead, UNKNOWN)) != UNKNOWN:
            chances[ahead] *= (1.0 - TRACK_SURE) / chances[ahead].sum()
            chances[ahead, given] += TRACK_SURE
            sources[ahead] = TRACK
    chances = np.maximum(chances, RARE)
    chances /= chances.sum(1, keepdims=True)
    path = _way(chances, changes, int(heard[-1]) if len(heard) else UNKNOWN)
    return Ahead(first, chances, path, chances[np.arange(horizon), path], sources)


def _lasted(heard: States) -> int:
    """Beats that the last chord has lasted, 1 to LASTED."""
    count = 1
    while count < min(len(heard), LASTED) and heard[-1 - count] == heard[-1]:
        count += 1
    return count


def _usual(habits: Habits, heard: States, first: int, key: int, metre: Metre, horizon: int) -> tuple[Doubles, Doubles]:
    """Chances (horizon, COUNT) by habit alone, zero where no chord was heard; and of each beat the chance (horizon,)
    that the chord changes there."""
    told, changes = np.zeros((horizon, COUNT)), np.zeros(horizon)
    known = bool(len(heard)) and heard[-1] != UNKNOWN
    now = np.zeros(COUNT)
    if known:
        now[heard[-1]] = 1.0
    lasted = np.zeros(LASTED)
    lasted[_lasted(heard) - 1 if known else 0] = 1.0
    moves = habits.moves(key)
    for ahead in range(horizon):
        number = metre.number(first + ahead) % METRE
        change = float(lasted @ habits.changes[number])
        changes[ahead] = change
        now = (1.0 - change) * now + change * (now @ moves)
        told[ahead] = now
        stayed = lasted * (1.0 - habits.changes[number])
        lasted[1:], lasted[0] = stayed[:-1], change
        lasted[-1] += stayed[-1]
    return told, changes


def _way(chances: Doubles, changes: Doubles, before: int) -> States:
    """Viterbi: the likeliest chords, where a change at a beat is as likely as ``changes`` says."""
    horizon = len(chances)
    heard = np.log(chances)
    stay = np.log(np.clip(1.0 - changes, 0.02, 1.0))
    move = np.log(np.clip(changes, 0.02, 1.0))
    score = np.zeros(COUNT)
    if before != UNKNOWN:
        score += move[0]
        score[before] = stay[0]
    score = score + heard[0]
    came = np.zeros((horizon, COUNT), np.int64)
    for ahead in range(1, horizon):
        best = int(score.argmax())
        moved, stayed = score[best] + move[ahead], score + stay[ahead]
        came[ahead] = np.where(stayed >= moved, np.arange(COUNT), best)
        score = np.maximum(stayed, moved) + heard[ahead]
    path = np.zeros(horizon, np.int64)
    path[-1] = int(score.argmax())
    for ahead in range(horizon - 1, 0, -1):
        path[ahead - 1] = came[ahead, path[ahead]]
    return path
