"""Changes of tempo in a song: where its beats begin to come faster or slower, and what is to be said of that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engines.mir.learned.beat_tracker import UNHEARD
from engines.mir.offline.beat_activation import times_of
from engines.mir.offline.beat_decoder import SILENT_STEPS, Track
from engines.mir.offline.metrical_levels import ALIKE_OCTAVES, OctaveAmbiguity, at_one_level, at_speed_of
from engines.mir.offline.song_map import SongBeat
from engines.offline.progress import format_duration

Doubles = NDArray[np.float64]
Floats = NDArray[np.float32]

AROUND, LEAST = 12, 8
"""Beats before and behind a change over which the tempo is a median, and how many there are at least."""
NEXT = 4
"""A tempo that changes little by little is hardly another so many beats later."""
MOST_CHANGES = 4
"""More are said in one remark."""
NEAR_S = 0.07
"""Beats nearer to each other are one."""
AGREED = 4
"""So many beats in which the engine agrees end what is not sure."""
FEWEST_UNSURE = 4
RETURNS_BEATS = 16
"""Where the tempo is the old one again so soon, a beat was lost or played freely: it did not change."""
EARLY_S = 2.0
"""What is not sure may begin so long before a change."""


@dataclass(frozen=True, slots=True)
class TempoStep:
    """At ``time_s`` the tempo goes from ``before`` to ``after``, beats a minute."""

    time_s: float
    before: float
    after: float


def remarks_on(found: Sequence[SongBeat], track: Track, chances: Floats) -> tuple[str, ...]:
    """What is to be said of the tempo of a song and of an engine's beats in it; ``track``: as decoded."""
    track, doubts = levelled(found, track, chances)
    changes = tempo_changes(track.beats_s, chances)
    found_s = np.array([beat.time_s for beat in found])
    return (*tempo_remarks(changes, doubts), *unsure_remarks(found_s, track.beats_s, chances, changes))


def tempo_changes(beats_s: Doubles, chances: Floats) -> tuple[TempoStep, ...]:
    """Where the tempo of ``beats_s`` changes at once; ``chances``: their activation, for silences, which say nothing.

    An octave is none: so far apart are two ways to count one tempo, too.
    """
    silences = silences_of(chances)
    gaps = [(a, b - a) for a, b in pairwise(beats_s.tolist()) if not any(s < b and e > a for s, e in silences)]
    starts, octaves = np.array([at for at, _ in gaps]), np.log2([gap for _, gap in gaps])
    parts = _without_returns(octaves, [0, *_places(octaves), len(octaves)])
    tempi = [60.0 / float(2.0 ** np.median(octaves[a:b])) for a, b in pairwise(parts) if b > a]
    found = [TempoStep(float(starts[at]), *both) for at, both in zip(parts[1:-1], pairwise(tempi), strict=True)]
    return tuple(change for change in found if _differ(float(np.log2(change.after / change.before))))


def _without_returns(octaves: Doubles, places: list[int]) -> list[int]:
    """``places`` without the edges of parts of RETURNS_BEATS or less behind which all is as before."""
    place = 1
    while place + 2 < len(places):
        before, after = (float(np.median(octaves[places[at] : places[at + 1]])) for at in (place - 1, place + 1))
        if places[place + 1] - places[place] <= RETURNS_BEATS and abs(after - before) < ALIKE_OCTAVES:
            del places[place : place + 2]
        else:
            place += 1
    return places


def levelled(found: Sequence[SongBeat], track: Track, chances: Floats) -> tuple[Track, tuple[OctaveAmbiguity, ...]]:
    """``track`` at the speed of the engine, of which ``found`` are the beats, and of the song's other passages; and
    where that is in doubt."""
    track = at_speed_of(found, track)
    return at_one_level(track, chances, [change.time_s for change in tempo_changes(track.beats_s, chances)])


def silences_of(chances: Floats) -> list[tuple[float, float]]:
    """From when to when (seconds) nothing could be a beat, for two seconds or longer."""
    times = times_of(len(chances) + 1)
    edges = np.concatenate([[-1], np.flatnonzero(chances > np.float32(UNHEARD)), [len(chances)]])
    long = np.flatnonzero(np.diff(edges) > SILENT_STEPS)
    return [(float(times[edges[i] + 1]), float(times[edges[i + 1]])) for i in long]


