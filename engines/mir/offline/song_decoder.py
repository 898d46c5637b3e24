"""Song decoder: beats, tempo, bars, chords and keys of a whole song from the networks' outputs.

Nothing here is causal: what follows is evidence about what came before. The live engine filters the same outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bridge.core.arrays import Float32Array, Float64Array
from bridge.core.events import Beat, Payload, Tempo
from engines.mir.learned.beat_tracker import ACTIVE_PROBABILITY, UNINFORMATIVE_PROBABILITY
from engines.mir.learned.features import STEPS_PER_SECOND
from engines.mir.learned.rhythm_chain import DOWNBEAT_TOLERANCE_S, TEMPO_CHANGE
from engines.mir.offline.bar_decoder import decode_bars
from engines.mir.offline.beat_activation import find_peaks, get_step_times
from engines.mir.offline.beat_decoder import (
    HarmonicChanges,
    Track,
    decode_beats,
    find_silent_steps,
    measure_steadiness,
    score_ticks,
)
from engines.mir.offline.chord_decoder import decode_chords
from engines.mir.offline.harmony_activation import HarmonyActivation
from engines.mir.offline.key_decoder import decode_keys
from engines.mir.offline.metrical_levels import OctaveAmbiguity, align_levels
from engines.mir.offline.phase_slips import correct_phase_slips
from engines.mir.offline.tempo_changes import find_tempo_changes
from engines.mir.tempo_mode import TempoPrior

RESTART_COST = 50.0
"""Cost of a new phase and tempo where there is no rest. At 20, fast songs changed phase and tempo in breaks."""
REST_S = 1.0
"""Length of a silence behind which the beat may resume at any phase."""
PAUSE_S = 5.0
"""Longest pause between possible beats that still has beats."""
EDGE_S = 0.1
"""Distance of a beat from the passage of the possible beats at which it still counts."""
MEAN_BEATS, MEDIAN_BEATS = 3, 9
"""The tempo is a median of so many means of so many intervals."""
USUAL_PERIOD_S = 0.5
"""Period of a single beat."""


@dataclass(frozen=True, slots=True)
class DecodedSong:
    """``events``: (seconds, payload), each kind in order. ``changes``: of the harmony, as evidence for the beats.
    ``ambiguities``: passages whose speed is in doubt."""

    events: list[tuple[float, Payload]]
    track: Track
    changes: HarmonicChanges
    ambiguities: tuple[OctaveAmbiguity, ...]


def decode_song(
    activation: Float32Array, downbeats: Float32Array, harmony: HarmonyActivation, prior: TempoPrior
) -> DecodedSong:
    """Decode the song with these activations of beats and downbeats (steps,)."""
    rests = find_silent_steps(activation, round(REST_S * STEPS_PER_SECOND))
    changes = harmony.times_s, harmony.contrast_changes()
    decoded = decode_beats(activation, rests, changes, prior, RESTART_COST)
    decoded = correct_phase_slips(decoded, score_ticks(activation, rests, changes))
    starts_s = [change.time_s for change in find_tempo_changes(decoded.beats_s, activation)]
    track, ambiguities = align_levels(decoded, activation, starts_s)
    track = _leave_out_pauses(track, activation)
    beats_s = track.beats_s
    numbers, bar_beats = decode_bars(
        find_peaks(downbeats, beats_s, DOWNBEAT_TOLERANCE_S),
        harmony.measure_changes(beats_s),
        np.flatnonzero(track.restarts),
    )
    bpm, confidence = 60.0 / smooth_periods(track), _estimate_confidence(activation, track)
    events: list[tuple[float, Payload]] = list(_list_tempi(beats_s, bpm, confidence))
    events += [
        (float(at_s), Beat(int(numbers[i]), int(bar_beats[i]), float(bpm[i]), float(confidence[i]), i))
        for i, at_s in enumerate(beats_s)
    ]
    events += decode_chords(harmony, beats_s, numbers)
    events += decode_keys(harmony)
    return DecodedSong(events, track, changes, ambiguities)


def _leave_out_pauses(track: Track, activation: Float32Array) -> Track:
    """``track`` without the beats in pauses; the first one behind a pause is a restart."""
    possible = get_step_times(len(activation))[activation > ACTIVE_PROBABILITY]
    if not len(possible):
        return Track(np.zeros(0), np.zeros(0, np.bool_))
    kept = np.ones(len(track.beats_s), np.bool_)
    restarts = track.restarts.copy()
    for start_s, end_s in pairwise([-np.inf, *possible.tolist(), np.inf]):
        if end_s - start_s > PAUSE_S:
            first, last = np.searchsorted(track.beats_s, [start_s + EDGE_S, end_s - EDGE_S])
            kept[first:last] = False
            restarts[last : last + 1] = True
    return Track(track.beats_s[kept], restarts[kept])


def smooth_periods(track: Track) -> Float64Array:
    """Seconds from each beat to the next, smoothed over those around in the same passage."""
    beats = track.beats_s
    periods = np.full(len(beats), USUAL_PERIOD_S)
    for first, last in pairwise([*np.flatnonzero(track.restarts).tolist(), len(beats)]):
        gaps = np.diff(beats[first:last])
        if not len(gaps):
            periods[first:last] = periods[first - 1] if first else USUAL_PERIOD_S
            continue
        means = _slide(gaps, MEAN_BEATS, np.mean)  # beats lie on a grid of 5 ms
        medians = _slide(means, MEDIAN_BEATS, np.median)
        periods[first:last] = np.append(medians, medians[-1])
    return periods


def _slide(values: Float64Array, count: int, reduce: Callable[..., Float64Array]) -> Float64Array:
    """``reduce`` of ``count`` values around each, an odd number; of fewer where there are not so many."""
    around = min(count, 2 * ((len(values) - 1) // 2) + 1)
    padded = np.pad(values, around // 2, mode="reflect") if around > 1 else values
    return np.asarray(reduce(np.lib.stride_tricks.sliding_window_view(padded, around), axis=1))


def _list_tempi(beats_s: Float64Array, bpm: Float64Array, confidence: Float64Array) -> Iterator[tuple[float, Tempo]]:
    """The tempo at the first beat, and wherever it has changed by TEMPO_CHANGE."""
    reported = 0.0
    for at_s, tempo, sure in zip(beats_s.tolist(), bpm.tolist(), confidence.tolist(), strict=True):
        if abs(tempo - reported) > TEMPO_CHANGE * reported:
            reported = tempo
            yield at_s, Tempo(tempo, sure)


def _estimate_confidence(activation: NDArray[np.float32], track: Track) -> Float64Array:
    """The confidence of each beat: how steady the beat is around it, 0 to 1."""
    return np.nan_to_num(np.clip(measure_steadiness(activation, track), 0.0, 1.0), nan=UNINFORMATIVE_PROBABILITY)
