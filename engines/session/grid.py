"""A song's beats to a few milliseconds: what was heard as it went by, mended by what came before and after.

The engine that listens tells beats as they come: it takes some seconds to find them, and foretells each. Here all of
the song is known. Beats are laid anew where most begins to sound, near those that were heard and at their tempo, by
dynamic programming (Ellis, "Beat tracking by dynamic programming", J. New Music Research 36, 2007), then moved onto
the attacks around them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bridge.core.jit import njit
from engines.mir.offline.songmap import SongBeat
from engines.session.strength import SLOTS_A_SECOND, STEPS_A_SECOND, TOO_QUIET, Strength

Doubles = NDArray[np.float64]
Indices = NDArray[np.int64]

STEADINESS = 300.0
"""What a beat that is longer or shorter than usual by a factor of e costs, in strong onsets."""
NEAR_S, HEARD = 0.03, 1.5
"""How near a beat that was heard a beat is drawn to it, and what that is worth, in strong onsets."""
EARLY_S = 0.005
"""How long before an attack its growth is strongest in a window of `strength.WINDOW_S`."""
AROUND = 17
"""Beats over which the tempo is a median."""
TURNS = 4.0
"""Over so many beats (standard deviation) it is smoothed where, to half a beat, the beats lie."""
ATTACK_MS, AFTER_MS, BEFORE_MS = 15, 5, 8
"""A beat's attack is looked for so near it: where the mean of so much after it is most above so much before."""
RISES = 4.0
"""By this factor in power, or it is no attack."""
LEANS = 2
"""A beat lies on a line through so many before and behind it."""
QUIET = 1e-4
"""What lies this much (40 dB) below the song's loudest second, before its first and after its last sound, is not
counted as song."""
FEWEST = 8
"""Beats that must have been heard."""
WRONG_COUNT = 10.0
"""What it costs to lose count of the bar, in beats that were heard with another number."""


@dataclass(frozen=True, slots=True)
class Grid:
    """``beats_s``: in order. ``numbers``: of each in its bar, from 0. ``bar_beats``: of a usual bar."""

    beats_s: Doubles
    numbers: Indices
    bar_beats: int


def grid_of(heard: Sequence[SongBeat], strength: Strength) -> Grid | None:
    """The beats from the song's first sound to its last; None where too few were heard."""
    if len(heard) < FEWEST:
        return None
    heard = _apart(on_one_side(_apart(heard)))
    times = np.array([beat.time_s for beat in heard])
    periods = _periods(times)
    growth = strength.growth()
    at = np.arange(len(growth)) / STEPS_A_SECOND
    worth = growth.copy()
    for beat in heard:
        step = beat.time_s * STEPS_A_SECOND
        first, last = (round(step + side * 4 * NEAR_S * STEPS_A_SECOND) for side in (-1, 1))
        near = slice(max(first, 0), max(last, 0) + 1)
        away_s = at[near] + EARLY_S - beat.time_s
        worth[near] += HEARD * beat.confidence * np.exp(-0.5 * (away_s / NEAR_S) ** 2)
    steps = laid(worth, np.interp(at, times[:-1], periods) * STEPS_A_SECOND, STEADINESS)
    beats = _attacked(steps / STEPS_A_SECOND + EARLY_S, strength.edges)
    first_s, last_s = sounding(strength)
    beats = np.maximum(beats[(beats >= first_s - NEAR_S) & (beats <= last_s - 2 * NEAR_S)], 0.0)
    if len(beats) < FEWEST:
        return None
    bar_beats = _usual(heard)
    return Grid(beats, _numbers(beats, heard, bar_beats), bar_beats)


def _apart(beats: Sequence[SongBeat]) -> list[SongBeat]:
    """``beats`` without those that all but fall on the one before."""
    found = list(beats[:1])
    for beat in beats[1:]:
        if beat.time_s - found[-1].time_s > NEAR_S:
            found.append(beat)
    return found


def on_one_side(heard: Sequence[SongBeat]) -> list[SongBeat]:
    """``heard``, those that lie half a beat beside where most lie moved there: a listener to music whose off-beats are
    strong changes sides, the music does not."""
    times = np.array([beat.time_s for beat in heard])
    sure = np.array([beat.confidence + 1e-6 for beat in heard])
    periods = _periods(times)
    count = np.concatenate([[0.0], np.cumsum(np.diff(times) / periods)])
    doubled = sure * np.exp(4j * np.pi * count)  # in which half a beat is a whole turn
    places = np.arange(len(times))
    near = np.exp(-0.5 * ((places[:, None] - places) / TURNS) ** 2)
    phase = np.unwrap(np.angle(near @ doubled)) / (4 * np.pi)
    side = np.round(2 * (count - phase)).astype(np.int64) % 2
    fewer = int(sure[side == 1].sum() <= sure[side == 0].sum())
    moved = times + np.where(side == fewer, np.append(periods, periods[-1]) / 2, 0.0)
    return sorted(
        (replace(beat, time_s=float(at)) for beat, at in zip(heard, moved, strict=True)), key=lambda beat: beat.time_s
    )


def _periods(times: Doubles) -> Doubles:
    """Seconds from each beat to the next but the last, as a median of those around; half and double speed folded."""
    gaps = np.diff(times)
    usual = float(np.median(gaps))
    folded = gaps * 2.0 ** -np.round(np.log2(gaps / usual))
    padded = np.pad(folded, AROUND // 2, mode="reflect") if len(folded) > AROUND // 2 else folded
    if len(padded) < AROUND:
        return np.full(len(gaps), usual)
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, AROUND), axis=1))


