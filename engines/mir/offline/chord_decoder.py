"""Chord decoder: the likeliest chords of a whole song by the Viterbi algorithm over the harmony network's outputs.

A change costs less on a downbeat than on another beat, and much more between beats, so chords begin on beats.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from bridge.core.arrays import Float64Array, Int64Array
from bridge.core.chords import PITCH_CLASSES
from bridge.core.events import Chord, to_chord
from engines.mir.learned.chord_tracker import HARMONY_STEPS_PER_SECOND, MIN_BASS, MIN_LIKELIHOOD, join_likelihoods
from engines.mir.learned.harmony_chain import DELAY_S, SNAP_S
from engines.mir.offline.harmony_activation import HarmonyActivation
from engines.mir.offline.viterbi import find_segments

COST_AT_DOWNBEAT, COST_AT_BEAT, COST_BETWEEN = 3.0, 4.0, 10.0
"""Costs of a chord change, as natural logarithms. Where no beat is near, one costs as much as at a beat."""
CHANGE_DELAY_S = 0.1
"""Time from a chord change to the step that shows it: a window is a third of a second long."""
BEATLESS_S = 2.0
"""Distance from the nearest beat above which a passage counts as one without beats."""


def decode_chords(harmony: HarmonyActivation, beats_s: Float64Array, numbers: Int64Array) -> list[tuple[float, Chord]]:
    """The start in seconds and the chord of each span; the first starts at 0. ``numbers``: of the beats, from 0."""
    likelihoods = np.maximum(join_likelihoods(harmony.roots, harmony.qualities), MIN_LIKELIHOOD)
    starts_s = harmony.times_s - CHANGE_DELAY_S
    segments = find_segments(np.log(likelihoods), _make_costs(starts_s, beats_s, numbers))
    shares = likelihoods / likelihoods.sum(1, keepdims=True)
    found: list[tuple[float, Chord]] = []
    for (first, state), (last, _) in pairwise([*segments, (len(likelihoods), -1)]):
        chord = _make_chord(state, float(shares[first:last, state].mean()), harmony.basses[first:last].mean(0))
        found.append((_find_start(float(starts_s[first]), beats_s, harmony) if first else 0.0, chord))
    if found and found[0][1].root >= 0 and len(harmony.sound_starts_s) and harmony.sound_starts_s[0] < DELAY_S:
        found[0] = (float(harmony.sound_starts_s[0]), found[0][1])
    return found


def _make_costs(starts_s: Float64Array, beats_s: Float64Array, numbers: Int64Array) -> Float64Array:
    """The cost of a chord change at each of ``starts_s``."""
    costs = np.full(len(starts_s), COST_AT_BEAT)
    if not len(beats_s):
        return costs
    after = np.searchsorted(beats_s, starts_s)
    near = np.minimum(
        np.abs(starts_s - beats_s[np.maximum(after - 1, 0)]),
        np.abs(starts_s - beats_s[np.minimum(after, len(beats_s) - 1)]),
    )
    costs[near < BEATLESS_S] = COST_BETWEEN
    for beat_s, number in zip(beats_s.tolist(), numbers.tolist(), strict=True):
        first = round((beat_s - starts_s[0]) * HARMONY_STEPS_PER_SECOND)
        if 0 <= first < len(costs):
            costs[first] = COST_AT_BEAT if number else COST_AT_DOWNBEAT
    return costs


def _find_start(start_s: float, beats_s: Float64Array, harmony: HarmonyActivation) -> float:
    """``start_s``, or the beat or the beginning of the sound where the chord starts."""
    sound = harmony.sound_starts_s
    begun = sound[(sound > start_s) & (sound < start_s + DELAY_S)]
    if len(begun):
        return float(begun[0])
    nearest = float(beats_s[np.abs(beats_s - start_s).argmin()]) if len(beats_s) else np.inf
    return max(nearest if abs(nearest - start_s) <= SNAP_S else start_s, 0.0)


def _make_chord(state: int, confidence: float, basses: Float64Array) -> Chord:
    """The chord of ``state``, inverted where another of its notes is clearly the bass."""
    plain, bass = to_chord(state, confidence), int(basses.argmax())
    inverted = bass < PITCH_CLASSES and bass != plain.root and basses[bass] > MIN_BASS and bass in plain.pitch_classes
    return Chord(plain.root, plain.quality, bass, confidence) if inverted else plain
