"""The habits of chords, counted; and how much the loops' word counts beside them, fitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engines.accompaniment.harmony.habits import BUCKETS, HORIZON, LASTED, METRE, Habits
from engines.accompaniment.harmony.lattice import Metre, _usual
from engines.accompaniment.harmony.loops import repeated
from engines.accompaniment.harmony.states import CLASSES, NONE, THIRDS, UNKNOWN, States

SMOOTH = 1.0
EVERY = 3
"""Of so many beats one is looked at in fitting the mixture: neighbours say much the same."""
ROUNDS = 12
"""Of expectation and maximisation; the shares stand still after eight or so."""


@dataclass(frozen=True)
class Progression:
    """A song's chords: ``states`` (beats,), the first on a bar's start. ``keys`` (beats,): tonic, 12 more in minor."""

    name: str
    states: States
    keys: States
    bar_beats: int


def count_habits(songs: Sequence[Progression]) -> Habits:
    """All tables but the mixture, which takes the loops for nothing."""
    changed, stood = np.full((METRE, LASTED), SMOOTH), np.full((METRE, LASTED), 2 * SMOOTH)
    follows, belongs = np.full((2, CLASSES, 2), SMOOTH), np.full((2, CLASSES, 2), SMOOTH)
    qualities = np.full((2, len(THIRDS)), SMOOTH) * (np.arange(2)[:, None] == THIRDS)
    for song in songs:
        lasted = 1
        for beat in range(1, len(song.states)):
            before, now = int(song.states[beat - 1]), int(song.states[beat])
            if UNKNOWN in (before, now) or NONE in (before, now):
                lasted = 1
                continue
            where = beat % song.bar_beats % METRE, min(lasted, LASTED) - 1
            stood[where] += 1
            if now == before:
                lasted += 1
                continue
            changed[where] += 1
            lasted = 1
            (one, root), (other, next_root) = divmod(before, CLASSES), divmod(now, CLASSES)
            follows[THIRDS[one], (next_root - root) % CLASSES, THIRDS[other]] += 1
            qualities[THIRDS[other], other] += 1
            if (key := int(song.keys[beat])) >= 0:
                belongs[key // CLASSES, (next_root - key) % CLASSES, THIRDS[other]] += 1
    return Habits(
        np.minimum(changed / stood, 0.98),
        follows / follows.sum((1, 2), keepdims=True),
        belongs / belongs.sum((1, 2), keepdims=True),
        qualities / qualities.sum(1, keepdims=True),
        np.zeros((len(BUCKETS) + 1, HORIZON)),
    )


def with_mixture(habits: Habits, songs: Sequence[Progression], late: int) -> Habits:
    """``habits`` with the share of the loops, by expectation and maximisation, for a listener who knows the chords
    but those of the last ``late`` beats."""
    size = len(BUCKETS) + 1
    pairs: list[list[list[tuple[float, float]]]] = [[[] for _ in range(HORIZON)] for _ in range(size)]
    for song in songs:
        for beat in range(8, len(song.states) - HORIZON, EVERY):
            heard = song.states[max(0, beat - 200) : beat - late]
            loops, score = repeated(heard, song.bar_beats, HORIZON)
            usual, _ = _usual(habits, heard, beat - late, int(song.keys[beat]), Metre(song.bar_beats), HORIZON)
            bucket = int(np.searchsorted(BUCKETS, score))
            for ahead in range(HORIZON):
                truth = int(song.states[beat - late + ahead])
                if truth != UNKNOWN:
                    pairs[bucket][ahead].append((float(loops[ahead, truth]), float(usual[ahead, truth])))
    shares = np.full((size, HORIZON), 0.5)
    for bucket in range(size):
        for ahead in range(HORIZON):
            if not pairs[bucket][ahead]:
                continue
            loop, usual_ = (np.array(column) + 1e-4 for column in zip(*pairs[bucket][ahead], strict=True))
            for _ in range(ROUNDS):
                share = shares[bucket, ahead]
                shares[bucket, ahead] = float((share * loop / (share * loop + (1 - share) * usual_)).mean())
    return replace(habits, loops=shares)