def tempo_remarks(changes: Sequence[TempoStep], doubts: Sequence[OctaveAmbiguity]) -> tuple[str, ...]:
    """What is to be said of them."""
    said = [
        f"the tempo changes at {format_duration(change.time_s)}, from {change.before:.0f} to {change.after:.0f}"
        for change in changes
    ]
    if len(said) > MOST_CHANGES:
        said = [f"the tempo changes {len(changes)} times, first at {format_duration(changes[0].time_s)}"]
    for doubt in doubts:
        times = "twice" if doubt.bpm > doubt.other else "half"
        where = f"from {format_duration(doubt.start_s)} to {format_duration(doubt.end_s)}"
        said.append(f"{where} the beats may be {times} as fast as the music ({doubt.bpm:.0f} or {doubt.other:.0f})")
    return tuple(said)


def unsure_remarks(
    found_s: Doubles, beats_s: Doubles, chances: Floats, changes: Sequence[TempoStep]
) -> tuple[str, ...]:
    """Where the beats ``found_s`` of an engine that knows nothing of what comes are not those of the song, ``beats_s``.

    That is said where it lags: behind the ``changes`` and behind silences in the song.
    """
    said = []
    silences = silences_of(chances)
    beats_s = beats_s[[not any(start <= at < end - NEAR_S for start, end in silences) for at in beats_s.tolist()]]
    wrong = _disagree(found_s, beats_s)
    causes = [(change.time_s - EARLY_S, "the tempo changes there") for change in changes]
    causes += [(end - NEAR_S, "a silence ends there") for start, end in silences if start > 0.0]
    until_s = 0.0
    for at, why in sorted(causes):
        first = int(np.searchsorted(beats_s, at))
        while first < len(wrong) and not wrong[first] and beats_s[first] < at + 2 * EARLY_S:
            first += 1
        last, agreed = first, 0
        for place in range(first, len(wrong)):
            agreed = 0 if wrong[place] else agreed + 1
            last = last if agreed else place
            if agreed == AGREED:
                break
        if last - first + 1 >= FEWEST_UNSURE and beats_s[first] >= until_s:
            until_s = float(beats_s[last])
            between = f"from {format_duration(float(beats_s[first]))} to {format_duration(until_s)}"
            said.append(f"beats {between} are not sure: {why}")
    return tuple(said)


def _disagree(found_s: Doubles, beats_s: Doubles) -> NDArray[np.bool_]:
    """For each of ``beats_s`` whether another number than one of ``found_s`` is nearest to it, or that is not near."""
    if not len(found_s) or not len(beats_s):
        return np.ones(len(beats_s), np.bool_)
    nearest = np.abs(found_s[:, None] - beats_s).argmin(1)
    away = np.abs(found_s[:, None] - beats_s).min(0)
    return np.asarray((np.bincount(nearest, minlength=len(beats_s)) != 1) | (away > NEAR_S))


def _places(octaves: Doubles) -> list[int]:
    """The intervals (logarithms to base 2) that are the first in another tempo."""
    found, place = [], LEAST
    away = np.zeros(len(octaves))
    for at in range(LEAST, len(octaves) - LEAST + 1):
        before, after = octaves[max(at - AROUND, 0) : at], octaves[at : at + AROUND]
        here = abs(float(np.median(after) - np.median(before)))
        at_once = abs(float(np.median(after[:NEXT]) - np.median(before[-NEXT:])))
        if _differ(here) and _differ(at_once):
            spread = np.abs(before - np.median(before)).sum() + np.abs(after - np.median(after)).sum()
            away[at] = here / (1e-3 + spread)
    while place < len(away):
        if away[place] > 0.0:
            best = place + int(away[place : place + AROUND].argmax())
            found.append(best)
            place = best + LEAST
        else:
            place += 1
    return found


def _differ(octaves: float) -> bool:
    """Whether tempi so far apart are two, and not one counted in two ways."""
    return abs(octaves) >= ALIKE_OCTAVES and abs(abs(octaves) - 1.0) >= ALIKE_OCTAVES