def laid(worth: Doubles, periods: Doubles, steadiness: float) -> Indices:
    """The steps of the beats for which what ``worth`` (steps,) they are, less what their gaps cost, is most.

    ``periods``: how many steps a beat should last at each.
    """
    if not len(worth):
        return np.zeros(0, np.int64)
    score, before = _scored(worth, periods, steadiness)
    tail = score[-max(round(float(periods[-1])), 1) :]
    step = len(score) - len(tail) + int(tail.argmax())
    found = []
    while step >= 0:
        found.append(step)
        step = int(before[step])
    return np.array(found[::-1], np.int64)


@njit()
def _scored(worth: Doubles, periods: Doubles, steadiness: float) -> tuple[Doubles, Indices]:
    """The most that beats up to each step are worth, if one is there, and the step of the one before (-1: none)."""
    score = worth.copy()
    before = np.full(worth.shape[0], -1, np.int64)
    for step in range(worth.shape[0]):
        period = periods[step]
        best, place = 0.0, -1
        for back in range(max(int(period / 2), 1), int(period * 2) + 1):
            if back > step:
                break
            value = score[step - back] - steadiness * np.log(back / period) ** 2
            if place < 0 or value > best:
                best, place = value, step - back
        if place >= 0 and best > 0.0:  # else better begin here
            score[step] += best
            before[step] = place
    return score, before


def _attacked(beats: Doubles, edges: Doubles) -> Doubles:
    """``beats`` moved onto the attacks near them, and each onto a line through its neighbours."""
    moved, sure = beats.copy(), np.full(len(beats), 0.05)
    sums = np.concatenate([np.zeros(BEFORE_MS + 1), np.cumsum(edges)])  # silence before the song
    for number, beat in enumerate(beats):
        slot = round(beat * SLOTS_A_SECOND)
        at = BEFORE_MS + np.arange(max(slot - ATTACK_MS, 0), min(slot + ATTACK_MS, len(edges) - AFTER_MS) + 1)
        if not len(at):
            continue
        after = (sums[at + AFTER_MS] - sums[at]) / AFTER_MS
        before = (sums[at] - sums[at - BEFORE_MS]) / BEFORE_MS
        rise = after / (before + 1e-3 * after.max() + 1e-15)
        best = int(rise.argmax())
        if rise[best] > RISES and after[best] > TOO_QUIET * 1e-3:
            moved[number] = (at[best] - BEFORE_MS + 0.5) / SLOTS_A_SECOND  # it began within the slot
            sure[number] = 1.0
    leaning = np.empty_like(moved)
    for number in range(len(moved)):
        near = np.arange(max(number - LEANS, 0), min(number + LEANS, len(moved) - 1) + 1)
        leaning[number] = _on_line(near - number, moved[near], sure[near] / (1.0 + np.abs(near - number)))
    return leaning


def _on_line(places: Indices, values: Doubles, weights: Doubles) -> float:
    """The value at place 0 of the line that lies nearest to ``values``."""
    total = weights.sum()
    place, value = float((weights * places).sum() / total), float((weights * values).sum() / total)
    spread = float((weights * (places - place) ** 2).sum())
    if spread < 1e-9:
        return value
    slope = float((weights * (places - place) * (values - value)).sum()) / spread
    return value - slope * place


def sounding(strength: Strength) -> tuple[float, float]:
    """Seconds at which the song's first sound begins and its last one ends."""
    seconds = np.add.reduceat(strength.powers, np.arange(0, len(strength.powers), SLOTS_A_SECOND)) / SLOTS_A_SECOND
    there = np.flatnonzero(strength.powers > QUIET * seconds.max())
    if not len(there):
        return 0.0, 0.0
    return float(there[0]) / SLOTS_A_SECOND, float(there[-1] + 1) / SLOTS_A_SECOND


def _usual(heard: Sequence[SongBeat]) -> int:
    """The beats of a bar that most of those heard, weighed by how sure they were, tell of."""
    told: dict[int, float] = {}
    for beat in heard:
        told[beat.bar_beats] = told.get(beat.bar_beats, 0.0) + beat.confidence
    return max(told, key=lambda beats: told[beats])


def _numbers(beats: Doubles, heard: Sequence[SongBeat], bar_beats: int) -> Indices:
    """The number of each beat in its bar: as it was heard, with as few slips as can be."""
    told = np.zeros((len(beats), bar_beats))
    for beat in heard:
        nearest = int(np.abs(beats - beat.time_s).argmin())
        period = float(np.median(np.diff(beats)))
        if abs(beats[nearest] - beat.time_s) < period / 4 and beat.bar_beats == bar_beats:
            told[nearest, beat.number - 1] += 1.0
    turned = np.stack([np.roll(row, -number % bar_beats) for number, row in enumerate(told)])  # by the count's offset
    score, came = turned[0].copy(), np.zeros(turned.shape, np.int64)
    for number in range(1, len(turned)):
        best = int(score.argmax())
        slips = score < score[best] - WRONG_COUNT
        came[number] = np.where(slips, best, np.arange(bar_beats))
        score = np.maximum(score, score[best] - WRONG_COUNT) + turned[number]
    offset = int(score.argmax())
    numbers = np.zeros(len(beats), np.int64)
    for number in range(len(beats) - 1, -1, -1):
        numbers[number] = (offset + number) % bar_beats
        offset = int(came[number, offset])
    return numbers
