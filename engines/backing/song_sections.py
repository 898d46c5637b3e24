"""Where a song changes, by how loud and how bright its bars are, and how hard the band should play there.

This knows nothing of form: two loud stretches are both called a chorus, whether they are the same music or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.backing.onset_strength import BANDS, STEPS_A_SECOND, Strength

Doubles = NDArray[np.float64]

SHORTEST_BARS = 4
PHRASE_BARS = 4
"""Stretches of whole phrases are likelier."""
CHANGE, UNEVEN = 3.0, 2.0
"""What a change costs, and one that does not end a phrase besides, in variances of a bar's level."""
LEAST_DB = 1.5
"""Levels that vary less than this (standard deviation) are even: a loud master has no quiet verse."""
MIDDLE, PER_DEVIATION = 0.55, 0.2
"""The intensity of the song's mean loudness, and what a standard deviation adds."""
REST_DB = 30.0
"""A bar so far below the loudest is silent."""
SOFTEST, LOUDEST = 0.2, 0.9
CHORUS, VERSE, BREAK = 0.65, 0.4, 0.3
"""From these intensities on a stretch is called a chorus, or up to there a break; an intro or outro is below VERSE."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """So many bars alike, played with this intensity."""

    name: str
    bars: int
    intensity: float


def levels_of(strength: Strength, edges_s: Sequence[float]) -> Doubles:
    """Levels by band of the bars between ``edges_s``, in dB, shape (bars, BANDS)."""
    levels = np.empty((len(edges_s) - 1, BANDS))
    for bar in range(len(levels)):
        first, last = (round(at * STEPS_A_SECOND) for at in edges_s[bar : bar + 2])
        first = min(first, len(strength.levels) - 1)
        levels[bar] = strength.levels[first : max(last, first + 1)].mean(0)
    floor = 1e-4 * np.maximum(levels.max(0), 1e-12)
    return np.asarray(10 * np.log10(np.maximum(levels, floor)))


def stretches_of(levels: Doubles, powers: Sequence[float]) -> list[Stretch]:
    """The stretches of a song. ``levels``: of its bars by band, in dB, (bars, BANDS); ``powers``: of the whole bars."""
    ends = _changes(levels)
    told = np.maximum(np.asarray(powers), 1e-12)
    loud_db = 10 * np.log10(told)
    sounding_db = loud_db[loud_db > loud_db.max() - REST_DB]  # however many bars are silent
    least_db = float(np.median(sounding_db)) - 20
    loud_db, sounding_db = np.maximum(loud_db, least_db), np.maximum(sounding_db, least_db)
    deviation = max(float(sounding_db.std()), LEAST_DB)
    found = []
    for number, (first, last) in enumerate(zip([0, *ends], ends, strict=False)):
        away = (float(loud_db[first:last].mean()) - float(sounding_db.mean())) / deviation
        intensity = min(max(MIDDLE + PER_DEVIATION * away, SOFTEST), LOUDEST)
        found.append(Stretch(_name(intensity, number, len(ends)), last - first, round(intensity, 2)))
    return found


def _name(intensity: float, number: int, count: int) -> str:
    if count > 1 and intensity < VERSE and number in (0, count - 1):
        return "outro" if number else "intro"
    if intensity <= BREAK:
        return "break"
    return "chorus" if intensity >= CHORUS else "verse"


def _changes(levels: Doubles) -> list[int]:
    """Where stretches end, so that bars are alike within them for as few changes as possible."""
    bars = len(levels)
    deviation = np.maximum(levels.std(0), LEAST_DB)
    scaled = levels / deviation / np.sqrt(levels.shape[1])
    sums = np.concatenate([np.zeros((1, scaled.shape[1])), np.cumsum(scaled, 0)])
    squares = np.concatenate([[0.0], np.cumsum((scaled**2).sum(1))])
    cost, came = np.zeros(bars + 1), np.zeros(bars + 1, np.int64)
    for end in range(1, bars + 1):
        starts = np.arange(end)
        lengths = end - starts
        within = squares[end] - squares[starts] - ((sums[end] - sums[starts]) ** 2).sum(1) / lengths
        uneven = (lengths % PHRASE_BARS != 0) & (end < bars)
        asked = cost[starts] + within + CHANGE + UNEVEN * uneven
        asked[(lengths < SHORTEST_BARS) & (starts > 0)] = np.inf
        if end < bars:
            asked[(lengths < SHORTEST_BARS) & (starts == 0)] += (
                CHANGE  # a short pickup is allowed, but must be worth it
            )
        cost[end], came[end] = asked.min(), int(asked.argmin())
    ends = [bars]
    while came[ends[-1]] > 0:
        ends.append(int(came[ends[-1]]))
    return ends[::-1]
