"""Random draws of a bar, all made before they are used: setting one control never changes the draws of another."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.random import default_rng  # here, and not by np.random: that would be imported in the middle of a beat

from bridge.core.arrays import Float64Array
from engines.accompaniment.score import Bar, PerformanceControls
from engines.accompaniment.style import PART_NAMES, ROLES

LANES = len(ROLES)
"""Drums, or voices of a chord, with draws of their own."""
STEPS = 32
"""More than the steps of the longest bar: seven beats of four."""
DRUMMER = "drums"
PHRASE_BARS = 4
"""For so many bars a part keeps to its pattern."""

CACHED_BARS = 10
"""Draws that are kept: live a bar of five parts is made anew at each of its beats, on which the next is looked at."""


@dataclass(frozen=True, slots=True)
class RandomDraws:
    """Even, from 0 to 1: ``section``, the same through a section; ``sounds`` (LANES, STEPS), ``beats`` (STEPS,),
    ``picks`` (4,); ``phrase`` (4,), the same through a phrase. Normal, cut off at 2: ``velocity`` (LANES, STEPS),
    ``timing`` (STEPS,), and ``band_timing`` (STEPS,), the same for all parts. The drummer's alone, (LANES, STEPS), for
    others empty: ``limbs``, normal, ``varies``, even, and ``steady``, even and a phrase's."""

    section: float
    sounds: Float64Array
    velocity: Float64Array
    timing: Float64Array
    band_timing: Float64Array
    beats: Float64Array
    picks: Float64Array
    phrase: Float64Array
    limbs: Float64Array
    varies: Float64Array
    steady: Float64Array


def draw(bar: Bar, controls: PerformanceControls, part: str) -> RandomDraws:
    """The same for the same seed, bar and part, whenever it is asked for."""
    return _draw_bar(controls.seed, bar.number, bar.section, bar.position // PHRASE_BARS, part)


@lru_cache(CACHED_BARS)
def _draw_bar(seed: int, bar: int, section: str, phrase: int, part: str) -> RandomDraws:
    number = PART_NAMES.index(part)
    own = default_rng([seed, bar + 1, number])
    kept = default_rng([seed, zlib.crc32(section.encode()), phrase, number])
    drummers = (LANES, STEPS) if part == DRUMMER else (0, 0)
    return RandomDraws(
        zlib.crc32(f"{section}/{seed}/{part}".encode()) / 2**32,
        own.random((LANES, STEPS)),
        np.clip(own.standard_normal((LANES, STEPS)), -2, 2),
        np.clip(own.standard_normal(STEPS), -2, 2),
        np.clip(default_rng([seed, bar + 1, len(PART_NAMES)]).standard_normal(STEPS), -2, 2),
        own.random(STEPS),
        own.random(4),
        kept.random(4),
        np.clip(own.standard_normal(drummers), -2, 2),
        own.random(drummers),
        kept.random(drummers),
    )


def get_probability(weight: int, controls: PerformanceControls) -> float:
    """The probability that a step of ``weight`` 1 to 9 is played: 9 always; the others rise with density.

    A temperature of 0 makes it certain or impossible, one of 1 leaves it as it is.
    """
    if weight >= 9:
        return 1.0
    odds = min(max(weight / 9 + 1.2 * (controls.density - 0.5), 0.0), 1.0)
    sharp = 1 / max(controls.temperature, 0.02)
    return float(odds**sharp / (odds**sharp + (1 - odds) ** sharp))
