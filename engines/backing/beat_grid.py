"""A song's beats to a few milliseconds: the likeliest ones of the whole song, moved onto its attacks.

The live engine reports beats as they come: it takes some seconds to find them, and as many again behind a silence
or another tempo. Here all of the song is there. Its beats are decoded as a whole (`engines.mir.offline.beat_decoder`),
laid where most begins to sound near them by dynamic programming (Ellis, "Beat tracking by dynamic programming", J. New
Music Research 36, 2007), then moved onto the attacks around them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bridge.core.jit import njit
from engines.backing.onset_strength import SLOTS_A_SECOND, STEPS_A_SECOND, TOO_QUIET, Strength
from engines.backing.song_beat_tracker import track_of
from engines.mir.learned.beat_tracker import UNHEARD
from engines.mir.learned.features import STEPS_A_SECOND as CHANCES_A_SECOND
from engines.mir.learned.rhythm_chain import DELAY_S
from engines.mir.offline.beat_decoder import Track
from engines.mir.offline.song_map import SongBeat
from engines.mir.offline.tempo_changes import tempo_changes, tempo_remarks

Doubles = NDArray[np.float64]
Floats = NDArray[np.float32]
Indices = NDArray[np.int64]

STEADINESS = 300.0
"""What a beat that is longer or shorter than usual by a factor of e costs, in strong onsets."""
NEAR_S, DRAWN = 0.03, 3.0
"""How near a decoded beat a beat is drawn to it, and what that is worth, in strong onsets."""
EARLY_S = 0.005
"""How long before an attack its growth is strongest in a window of `strength.WINDOW_S`."""
SURE = 0.1
"""A beat of this chance or more is drawn to; one at which the network knows of none is not."""
AROUND = 15
"""So many steps (0.3 s) around it, for beats may have been moved by half of one."""
SMOOTHED = 5
"""Over so many intervals the one that is expected is a median."""
ATTACK_MS, AFTER_MS, BEFORE_MS = 15, 5, 8
"""A beat's attack is looked for so near it: where the mean of so much after it is most above so much before."""
RISES = 4.0
"""By this factor in power, or it is no attack."""
LEANS = 2
"""A beat lies on a line through so many before and behind it."""
FEWEST = 8
"""Beats that the engine must have found."""
TWICE = 0.6
"""Intervals that are so much of the beat's or less are at twice its speed."""
WRONG_COUNT = 10.0
"""What it costs to lose count of the bar, in beats that were heard with another number."""


@dataclass(frozen=True, slots=True)
class Grid:
    """``beats_s``: in order. ``numbers``: of each in its bar, from 0. ``bar_beats``: of a usual bar.

    ``remarks``: what is to be said of its tempo.
    """

    beats_s: Doubles
    numbers: Indices
    bar_beats: int
    remarks: tuple[str, ...] = ()


def grid_of(heard: Sequence[SongBeat], chances: Floats, strength: Strength) -> Grid | None:
    """The beats from the song's first sound to its last; None where the engine found too few.

    ``heard``: the engine's own, whose bars and speed are followed. ``chances``: the song's beat activation.
    """
    if len(heard) < FEWEST:
        return None
    track, doubts = track_of(heard, chances, strength)
    if len(track.beats_s) < FEWEST:
        return None
    growth = strength.growth()
    at = np.arange(len(growth)) / STEPS_A_SECOND
    worth = growth.copy()
    for beat_s, sure in zip(track.beats_s, _certainty(track.beats_s, chances), strict=True):
        step = beat_s * STEPS_A_SECOND
        first, last = (round(step + side * 4 * NEAR_S * STEPS_A_SECOND) for side in (-1, 1))
        near = slice(max(first, 0), max(last, 0) + 1)
        worth[near] += DRAWN * sure * np.exp(-0.5 * ((at[near] + EARLY_S - beat_s) / NEAR_S) ** 2)
    steps = laid(worth, _periods_at(at, track) * STEPS_A_SECOND, STEADINESS)
    laid_s = steps / STEPS_A_SECOND + EARLY_S
    beats = _attacked(laid_s, strength.edges, np.searchsorted(track.beats_s[track.anew] - NEAR_S, laid_s))
    first_s, last_s = sounding(strength)
    beats = np.maximum(beats[(beats >= first_s - NEAR_S) & (beats <= last_s - 2 * NEAR_S)], 0.0)
    if len(beats) < FEWEST:
        return None
    bar_beats = _usual(heard)
    remarks = tempo_remarks(tempo_changes(beats, chances), doubts)
    return Grid(beats, _numbers(beats, heard, bar_beats, track.beats_s[track.anew]), bar_beats, remarks)


