"""Keys of a song that is silent for a while: the silence says nothing, and what follows it is judged by itself."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle, islice

import numpy as np
import pytest

from bridge.core.chords import PITCH_CLASSES, QUALITIES
from engines.mir.learned.chord_tracker import HARMONY_STEPS_PER_SECOND
from engines.mir.offline.harmony_activation import HarmonyActivation
from engines.mir.offline.key_decoder import decode_keys

STEPS = 30 * HARMONY_STEPS_PER_SECOND
C, E = 0, 4


def make_cadences(tonic: int) -> HarmonyActivation:
    """Major triads on the first, fourth and fifth degree, two seconds each, in a network that is sure of the key."""
    degrees = np.repeat(list(islice(cycle((0, 5, 0, 7)), STEPS // 20)), 20)
    roots, keys = np.zeros((STEPS, PITCH_CLASSES + 1)), np.zeros((STEPS, 24))
    roots[np.arange(STEPS), (tonic + degrees) % PITCH_CLASSES] = 1.0
    keys[:, tonic] = 1.0
    qualities = np.zeros((STEPS, PITCH_CLASSES, len(QUALITIES)))
    qualities[:, :, 0] = 1.0
    return HarmonyActivation(roots, qualities, roots, keys, np.zeros(0))


def make_silence(steps: int) -> HarmonyActivation:
    none = np.zeros((steps, PITCH_CLASSES + 1))
    none[:, PITCH_CLASSES] = 1.0
    qualities = np.full((steps, PITCH_CLASSES, len(QUALITIES)), 1.0 / len(QUALITIES))
    return HarmonyActivation(none, qualities, none, np.full((steps, 24), 1 / 24), np.zeros(0))


def join(parts: Sequence[HarmonyActivation]) -> HarmonyActivation:
    return HarmonyActivation(
        np.concatenate([part.roots for part in parts]),
        np.concatenate([part.qualities for part in parts]),
        np.concatenate([part.basses for part in parts]),
        np.concatenate([part.keys for part in parts]),
        np.zeros(0),
    )


@pytest.mark.parametrize("silence_s", [0, 5, 20, 90])
def test_both_keys_beside_a_silence_are_found(silence_s: int) -> None:
    song = join([make_cadences(C), make_silence(silence_s * HARMONY_STEPS_PER_SECOND), make_cadences(E)])
    with np.errstate(all="raise"):
        (_, first), (changes_s, second) = decode_keys(song)
    assert (first.tonic, first.minor, second.tonic, second.minor) == (C, 0, E, 0)
    assert 28.0 <= changes_s <= 32.0 + silence_s
