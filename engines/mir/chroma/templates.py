"""Chord and key templates: chroma profiles of twelve pitch classes, C first, and correlation with them."""

from __future__ import annotations

import numpy as np

from bridge.core.arrays import Float64Array
from bridge.core.chords import MAJOR, MINOR, QUALITIES

OVERTONES = ((0, 1.0), (7, 0.20), (4, 0.07))
"""A note's overtones by pitch class: 1, 2 and 4 times its frequency, then 3 and 6, then 5 times."""

RARITY_PENALTY = 0.02
"""A chord with more notes, or a rarer one, must correlate better than a triad by this."""

MAJOR_KEY = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR_KEY = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
"""Key profiles of Krumhansl and Kessler 1982: listeners' ratings of each degree, tonic first."""


def _standardise(profiles: Float64Array) -> Float64Array:
    """Each row without its mean and of length 1, so that a product is a correlation; flat rows become 0."""
    centred = profiles - profiles.mean(axis=-1, keepdims=True)
    length = np.sqrt((centred**2).sum(axis=-1, keepdims=True))
    return np.asarray(np.divide(centred, length, out=np.zeros_like(centred), where=length > 1e-9))


def _build_chord_profile(intervals: tuple[int, ...]) -> Float64Array:
    profile = np.zeros(12)
    for interval in intervals:
        for above, weight in OVERTONES:
            profile[(interval + above) % 12] += weight
    return profile


def _rotate_to_roots(profile: Float64Array) -> Float64Array:
    return np.stack([np.roll(profile, root) for root in range(12)])


CHORD_TEMPLATES = _standardise(
    np.concatenate([_rotate_to_roots(_build_chord_profile(quality.intervals)) for quality in QUALITIES])
)
"""Shape (qualities * 12, 12), row ``quality * 12 + root``."""

KEY_TEMPLATES = _standardise(
    np.concatenate([_rotate_to_roots(np.array(MAJOR_KEY)), _rotate_to_roots(np.array(MINOR_KEY))])
)
"""Shape (24, 12): twelve major keys, then twelve minor ones."""

_PENALTIES = np.repeat([0.0 if quality in (MAJOR, MINOR) else RARITY_PENALTY for quality in QUALITIES], 12)


def correlate_chords(chroma: Float64Array) -> Float64Array:
    """Correlation of each row of CHORD_TEMPLATES with ``chroma`` (12,), -1 to 1; all 0 for a flat or an empty one."""
    return np.asarray(CHORD_TEMPLATES @ _standardise(chroma) - _PENALTIES * bool(chroma.any()))


def correlate_keys(chroma: Float64Array) -> Float64Array:
    """Correlation of each row of KEY_TEMPLATES with ``chroma`` (12,)."""
    return np.asarray(KEY_TEMPLATES @ _standardise(chroma))
