"""Tempo changes of a song: their detection in the decoded beats, and remarks on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bridge.core.arrays import Float32Array, Float64Array
from engines.mir.learned.beat_tracker import UNINFORMATIVE_PROBABILITY
from engines.mir.offline.beat_activation import get_step_times
from engines.mir.offline.beat_decoder import SILENT_STEPS, Track
from engines.mir.offline.metrical_levels import SAME_TEMPO_OCTAVES, OctaveAmbiguity, align_levels, match_engine_level
from engines.mir.offline.song_map import SongBeat
from engines.offline.progress import format_duration

CONTEXT_BEATS, MIN_CONTEXT_BEATS = 12, 8
"""Beats before and after a change whose median is the tempo, and their minimum."""
SUDDEN_BEATS = 4
"""Across so many beats a gradual change stays below the threshold."""
MAX_CHANGES = 4
"""More are summed up in one remark."""
NEAR_S = 0.07
"""Beats this close to each other are the same."""
AGREEING_BEATS = 4
"""So many beats in agreement with the engine end an uncertain passage."""
MIN_UNCERTAIN_BEATS = 4
RETURNS_BEATS = 16
"""If the old tempo returns so soon, a beat was missed or played freely: there was no change."""
EARLY_S = 2.0
"""An uncertain passage may begin so long before a change."""


@dataclass(frozen=True, slots=True)
class TempoStep:
    """At ``time_s`` the tempo goes from ``before`` to ``after``, beats per minute."""

    time_s: float
    before: float
    after: float


def describe_tempo(found: Sequence[SongBeat], track: Track, activation: Float32Array) -> tuple[str, ...]:
    """Remarks on the tempo of a song and on an engine's beats in it; ``track``: as decoded."""
    track, ambiguities = correct_levels(found, track, activation)
    changes = find_tempo_changes(track.beats_s, activation)
    found_s = np.array([beat.time_s for beat in found])
    return (
        *describe_changes(changes, ambiguities),
        *describe_uncertain_beats(found_s, track.beats_s, activation, changes),
    )


def find_tempo_changes(beats_s: Float64Array, activation: Float32Array) -> tuple[TempoStep, ...]:
    """The sudden tempo changes of ``beats_s``; ``activation``: their activation, since silences are left out.

    An octave is no change: one tempo can be counted at both levels.
    """
    silences = find_silences(activation)
    gaps = [(a, b - a) for a, b in pairwise(beats_s.tolist()) if not any(s < b and e > a for s, e in silences)]
    starts, octaves = np.array([at for at, _ in gaps]), np.log2([gap for _, gap in gaps])
    parts = _remove_returns(octaves, [0, *_find_edges(octaves), len(octaves)])
    tempi = [60.0 / float(2.0 ** np.median(octaves[a:b])) for a, b in pairwise(parts) if b > a]
    found = [TempoStep(float(starts[at]), *both) for at, both in zip(parts[1:-1], pairwise(tempi), strict=True)]
    return tuple(change for change in found if _is_change(float(np.log2(change.after / change.before))))


def _remove_returns(octaves: Float64Array, edges: list[int]) -> list[int]:
    """``edges`` without those of passages of RETURNS_BEATS or less after which the tempo is as before."""
    index = 1
    while index + 2 < len(edges):
        before, after = (float(np.median(octaves[edges[at] : edges[at + 1]])) for at in (index - 1, index + 1))
        if edges[index + 1] - edges[index] <= RETURNS_BEATS and abs(after - before) < SAME_TEMPO_OCTAVES:
            del edges[index : index + 2]
        else:
            index += 1
    return edges


def correct_levels(
    found: Sequence[SongBeat], track: Track, activation: Float32Array
) -> tuple[Track, tuple[OctaveAmbiguity, ...]]:
    """``track`` at the metrical level of the engine's beats, ``found``, and of the song's other passages.

    Returned with the passages whose level is ambiguous.
    """
    track = match_engine_level(found, track)
    return align_levels(track, activation, [change.time_s for change in find_tempo_changes(track.beats_s, activation)])


def find_silences(activation: Float32Array) -> list[tuple[float, float]]:
    """The passages (start and end in seconds) of two seconds or longer without any possible beat."""
    times = get_step_times(len(activation) + 1)
    edges = np.concatenate(
        [[-1], np.flatnonzero(activation > np.float32(UNINFORMATIVE_PROBABILITY)), [len(activation)]]
    )
    long = np.flatnonzero(np.diff(edges) > SILENT_STEPS)
    return [(float(times[edges[i] + 1]), float(times[edges[i + 1]])) for i in long]