def _certainty(beats: Doubles, chances: Floats) -> Doubles:
    """How sure each decoded beat is, 0 to 1: one in a silence, or where the network knows of none near it, is not."""
    steps = np.rint((beats + DELAY_S) * CHANCES_A_SECOND).astype(np.int64)[:, None] - 1 + np.arange(-AROUND, AROUND + 1)
    near = chances[np.clip(steps, 0, len(chances) - 1)].max(1)
    return np.asarray(np.clip((near - UNHEARD) / (SURE - UNHEARD), 0.0, 1.0))


def _periods_at(at: Doubles, track: Track) -> Doubles:
    """Seconds from the beat before to the one expected at each of the times ``at``; medians but across a new count."""
    gaps = np.diff(track.beats_s)
    smooth = gaps.copy()
    starts = [*np.flatnonzero(track.anew).tolist(), len(track.beats_s)]
    for first, last in pairwise(starts):
        inner = gaps[first : last - 1]
        if len(inner) >= SMOOTHED:
            padded = np.pad(inner, SMOOTHED // 2, mode="reflect")
            smooth[first : last - 1] = np.median(np.lib.stride_tricks.sliding_window_view(padded, SMOOTHED), axis=1)
    middles = (track.beats_s[1:] + track.beats_s[:-1]) / 2
    return smooth[np.clip(np.searchsorted(middles, at) - 1, 0, len(smooth) - 1)]


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


def _attacked(beats: Doubles, edges: Doubles, counts: Indices) -> Doubles:
    """``beats`` moved onto the attacks near them, and each onto a line through its neighbours of one of ``counts``."""
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
        near = near[counts[near] == counts[number]]
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
    there = np.flatnonzero(strength.sounds())
    if not len(there):
        return 0.0, 0.0
    return float(there[0]) / SLOTS_A_SECOND, float(there[-1] + 1) / SLOTS_A_SECOND


def _usual(heard: Sequence[SongBeat]) -> int:
    """The beats of a bar that most of those heard, weighed by how sure they were, tell of."""
    told: dict[int, float] = {}
    for beat in heard:
        told[beat.bar_beats] = told.get(beat.bar_beats, 0.0) + beat.confidence
    return max(told, key=lambda beats: told[beats])


def _numbers(beats: Doubles, heard: Sequence[SongBeat], bar_beats: int, anew_s: Doubles) -> Indices:
    """The number of each beat in its bar: as the engine counted, with as few slips as can be but at ``anew_s``."""
    cost = np.full(len(beats), WRONG_COUNT)
    cost[[int(np.abs(beats - at).argmin()) for at in anew_s]] = 0.0
    told = np.zeros((len(beats), bar_beats))
    gaps = np.diff(beats)
    period = float(np.median(gaps))
    for beat, gap_s in zip(heard, np.diff([beat.time_s for beat in heard], append=np.inf), strict=True):
        nearest = int(np.abs(beats - beat.time_s).argmin())
        if abs(beats[nearest] - beat.time_s) >= period / 4 or beat.bar_beats != bar_beats:
            continue
        if gap_s > TWICE * gaps[min(nearest, len(gaps) - 1)] or bar_beats % 2:
            told[nearest, beat.number - 1] += 1.0
        elif beat.number % 2:  # at twice the speed the engine's bar is half of one
            told[nearest, (beat.number - 1) // 2 :: bar_beats // 2] += 0.5
    turned = np.stack([np.roll(row, -number % bar_beats) for number, row in enumerate(told)])  # by the count's offset
    score, came = turned[0].copy(), np.zeros(turned.shape, np.int64)
    for number in range(1, len(turned)):
        best = int(score.argmax())
        slips = score < score[best] - cost[number]
        came[number] = np.where(slips, best, np.arange(bar_beats))
        score = np.maximum(score, score[best] - cost[number]) + turned[number]
    offset = int(score.argmax())
    numbers = np.zeros(len(beats), np.int64)
    for number in range(len(beats) - 1, -1, -1):
        numbers[number] = (offset + number) % bar_beats
        offset = int(came[number, offset])
    return numbers
