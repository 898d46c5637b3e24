"""Beat tracker for a whole song: decoded from its activation, in one phase, at the speed of the song map.

Passages are what lies between silences and changes of tempo. Nothing is counted through from one to the next: behind
a silence of a hundred beats the smallest error of tempo would say nothing about where the beat is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bridge.core.arrays import Float32Array, Float64Array
from engines.backing.onset_strength import SLOTS_A_SECOND, OnsetStrength
from engines.mir.learned.beat_tracker import UNINFORMATIVE_PROBABILITY
from engines.mir.learned.features import STEPS_PER_SECOND
from engines.mir.offline.beat_activation import get_step_times
from engines.mir.offline.beat_decoder import HarmonicChanges, Track, decode_beats, score_ticks
from engines.mir.offline.metrical_levels import SAME_TEMPO_OCTAVES, OctaveAmbiguity
from engines.mir.offline.phase_slips import correct_phase_slips
from engines.mir.offline.song_map import SongBeat
from engines.mir.offline.tempo_changes import correct_levels

REST_S = 1.0
"""A silence of so many seconds is a rest: the beat may resume at any phase behind it."""
LONG_REST_S, BEFORE_S = 2.0, 0.1
"""Beats are not counted through a longer one; the first beat behind one may be so much early."""
MIN_ACTIVATION = 0.03
"""An activation below it means that there is no beat; noise has less at 99 of 100 steps."""
MIN_BEATS = 8
"""Beats on either side by which the tempo is compared."""


def track_song_beats(
    found: Sequence[SongBeat],
    activation: Float32Array,
    strength: OnsetStrength,
    changes: HarmonicChanges | None = None,
) -> tuple[Track, tuple[OctaveAmbiguity, ...]]:
    """Track the beats of the song with this beat activation; returns them and where their speed is in doubt.

    ``found``: the beats of the song map, for their speed. ``changes``: of the harmony.
    """
    times, rests = get_step_times(len(activation)), [*find_rests(strength), *_find_beatless(activation)]
    silent = np.zeros(len(activation), np.bool_)
    for start_s, end_s in rests:
        silent |= (times >= start_s) & (times < end_s)
    decoded = decode_beats(activation, silent, changes)
    restarts = np.zeros(len(decoded.beats_s), np.bool_)
    restarts[list(_find_passages(decoded, rests))] = True
    track = correct_phase_slips(Track(decoded.beats_s, restarts), score_ticks(activation, silent, changes))
    return correct_levels(found, track, activation)


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


def _find_passages(track: Track, rests: Sequence[tuple[float, float]]) -> set[int]:
    """The first beat of each passage."""
    beats = track.beats_s
    if not len(beats):
        return set()
    starts = {0}
    for beat in np.flatnonzero(track.restarts[1:]).tolist():
        if _is_rest_before(beats, beat + 1, rests) or not _is_tempo_steady(beats, beat + 1):
            starts.add(beat + 1)
    for start_s, end_s in rests:
        if end_s - start_s > LONG_REST_S:
            starts |= {int(np.searchsorted(beats, at)) for at in (start_s, end_s - BEFORE_S)}
    return starts - {len(beats)}


def _is_rest_before(beats: Float64Array, beat: int, rests: Sequence[tuple[float, float]]) -> bool:
    """Whether a rest lies before ``beat``, or ends just behind it."""
    return any(start < beats[beat] and end > beats[beat - 1] for start, end in rests)


def _is_tempo_steady(beats: Float64Array, beat: int) -> bool:
    """Whether the tempo is the same on both sides of ``beat``."""
    before, after = np.diff(beats[max(beat - MIN_BEATS, 0) : beat]), np.diff(beats[beat : beat + MIN_BEATS])
    if len(before) < 2 or len(after) < 2:
        return True
    return bool(abs(np.log2(np.median(after) / np.median(before))) < SAME_TEMPO_OCTAVES)
