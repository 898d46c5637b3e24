"""Song sections: segmentation by loudness and brightness of the bars, with an intensity for the band in each.

Form is not analysed: two loud sections are both called a chorus, whether they are the same music or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bridge.core.arrays import Float64Array
from engines.backing.onset_strength import BANDS, STEPS_A_SECOND, OnsetStrength

MIN_SECTION_BARS = 4
PHRASE_BARS = 4
"""Sections of whole phrases are preferred."""
CHANGE_COST, UNEVEN_COST = 3.0, 2.0
"""Cost of a boundary, and of one that does not end a phrase besides, in variances of a bar's level."""
MIN_DEVIATION_DB = 1.5
"""Levels that vary less than this (standard deviation) are even: a loud master has no quiet verse."""
MEAN_INTENSITY, INTENSITY_PER_DEVIATION = 0.55, 0.2
"""The intensity of the song's mean loudness, and how much a standard deviation adds."""
REST_DB = 30.0
"""A bar so far below the loudest is silent."""
MIN_INTENSITY, MAX_INTENSITY = 0.2, 0.9
CHORUS, VERSE, BREAK = 0.65, 0.4, 0.3
"""From CHORUS up a section is called a chorus, up to BREAK a break; an intro or outro is below VERSE."""


@dataclass(frozen=True, slots=True)
class SongSection:
    """``bars`` similar bars, played with this intensity."""

    name: str
    bars: int
    intensity: float


def measure_bar_levels(strength: OnsetStrength, edges_s: Sequence[float]) -> Float64Array:
    """Measure levels by band of the bars between ``edges_s``, in dB, shape (bars, BANDS)."""
    levels = np.empty((len(edges_s) - 1, BANDS))
    for bar in range(len(levels)):
        first, last = (round(at * STEPS_A_SECOND) for at in edges_s[bar : bar + 2])
        first = min(first, len(strength.levels) - 1)
        levels[bar] = strength.levels[first : max(last, first + 1)].mean(0)
    floor = 1e-4 * np.maximum(levels.max(0), 1e-12)
    return np.asarray(10 * np.log10(np.maximum(levels, floor)))


def find_sections(levels: Float64Array, powers: Sequence[float]) -> list[SongSection]:
    """Divide a song. ``levels``: of its bars by band, in dB, (bars, BANDS); ``powers``: of the whole bars."""
    ends = _find_changes(levels)
    loud_db = 10 * np.log10(np.maximum(np.asarray(powers), 1e-12))
    sounding_db = loud_db[loud_db > loud_db.max() - REST_DB]  # however many bars are silent
    least_db = float(np.median(sounding_db)) - 20
    loud_db, sounding_db = np.maximum(loud_db, least_db), np.maximum(sounding_db, least_db)
    deviation = max(float(sounding_db.std()), MIN_DEVIATION_DB)
    found = []
    for number, (first, last) in enumerate(zip([0, *ends], ends, strict=False)):
        away = (float(loud_db[first:last].mean()) - float(sounding_db.mean())) / deviation
        intensity = min(max(MEAN_INTENSITY + INTENSITY_PER_DEVIATION * away, MIN_INTENSITY), MAX_INTENSITY)
        found.append(SongSection(_name_section(intensity, number, len(ends)), last - first, round(intensity, 2)))
    return found


def _name_section(intensity: float, number: int, count: int) -> str:
    if count > 1 and intensity < VERSE and number in (0, count - 1):
        return "outro" if number else "intro"
    if intensity <= BREAK:
        return "break"
    return "chorus" if intensity >= CHORUS else "verse"


def _find_changes(levels: Float64Array) -> list[int]:
    """The bars at which sections end: similar bars within each, for as few changes as possible."""
    bars = len(levels)
    deviation = np.maximum(levels.std(0), MIN_DEVIATION_DB)
    scaled = levels / deviation / np.sqrt(levels.shape[1])
    sums = np.concatenate([np.zeros((1, scaled.shape[1])), np.cumsum(scaled, 0)])
    squares = np.concatenate([[0.0], np.cumsum((scaled**2).sum(1))])
    cost, came = np.zeros(bars + 1), np.zeros(bars + 1, np.int64)
    for end in range(1, bars + 1):
        starts = np.arange(end)
        lengths = end - starts
        within = squares[end] - squares[starts] - ((sums[end] - sums[starts]) ** 2).sum(1) / lengths
        uneven = (lengths % PHRASE_BARS != 0) & (end < bars)
        asked = cost[starts] + within + CHANGE_COST + UNEVEN_COST * uneven
        asked[(lengths < MIN_SECTION_BARS) & (starts > 0)] = np.inf
        if end < bars:
            asked[(lengths < MIN_SECTION_BARS) & (starts == 0)] += (
                CHANGE_COST  # a short pickup is allowed, but must be worth it
            )
        cost[end], came[end] = asked.min(), int(asked.argmin())
    ends = [bars]
    while came[ends[-1]] > 0:
        ends.append(int(came[ends[-1]]))
    return ends[::-1]
