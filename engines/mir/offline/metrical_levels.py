"""Metrical levels of a song's passages: which of them were decoded at twice the speed of the others.

Of tempi an octave apart an activation supports both (McKinney and Moelants, "Ambiguity in tempo perception", Music
Perception 24, 2006). Within a song the share of what lies halfway between beats is much the same, whatever the tempo:
a passage in another tempo, of which hardly anything lies there but every other beat is as weak as what lies halfway
between the beats elsewhere, was decoded too fast. A song of one tempo stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engines.mir.offline.beat_activation import times_of
from engines.mir.offline.beat_decoder import Track
from engines.mir.offline.song_map import SongBeat

Doubles = NDArray[np.float64]

ALIKE_OCTAVES = 0.06
"""Tempi this close are one."""
FEWEST_BEATS = 16
"""Of shorter passages nothing is said."""
NEAR_S = 0.05
LEAST_CHANCE = 0.1
"""Mean chance at the beats of a passage of which something can be said; silence has 0.05."""
LEAST_SHARE = 0.02
FASTER_BPM = 130.0
"""Slower passages are not too fast."""
UNLIKE, ALIKE = 0.7, 0.5
"""A share is another where its natural logarithm differs so much or more; and with every other beat left out it is the
others' where it differs by this part of that at most."""
DOUBTFUL = 0.45
"""From the others' it differs so much that the level is in doubt."""
FASTER, ONE_SIDED = 1.6, 0.8
"""Beats are twice too fast for the engine where its intervals are so much longer, and so many of its beats on one
side."""
FEWEST_FOUND = 8
"""Beats of the engine of which its speed can be said."""
LEAST_PART = 1 / 3
"""The others last so much of the passages in its tempo at least, or nothing is learnt from them."""


@dataclass(frozen=True, slots=True)
class OctaveAmbiguity:
    """From when to when (seconds) the beats may be at twice their speed, or at half of it: ``bpm``, or ``other``."""

    start_s: float
    end_s: float
    bpm: float
    other: float


@dataclass(frozen=True, slots=True)
class _Passage:
    """``share``: what lies halfway between beats, as a part of what lies on them. ``even``, ``odd``: every other."""

    first: int
    last: int
    start_s: float
    end_s: float
    bpm: float
    share: float
    even: float
    odd: float

    @property
    def length_s(self) -> float:
        return self.end_s - self.start_s

    @property
    def halved(self) -> float:
        """The share with every other beat left out."""
        return min(self.even, self.odd) / max(self.even, self.odd)


def at_one_level(
    track: Track, chances: NDArray[np.float32], changes_s: Sequence[float]
) -> tuple[Track, tuple[OctaveAmbiguity, ...]]:
    """``track`` without every other beat of passages that are too fast, and where that is in doubt.

    ``changes_s``: where the tempo changes.
    """
    starts = {int(np.abs(track.beats_s - at).argmin()) for at in changes_s} | set(np.flatnonzero(track.anew).tolist())
    passages = list(_passages(track, chances, [*sorted(starts), len(track.beats_s)]))
    kept, anew, doubts = np.ones(len(track.beats_s), np.bool_), track.anew.copy(), []
    for passage in passages:
        share = _share_elsewhere(passage, passages)
        if passage.bpm < FASTER_BPM or np.isnan(share):
            continue
        away = float(np.log(share / passage.share))
        away_halved = abs(float(np.log(share / passage.halved)))
        if away >= UNLIKE and away_halved <= ALIKE * away:
            weaker = int(passage.odd < passage.even)
            kept[passage.first + weaker : passage.last : 2] = False
            anew[passage.first + int(weaker == 0)] = True
            anew[passage.last : passage.last + 1] = True
            doubts.append(OctaveAmbiguity(passage.start_s, passage.end_s, passage.bpm / 2, passage.bpm))
        elif away >= DOUBTFUL and away_halved < away:
            doubts.append(OctaveAmbiguity(passage.start_s, passage.end_s, passage.bpm, passage.bpm / 2))
    return Track(track.beats_s[kept], anew[kept]), tuple(doubts)


def at_speed_of(found: Sequence[SongBeat], track: Track) -> Track:
    """``track`` without every other beat of passages that the engine ``found`` half as fast."""
    times = np.array([beat.time_s for beat in found])
    sure = np.array([beat.confidence for beat in found])
    kept, anew = np.ones(len(track.beats_s), np.bool_), track.anew.copy()
    for first, last in pairwise([*np.flatnonzero(track.anew).tolist(), len(track.beats_s)]):
        beats = track.beats_s[first:last]
        if len(beats) < 2 * FEWEST_FOUND:
            continue
        period = float(np.median(np.diff(beats)))
        inside = (times > beats[0] - period / 2) & (times < beats[-1] + period / 2)
        if inside.sum() < FEWEST_FOUND or float(np.median(np.diff(times[inside]))) < FASTER * period:
            continue
        places = np.abs(times[inside][:, None] - beats).argmin(1)
        sides = np.bincount(places % 2, sure[inside], 2)
        if sides.max() > ONE_SIDED * sides.sum():
            kept[first + int(sides.argmin()) : last : 2] = False
            anew[first + 1] |= bool(sides.argmin() == 0)
    return Track(track.beats_s[kept], anew[kept])


def _passages(track: Track, chances: NDArray[np.float32], edges: Sequence[int]) -> list[_Passage]:
    """Those of which something can be said; each goes from one of ``edges`` to the next."""
    found = []
    times = times_of(len(chances))
    for first, last in pairwise(edges):
        beats = track.beats_s[first:last]
        if len(beats) < FEWEST_BEATS:
            continue
        on, between = (_near(times, chances, at) for at in (beats, (beats[1:] + beats[:-1]) / 2))
        if on.mean() >= LEAST_CHANCE:
            share = max(float(between.mean() / on.mean()), LEAST_SHARE)
            bpm = 60.0 / float(np.median(np.diff(beats)))
            even, odd = float(on[::2].mean()), float(on[1::2].mean())
            found.append(_Passage(first, last, float(beats[0]), float(beats[-1]), bpm, share, even, odd))
    return found


def _near(times: Doubles, chances: NDArray[np.float32], at: Doubles) -> Doubles:
    """The highest chance near each of ``at``."""
    edges = np.searchsorted(times, np.stack([at - NEAR_S, at + NEAR_S], axis=1))
    return np.array([chances[first:last].max(initial=0.0) for first, last in edges], np.float64)


def _share_elsewhere(passage: _Passage, passages: list[_Passage]) -> float:
    """The share in passages of other tempi, octaves apart ones left out; NaN where these are too short to say."""
    octaves = [float(np.log2(passage.bpm / each.bpm)) for each in passages]
    unlike = [each for each, away in zip(passages, octaves, strict=True) if abs(away - round(away)) >= ALIKE_OCTAVES]
    lasting = sum(each.length_s for each in unlike)
    if lasting < LEAST_PART * sum(each.length_s for each in passages if each not in unlike):
        return float("nan")
    return sum(each.share * each.length_s for each in unlike) / lasting if lasting else float("nan")
