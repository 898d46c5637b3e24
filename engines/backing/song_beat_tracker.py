"""Beat tracker for a whole song: decoded from its activation, in one phase, at the live engine's speed.

Passages are what lies between silences and changes of tempo. Nothing is counted through from one to the next: behind
a silence of a hundred beats the smallest error of tempo would say nothing about where the beat is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from bridge.core.arrays import Float32Array, Float64Array
from engines.backing.onset_strength import SLOTS_A_SECOND, OnsetStrength
from engines.mir.learned.beat_tracker import UNINFORMATIVE_PROBABILITY
from engines.mir.learned.features import STEPS_PER_SECOND
from engines.mir.offline.beat_activation import get_step_times
from engines.mir.offline.beat_decoder import Track, decode_beats
from engines.mir.offline.metrical_levels import SAME_TEMPO_OCTAVES, OctaveAmbiguity
from engines.mir.offline.song_map import SongBeat
from engines.mir.offline.tempo_changes import correct_levels

REST_S = 1.0
"""A silence of so many seconds is a rest: the beat may resume at any phase behind it."""
LONG_REST_S, BEFORE_S = 2.0, 0.1
"""Beats are not counted through a longer one; the first beat behind one may be so much early."""
MIN_ACTIVATION = 0.03
"""An activation below it means that there is no beat; noise has less at 99 of 100 steps."""
MEDIAN_BEATS = 17
"""The tempo is a median over so many beats."""
SIDE_BEATS = 4.0
"""The phase to half a beat is smoothed over so many beats (standard deviation)."""
MIN_PHASE_AGREEMENT, STEADY_WITHIN = 0.75, 0.02
"""Beats whose phases to half a beat agree so much (mean vector) with one tempo are at one tempo; and how far from
their median it may be."""
MIN_BEATS = 8
"""Beats needed to determine speed and phase."""


def track_song_beats(
    found: Sequence[SongBeat], activation: Float32Array, strength: OnsetStrength
) -> tuple[Track, tuple[OctaveAmbiguity, ...]]:
    """Track the beats of the song with this beat activation; returns them and where their speed is in doubt.

    ``found``: the live engine's beats, for speed and phase.
    """
    times, rests = get_step_times(len(activation)), [*find_rests(strength), *_find_beatless(activation)]
    silent = np.zeros(len(activation), np.bool_)
    for start_s, end_s in rests:
        silent |= (times >= start_s) & (times < end_s)
    decoded = decode_beats(activation, silent)
    beats, anew = decoded.beats_s.copy(), np.zeros(len(decoded.beats_s), np.bool_)
    for first, last in _split_passages(decoded, rests):
        anew[first] = True
        beats[first:last] = _unify_phase(beats[first:last], found)
    order = np.argsort(beats, kind="stable")
    return correct_levels(found, Track(beats[order], anew), activation)


def find_rests(strength: OnsetStrength) -> list[tuple[float, float]]:
    """Spans in seconds in which the song is silent for REST_S or longer."""
    loud = np.flatnonzero(strength.find_sounding_slots())
    edges = np.concatenate([[-1], loud, [len(strength.powers)]])
    long = np.flatnonzero(np.diff(edges) > REST_S * SLOTS_A_SECOND)
    return [(float(edges[i] + 1) / SLOTS_A_SECOND, float(edges[i + 1]) / SLOTS_A_SECOND) for i in long]


def _find_beatless(activation: Float32Array) -> list[tuple[float, float]]:
    """Spans in seconds without a possible beat for LONG_REST_S or longer, as in room noise."""
    times = np.append(get_step_times(len(activation)), len(activation) / STEPS_PER_SECOND)
    possible = (activation > MIN_ACTIVATION) & (activation != np.float32(UNINFORMATIVE_PROBABILITY))
    edges = np.concatenate([[-1], np.flatnonzero(possible), [len(activation)]])
    long = np.flatnonzero(np.diff(edges) > LONG_REST_S * STEPS_PER_SECOND)
    return [(float(times[edges[i] + 1]), float(times[edges[i + 1]])) for i in long]


def _split_passages(track: Track, rests: Sequence[tuple[float, float]]) -> Iterator[tuple[int, int]]:
    """The first beat of each passage, and the first one behind it."""
    beats = track.beats_s
    if not len(beats):
        return
    starts = {0}
    for beat in np.flatnonzero(track.restarts[1:]).tolist():
        if _is_rest_before(beats, beat + 1, rests) or not _is_tempo_steady(beats, beat + 1):
            starts.add(beat + 1)
    for start_s, end_s in rests:
        if end_s - start_s > LONG_REST_S:
            starts |= {int(np.searchsorted(beats, at)) for at in (start_s, end_s - BEFORE_S)}
    yield from pairwise([*sorted(starts - {len(beats)}), len(beats)])


def _is_rest_before(beats: Float64Array, beat: int, rests: Sequence[tuple[float, float]]) -> bool:
    """Whether a rest lies before ``beat``, or ends just behind it."""
    return any(start < beats[beat] and end > beats[beat - 1] for start, end in rests)


def _is_tempo_steady(beats: Float64Array, beat: int) -> bool:
    """Whether the tempo is the same on both sides of ``beat``."""
    before, after = np.diff(beats[max(beat - MIN_BEATS, 0) : beat]), np.diff(beats[beat : beat + MIN_BEATS])
    if len(before) < 2 or len(after) < 2:
        return True
    return bool(abs(np.log2(np.median(after) / np.median(before))) < SAME_TEMPO_OCTAVES)


def _unify_phase(beats: Float64Array, found: Sequence[SongBeat]) -> Float64Array:
    """``beats`` of one passage, all in the phase of most: the others are moved by half a beat.

    Where off-beats are strong the activation changes phase; the music does not. The live engine's beats vote, too: it
    follows the harmony.
    """
    if len(beats) < MIN_BEATS:
        return beats
    periods = _smooth_periods(beats)
    places = np.arange(len(beats))
    count = _fit_steady_tempo(beats, float(np.median(periods)))
    if count is None:
        count = np.concatenate([[0.0], np.cumsum(np.diff(beats) / periods)])
        near = np.exp(-0.5 * ((places[:, None] - places) / SIDE_BEATS) ** 2)
        count -= np.unwrap(np.angle(near @ np.exp(4j * np.pi * count))) / (4 * np.pi)  # half a beat is a whole cycle
    side = np.round(2 * count).astype(np.int64) % 2
    votes = np.bincount(side, minlength=2).astype(np.float64)
    if not votes.all():
        return beats
    for beat in found:
        if beats[0] < beat.time_s < beats[-1]:
            place = round(2 * float(np.interp(beat.time_s, beats, places)))
            votes[(side[place // 2] + place) % 2] += beat.confidence
    fewer = int(votes[1] <= votes[0])
    return np.asarray(beats + np.where(side == fewer, np.append(periods, periods[-1]) / 2, 0.0))


def _fit_steady_tempo(beats: Float64Array, period_s: float) -> Float64Array | None:
    """The beats' places if nearly all lie, to half a beat, on a grid of one tempo near ``period_s``; else None.

    Music made to a click does; beats that slip from one phase to the other in many small steps do not.
    """
    tried = period_s * (1 + np.linspace(-STEADY_WITHIN, STEADY_WITHIN, 16 * len(beats) // 8 * 2 + 1))
    vectors = np.exp(4j * np.pi * (beats - beats[0]) / tried[:, None]).mean(1)
    best = int(np.abs(vectors).argmax())
    if abs(vectors[best]) < MIN_PHASE_AGREEMENT:
        return None
    return np.asarray((beats - beats[0]) / tried[best] - np.angle(vectors[best]) / (4 * np.pi))


def _smooth_periods(beats: Float64Array) -> Float64Array:
    """Seconds from each beat to the next but the last, as a median of those around."""
    gaps = np.diff(beats)
    if len(gaps) < MEDIAN_BEATS:
        return np.full(len(gaps), float(np.median(gaps)))
    padded = np.pad(gaps, MEDIAN_BEATS // 2, mode="reflect")
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, MEDIAN_BEATS), axis=1))