def describe_changes(changes: Sequence[TempoStep], ambiguities: Sequence[OctaveAmbiguity]) -> tuple[str, ...]:
    """Remarks on tempo changes and ambiguous levels."""
    remarks = [
        f"the tempo changes at {format_duration(change.time_s)}, from {change.before:.0f} to {change.after:.0f}"
        for change in changes
    ]
    if len(remarks) > MAX_CHANGES:
        remarks = [f"the tempo changes {len(changes)} times, first at {format_duration(changes[0].time_s)}"]
    for ambiguity in ambiguities:
        times = "twice" if ambiguity.bpm > ambiguity.other else "half"
        where = f"from {format_duration(ambiguity.start_s)} to {format_duration(ambiguity.end_s)}"
        remarks.append(
            f"{where} the beats may be {times} as fast as the music ({ambiguity.bpm:.0f} or {ambiguity.other:.0f})"
        )
    return tuple(remarks)


def describe_uncertain_beats(
    found_s: Float64Array, beats_s: Float64Array, activation: Float32Array, changes: Sequence[TempoStep]
) -> tuple[str, ...]:
    """Remarks on where the beats ``found_s`` of a causal engine differ from the song's, ``beats_s``.

    Only passages in which it lags count: after the ``changes`` and after silences in the song.
    """
    remarks = []
    silences = find_silences(activation)
    beats_s = beats_s[[not any(start <= at < end - NEAR_S for start, end in silences) for at in beats_s.tolist()]]
    wrong = _find_disagreements(found_s, beats_s)
    causes = [(change.time_s - EARLY_S, "the tempo changes there") for change in changes]
    causes += [(end - NEAR_S, "a silence ends there") for start, end in silences if start > 0.0]
    until_s = 0.0
    for at, why in sorted(causes):
        first = int(np.searchsorted(beats_s, at))
        while first < len(wrong) and not wrong[first] and beats_s[first] < at + 2 * EARLY_S:
            first += 1
        last, agreed = first, 0
        for index in range(first, len(wrong)):
            agreed = 0 if wrong[index] else agreed + 1
            last = last if agreed else index
            if agreed == AGREEING_BEATS:
                break
        if last - first + 1 >= MIN_UNCERTAIN_BEATS and beats_s[first] >= until_s:
            until_s = float(beats_s[last])
            remarks.append(
                f"beats from {format_duration(float(beats_s[first]))} to {format_duration(until_s)} are not sure: {why}"
            )
    return tuple(remarks)


def _find_disagreements(found_s: Float64Array, beats_s: Float64Array) -> NDArray[np.bool_]:
    """For each of ``beats_s`` whether it lacks exactly one of ``found_s`` within NEAR_S."""
    if not len(found_s) or not len(beats_s):
        return np.ones(len(beats_s), np.bool_)
    nearest = np.abs(found_s[:, None] - beats_s).argmin(1)
    distance = np.abs(found_s[:, None] - beats_s).min(0)
    return np.asarray((np.bincount(nearest, minlength=len(beats_s)) != 1) | (distance > NEAR_S))


def _find_edges(octaves: Float64Array) -> list[int]:
    """The indices of the intervals (logarithms to base 2) that are the first in another tempo."""
    found, index = [], MIN_CONTEXT_BEATS
    scores = np.zeros(len(octaves))
    for at in range(MIN_CONTEXT_BEATS, len(octaves) - MIN_CONTEXT_BEATS + 1):
        before, after = octaves[max(at - CONTEXT_BEATS, 0) : at], octaves[at : at + CONTEXT_BEATS]
        here = abs(float(np.median(after) - np.median(before)))
        sudden = abs(float(np.median(after[:SUDDEN_BEATS]) - np.median(before[-SUDDEN_BEATS:])))
        if _is_change(here) and _is_change(sudden):
            spread = np.abs(before - np.median(before)).sum() + np.abs(after - np.median(after)).sum()
            scores[at] = here / (1e-3 + spread)
    while index < len(scores):
        if scores[index] > 0.0:
            best = index + int(scores[index : index + CONTEXT_BEATS].argmax())
            found.append(best)
            index = best + MIN_CONTEXT_BEATS
        else:
            index += 1
    return found


def _is_change(octaves: float) -> bool:
    """Whether tempi so far apart differ, other than by an octave."""
    return abs(octaves) >= SAME_TEMPO_OCTAVES and abs(abs(octaves) - 1.0) >= SAME_TEMPO_OCTAVES
