"""Key decoder: the keys of a whole song, a segment for each, from the harmony network's outputs.

Where the song modulates is decided between key signatures, by the Viterbi algorithm: a major key and its relative minor
have the same. Within a segment all of its chords decide between the two.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from bridge.core.arrays import Float64Array
from bridge.core.chords import PITCH_CLASSES
from bridge.core.events import Key
from engines.mir.learned.chord_tracker import HARMONY_STEPS_PER_SECOND, KEY_FIRST_S
from engines.mir.learned.key_weights import sum_triads, weigh_song_keys
from engines.mir.offline.harmony_activation import HarmonyActivation
from engines.mir.offline.viterbi import find_segments

MODULATION_COST = 24.0
"""Cost of another key signature, as a natural logarithm."""
AROUND_S = 8.0
"""The key signature at a second is judged by so much before and behind it."""
MIN_WEIGHT = 1e-4
MINOR_BELOW_MAJOR = 3
"""Semitones from a minor key's tonic up to its relative major's."""


def decode_keys(harmony: HarmonyActivation) -> list[tuple[float, Key]]:
    """The start in seconds and the key of each segment; none where hardly any chord sounds.

    Where chords sound for a part of the time only, the key counts as little.
    """
    tonal = 1.0 - harmony.roots[:, PITCH_CLASSES]
    if tonal.sum() < KEY_FIRST_S * HARMONY_STEPS_PER_SECOND:
        return []
    columns = np.column_stack([harmony.keys * tonal[:, None], sum_triads(harmony.roots, harmony.qualities), tonal])
    sums = np.concatenate([np.zeros((1, columns.shape[1])), np.cumsum(columns, 0)])
    middles = np.arange(0, len(columns), HARMONY_STEPS_PER_SECOND)
    reach = round(AROUND_S * HARMONY_STEPS_PER_SECOND)
    edges = np.stack([np.maximum(middles - reach, 0), np.minimum(middles + reach + 1, len(columns))], axis=1)
    scores = np.log(np.maximum([_weigh_signatures(sums[last] - sums[first]) for first, last in edges], MIN_WEIGHT))
    sounding = np.array([(sums[last, -1] - sums[first, -1]) / (last - first) for first, last in edges])
    segments = find_segments(scores * sounding[:, None], np.full(len(scores), MODULATION_COST))
    found: list[tuple[float, Key]] = []
    starts = [int(middles[second]) for second, _ in segments]
    for (_, signature), (first, last) in zip(segments, pairwise([*starts, len(columns)]), strict=True):
        weights = _weigh(sums[last] - sums[first])
        relative = PITCH_CLASSES + (signature - MINOR_BELOW_MAJOR) % PITCH_CLASSES
        key = max((signature, relative), key=lambda each: weights[each])
        start_s = max(float(harmony.times_s[first]), 0.0) if first else 0.0
        found.append((start_s, Key(key % PITCH_CLASSES, key // PITCH_CLASSES, float(min(weights[key], 1.0)))))
    return found


def _weigh(sums: Float64Array) -> Float64Array:
    """The weights of the keys (24,) by sums of the network's keys (24,), of triads (24,) and of tonal steps (1,)."""
    # differences of long sums may be a little below 0 in a silence
    network, triads = np.split(np.maximum(sums[:-1], 0.0) / max(float(sums[-1]), 1e-9), 2)
    return weigh_song_keys(network, triads)


def _weigh_signatures(sums: Float64Array) -> Float64Array:
    """The weight of each key signature (12,), by its major key."""
    major, minor = _weigh(sums).reshape(2, PITCH_CLASSES)
    return np.asarray(major + np.roll(minor, MINOR_BELOW_MAJOR))
