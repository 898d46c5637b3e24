"""Key weights: the probability of each key from the harmony network's opinion and the triads that sounded."""

from __future__ import annotations

import numpy as np

from bridge.core.arrays import Float64Array
from bridge.core.chords import PITCH_CLASSES, QUALITIES

HAS_MINOR_THIRD = np.array([quality.has_minor_third for quality in QUALITIES], np.float64)
"""1 for each quality with a minor third, else 0."""
ABSENT_TONIC_WEIGHT = 0.05
"""Weight of a key whose tonic chord never sounds; for others it is the share of the time in which that sounds. The
network takes Eb after C for C minor, since both keys have the same notes."""
PRIMARY_WEIGHT, TONIC_EXPONENT = 0.6, 0.5
"""Weights in a whole song: of the triads on the fourth and fifth degree against the tonic's, and of the network's
opinion on the tonic. I, IV and V against i, iv and v say which of two relative keys it is."""
TONIC_WEIGHT, THIRDS_DOUBT, NETWORK_EXPONENT = 2.0, 0.05, 0.5
"""Mode of a tonic: the weight of its own third against those of the other chords, what each mode has without any chord,
and the weight of the network's opinion."""


def sum_triads(root: Float64Array, quality: Float64Array) -> Float64Array:
    """The probability of each major and minor triad (..., 24), from roots (..., 13) and qualities (..., 12, 8)."""
    minor = quality @ HAS_MINOR_THIRD
    roots = root[..., :PITCH_CLASSES]
    return np.concatenate([roots * (1.0 - minor), roots * minor], axis=-1)


def weigh_keys(network: Float64Array, triads: Float64Array) -> Float64Array:
    """The probability of each key (24,), major keys, then minor ones, by the tonic that sounds.

    ``network`` (24,): the network's mean probability of each. ``triads`` (24,): the mean of `sum_triads`.
    """
    tonic = triads.reshape(2, PITCH_CLASSES).sum(0) + ABSENT_TONIC_WEIGHT
    weights = (network.reshape(2, PITCH_CLASSES).sum(0) * tonic * _weigh_modes(network, triads)).ravel()
    return _normalise(weights)


def weigh_song_keys(network: Float64Array, triads: Float64Array) -> Float64Array:
    """The same for a whole song, or a part of it in one key, by the primary triads that sound."""
    major, minor = triads.reshape(2, PITCH_CLASSES)
    fifth = np.roll(major, -7)  # of a minor key, too: the leading note
    primary = np.stack([
        major + PRIMARY_WEIGHT * (np.roll(major, -5) + fifth),
        minor + PRIMARY_WEIGHT * (np.roll(minor, -5) + np.roll(minor, -7) + fifth),
    ])  # fmt: skip
    tonic = network.reshape(2, PITCH_CLASSES).sum(0) ** TONIC_EXPONENT
    weights = (tonic * (primary + ABSENT_TONIC_WEIGHT) * _weigh_modes(network, triads)).ravel()
    return _normalise(weights)


def _weigh_modes(network: Float64Array, triads: Float64Array) -> Float64Array:
    """For each tonic the probability of its major and minor key (2, 12), by the thirds of the chords."""
    major, minor = triads.reshape(2, PITCH_CLASSES)
    of_major = TONIC_WEIGHT * major + np.roll(minor, -4) + np.roll(minor, -9)  # I, iii, vi
    of_minor = TONIC_WEIGHT * minor + np.roll(major, -3) + np.roll(major, -8)  # i, III, VI
    modes = (np.stack([of_major, of_minor]) + THIRDS_DOUBT) * network.reshape(2, PITCH_CLASSES) ** NETWORK_EXPONENT
    return np.asarray(modes / np.maximum(modes.sum(0), np.finfo(np.float64).tiny))  # 0 where both are


def _normalise(weights: Float64Array) -> Float64Array:
    """``weights`` (24,) with a sum of 1; all alike where nothing sounds."""
    total = float(weights.sum())
    return weights / total if total > 0.0 else np.full(len(weights), 1.0 / len(weights))
