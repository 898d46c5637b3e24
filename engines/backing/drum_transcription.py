"""What a drummer plays, bar by bar: where kick, snare and cymbals are struck and how strongly, and how much it swings.

A stroke is told by where it grows: a kick's boom below 120 Hz, a snare's rattle from 500 to 2000 Hz, hats above
6000 Hz. This holds for drum sets; of hand drums it hears the low and the high ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engines.accompaniment.groove_matching import STEPS, VOICES, Groove
from engines.backing.onset_strength import STEPS_A_SECOND, Strength

Doubles = NDArray[np.float64]

BANDS: tuple[slice, ...] = (slice(0, 1), slice(2, 3), slice(4, 5))
"""Of `strength.EDGES_HZ`, for each of VOICES."""
LENGTH_STEPS: tuple[int, ...] = (1, 4, 4)
"""For each voice: a stroke is as loud as the mean of so many steps, which evens out rattle, but would join two kicks;
and it grows from so many before it."""
RINGS = 1.5
"""What rings on may swell by this factor: that is no stroke."""
NEAREST = 0.5
"""A stroke belongs to the step that it is nearer to than so many steps."""
LOUD = 90.0
"""The percentile of a voice's strokes that counts as a loud one."""
LEAST: tuple[float, ...] = (0.35, 0.35, 0.2)
"""For each voice, the part of a loud stroke that is one."""
SPEAKS: tuple[float, ...] = (0.02, 0.05, 0.01)
"""For each voice, what a loud stroke must be of the loudest voice's, in amplitude; else that voice is not played."""
BESIDE: tuple[tuple[float, ...], ...] = ((), (1.0,), (0.05, 1.0))
"""For each voice the most that strokes of those below it grow in its band, of what they grow in theirs: kicks click,
snares rattle."""
ALONE = 25.0
"""The percentile of what grows beside a loud stroke that is the stroke's own: at others somebody else strikes, too."""
SURELY = 1.3
"""So many times that is taken off, as strokes differ."""
OFF_BEAT = (0.4, 0.71)
"""Where in a beat an off-beat is looked for, and swung ones end up."""
FEWEST = 8
"""Off-beats that it takes to say that they swing."""
STRAIGHT = 0.12
"""Less swing than this is how loosely drummers play."""


def grooves_of(strength: Strength, beats_s: Sequence[float], bars: Sequence[int], swing: float) -> list[Groove]:
    """The groove of each bar. ``beats_s``: of all beats, with the last one's end; ``bars``: beats of each."""
    at = np.array([start + part * (end - start) for start, end in pairwise(beats_s) for part in steps_of(swing)])
    at = np.append(at, beats_s[-1])
    grown = np.stack([_grown(strength, voice) for voice in range(len(VOICES))])
    peaks = np.stack([_at_steps(voice, at) for voice in grown])
    strengths = _told_apart(peaks)
    edges = np.concatenate([[0], np.cumsum(bars)]) * STEPS
    return [Groove(strengths[:, first:last]) for first, last in pairwise(edges.tolist())]


def steps_of(swing: float) -> tuple[float, ...]:
    """Where in a beat its sixteenths lie."""
    middle = 0.5 * (1 + swing / 3)
    return 0.0, middle / 2, middle, (1 + middle) / 2


def swing_of(strength: Strength, beats_s: Sequence[float]) -> float:
    """How far off-beats come late, 0 straight to 1 on the triplet: the median of the strongest growth around them."""
    grown = sum((_grown(strength, voice) for voice in (1, 2)), np.zeros(len(strength.levels)))
    places, sizes = [], []
    for start, end in pairwise(beats_s):
        first, last = (round((start + part * (end - start)) * STEPS_A_SECOND) for part in OFF_BEAT)
        here = grown[first : last + 1]
        if len(here) > 2:
            places.append(((first + int(here.argmax())) / STEPS_A_SECOND - start) / (end - start))
            sizes.append(float(here.max()))
    if not sizes:
        return 0.0
    strong = np.asarray(sizes) >= LEAST[2] * max(float(np.percentile(sizes, LOUD)), 1e-9)
    if strong.sum() < FEWEST or max(sizes) <= 0:
        return 0.0
    swing = (float(np.median(np.asarray(places)[strong])) - 0.5) * 6
    return min(swing, 1.0) if swing > STRAIGHT else 0.0


def _grown(strength: Strength, voice: int) -> Doubles:
    """By how much the amplitude in the band of ``voice`` grows at each step."""
    length = LENGTH_STEPS[voice]
    powers = np.concatenate([[0.0], np.cumsum(strength.levels[:, BANDS[voice]].sum(1))])
    level = np.sqrt(np.maximum(powers[length:] - powers[:-length], 0.0) / length)
    grown = np.zeros(len(strength.levels))
    if len(level) > length + 1:
        found = np.maximum(level[length + 1 :] - RINGS * level[: -length - 1], 0.0)
        grown[length + 1 : length + 1 + len(found)] = found
    return grown


def _at_steps(grown: Doubles, at: Doubles) -> Doubles:
    """The most that grows around each of the times ``at`` but the last."""
    found = np.zeros(len(at) - 1)
    for number in range(len(found)):
        before = at[number] - at[number - 1] if number else at[1] - at[0]
        first = round((at[number] - NEAREST * before) * STEPS_A_SECOND) + 1
        last = round((at[number] + NEAREST * (at[number + 1] - at[number])) * STEPS_A_SECOND)
        here = grown[max(first, 0) : max(last, 0) + 1]
        found[number] = here.max() if here.size else 0.0
    return found


def _told_apart(peaks: Doubles) -> Doubles:
    """Which voice is struck at which step: strengths, shape (VOICES, steps), from how much each one's band grows."""
    clean = peaks.copy()
    for voice in range(1, len(VOICES)):
        beside = [_beside(clean[below], peaks[voice], most) for below, most in enumerate(BESIDE[voice])]
        clean[voice] = np.maximum(peaks[voice] - np.max(beside, axis=0), 0.0)
    loud = np.array([_loud(voice) for voice in clean])
    strengths = np.zeros_like(clean)
    for voice in range(len(VOICES)):
        if loud[voice] > max(SPEAKS[voice] * loud.max(), 1e-6):
            share_of_loud = clean[voice] / loud[voice]
            strengths[voice] = np.where(share_of_loud >= LEAST[voice], np.minimum(share_of_loud, 1.0), 0.0)
    return strengths


def _beside(own: Doubles, above: Doubles, most: float) -> Doubles:
    """What the strokes that grow by ``own`` in their band grow in one ``above``, at each step."""
    struck = own >= 0.5 * max(_loud(own), 1e-9)
    if not struck.any():
        return np.zeros_like(above)
    return SURELY * min(float(np.percentile(above[struck] / own[struck], ALONE)), most) * own


def _loud(voice: Doubles) -> float:
    """How much a loud stroke of ``voice`` grows: of what is not just noise between strokes."""
    strokes = voice[voice > 0.1 * voice.max()]
    return float(np.percentile(strokes, LOUD)) if strokes.size else 0.0
