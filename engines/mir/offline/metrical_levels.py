"""Metrical levels of a song's passages: correction of those decoded at twice the speed of the others.

A beat activation supports both of two tempi an octave apart (McKinney and Moelants, "Ambiguity in tempo perception",
Music Perception 24, 2006). Within a song the ratio of the activation at half beats to that at beats is much the same,
whatever the tempo. A passage in another tempo was decoded too fast if its half beats have hardly any activation, but
every other beat is as weak as the half beats elsewhere. A song of one tempo stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engines.mir.offline.beat_activation import find_peaks
from engines.mir.offline.beat_decoder import Track
from engines.mir.offline.song_map import SongBeat

SAME_TEMPO_OCTAVES = 0.06
"""Tempi this close are the same."""
MIN_BEATS = 16
"""Shorter passages are not judged."""
NEAR_S = 0.05
MIN_ACTIVATION = 0.1
"""Mean activation at the beats that a passage needs to be judged; silence has 0.05."""
MIN_SHARE = 0.02
MIN_FAST_BPM = 130.0
"""Slower passages are never too fast."""
DIFFERENT_SHARE, MATCHING_PART = 0.7, 0.5
"""Two shares differ if the natural logarithm of their ratio is the first or more. With every other beat left out, the
share matches the others' if its difference is the second times that or less."""
AMBIGUOUS_SHARE = 0.45
"""From this difference on the level is ambiguous."""
FASTER_RATIO, EVERY_OTHER_SHARE = 1.6, 0.8
"""The track is twice as fast as the engine if the engine's intervals are so much longer, and this share of its beats
falls on every other beat."""
MIN_ENGINE_BEATS = 8
"""Beats of the engine that are needed to compare its tempo."""
MIN_OTHER_PART = 1 / 3
"""The passages in other tempi last at least this part of those in its tempo, or they are ignored."""


@dataclass(frozen=True, slots=True)
class OctaveAmbiguity:
    """A passage (start and end in seconds) whose tempo may be ``bpm`` or, an octave apart, ``other``."""

    start_s: float
    end_s: float
    bpm: float
    other: float


@dataclass(frozen=True, slots=True)
class _Passage:
    """``share``: mean activation at half beats over that at beats. ``even``, ``odd``: that at every other beat."""

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
    def share_at_half_tempo(self) -> float:
        """The share with every other beat left out."""
        return min(self.even, self.odd) / max(self.even, self.odd)


def align_levels(
    track: Track, activation: NDArray[np.float32], changes_s: Sequence[float]
) -> tuple[Track, tuple[OctaveAmbiguity, ...]]:
    """``track`` without every other beat of passages that are too fast, and the ambiguous passages.

    ``changes_s``: times of the tempo changes.
    """
    starts = {int(np.abs(track.beats_s - at).argmin()) for at in changes_s} | set(
        np.flatnonzero(track.restarts).tolist()
    )
    passages = list(_list_passages(track, activation, [*sorted(starts), len(track.beats_s)]))
    kept, restarts, ambiguities = np.ones(len(track.beats_s), np.bool_), track.restarts.copy(), []
    for passage in passages:
        share = _measure_other_share(passage, passages)
        if passage.bpm < MIN_FAST_BPM or np.isnan(share):
            continue
        difference = float(np.log(share / passage.share))
        difference_at_half_tempo = abs(float(np.log(share / passage.share_at_half_tempo)))
        if difference >= DIFFERENT_SHARE and difference_at_half_tempo <= MATCHING_PART * difference:
            weaker = int(passage.odd < passage.even)
            kept[passage.first + weaker : passage.last : 2] = False
            restarts[passage.first + int(weaker == 0)] = True
            restarts[passage.last : passage.last + 1] = True
            ambiguities.append(OctaveAmbiguity(passage.start_s, passage.end_s, passage.bpm / 2, passage.bpm))
        elif difference >= AMBIGUOUS_SHARE and difference_at_half_tempo < difference:
            ambiguities.append(OctaveAmbiguity(passage.start_s, passage.end_s, passage.bpm, passage.bpm / 2))
    return Track(track.beats_s[kept], restarts[kept]), tuple(ambiguities)


def match_engine_level(found: Sequence[SongBeat], track: Track) -> Track:
    """``track`` without every other beat of passages in which the engine ``found`` half the tempo."""
    times = np.array([beat.time_s for beat in found])
    confidences = np.array([beat.confidence for beat in found])
    kept, restarts = np.ones(len(track.beats_s), np.bool_), track.restarts.copy()
    for first, last in pairwise([*np.flatnonzero(track.restarts).tolist(), len(track.beats_s)]):
        beats = track.beats_s[first:last]
        if len(beats) < 2 * MIN_ENGINE_BEATS:
            continue
        period = float(np.median(np.diff(beats)))
        inside = (times > beats[0] - period / 2) & (times < beats[-1] + period / 2)
        if inside.sum() < MIN_ENGINE_BEATS or float(np.median(np.diff(times[inside]))) < FASTER_RATIO * period:
            continue
        places = np.abs(times[inside][:, None] - beats).argmin(1)
        sides = np.bincount(places % 2, confidences[inside], 2)
        if sides.max() > EVERY_OTHER_SHARE * sides.sum():
            kept[first + int(sides.argmin()) : last : 2] = False
            restarts[first + 1] |= bool(sides.argmin() == 0)
    return Track(track.beats_s[kept], restarts[kept])


def _list_passages(track: Track, activation: NDArray[np.float32], edges: Sequence[int]) -> list[_Passage]:
    """The passages that can be judged; each goes from one of ``edges`` to the next."""
    found = []
    for first, last in pairwise(edges):
        beats = track.beats_s[first:last]
        if len(beats) < MIN_BEATS:
            continue
        on, between = (find_peaks(activation, at, NEAR_S) for at in (beats, (beats[1:] + beats[:-1]) / 2))
        if on.mean() >= MIN_ACTIVATION:
            share = max(float(between.mean() / on.mean()), MIN_SHARE)
            bpm = 60.0 / float(np.median(np.diff(beats)))
            even, odd = float(on[::2].mean()), float(on[1::2].mean())
            found.append(_Passage(first, last, float(beats[0]), float(beats[-1]), bpm, share, even, odd))
    return found


def _measure_other_share(passage: _Passage, passages: list[_Passage]) -> float:
    """The share in passages of other tempi, except an octave apart; NaN if they are too short."""
    octaves = [float(np.log2(passage.bpm / each.bpm)) for each in passages]
    others = [
        each
        for each, difference in zip(passages, octaves, strict=True)
        if abs(difference - round(difference)) >= SAME_TEMPO_OCTAVES
    ]
    others_s = sum(each.length_s for each in others)
    if others_s < MIN_OTHER_PART * sum(each.length_s for each in passages if each not in others):
        return float("nan")
    return sum(each.share * each.length_s for each in others) / others_s if others_s else float("nan")
