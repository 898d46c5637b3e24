"""Chord tracker and key tracker: filters over the harmony network's outputs, ten times a second, with hysteresis."""

from __future__ import annotations

import numpy as np

from bridge.core.arrays import Float64Array
from bridge.core.chords import NO_CHORD_STATE, PITCH_CLASSES
from bridge.core.events import Chord, Key, to_chord
from engines.mir.learned.key_weights import sum_triads, weigh_keys
from engines.saved_state import SavedState

HARMONY_STEPS_PER_SECOND = 10
SELF_TRANSITION, SELF_TRANSITION_BETWEEN = 0.9, 0.997
"""Probability that a chord goes on for another tenth of a second: at a beat, and between beats, where few change."""
LIKELIHOOD_EXPONENT = 1.0
"""Exponent of the network's outputs: windows a tenth of a second apart share most of their audio."""
MIN_LIKELIHOOD = 1e-5
MIN_CONFIDENCE = 0.55
MIN_BASS = 0.6
"""Probability from which another note of a chord than its root is its bass."""
CONFIRM_STEPS = 3
"""Harmony steps that a chord change is backdated by at most; its start is reported so much later."""
KEY_S = 12.0
KEY_MARGIN = 0.08
KEY_FIRST_S = 4.0


def softmax(logits: Float64Array) -> Float64Array:
    """Probabilities over the last axis."""
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(weights / weights.sum(-1, keepdims=True))


def join_likelihoods(root: Float64Array, quality: Float64Array) -> Float64Array:
    """The likelihood of each chord state (..., 97) from roots (..., 13) and the qualities of each root (..., 12, 8)."""
    chords = np.swapaxes(quality * root[..., :PITCH_CLASSES, None], -1, -2)
    return np.concatenate([chords.reshape(*root.shape[:-1], -1), root[..., PITCH_CLASSES:]], axis=-1)


class ChordTracker(SavedState):
    """Forward filter over chords; reports a chord when it changes."""

    saved_fields = ("posterior", "bass", "current", "recent_best")

    def __init__(self) -> None:
        self.posterior = np.full(NO_CHORD_STATE + 1, 1.0 / (NO_CHORD_STATE + 1))
        self.bass = np.zeros(PITCH_CLASSES + 1)
        self.recent_best = np.zeros(CONFIRM_STEPS, np.int64)
        self.reset()

    def reset(self) -> None:
        self.posterior[:] = 1.0 / (NO_CHORD_STATE + 1)
        self.bass[:] = 0.0
        self.recent_best[:] = NO_CHORD_STATE
        self.current = NO_CHORD_STATE

    def update(
        self, root: Float64Array, quality: Float64Array, bass: Float64Array, *, at_beat: bool = True
    ) -> tuple[Chord, int] | None:
        """A harmony step: probabilities of roots (13,), of the qualities of each root (12, 8), and of basses (13,).

        ``at_beat``: whether a beat is near, or none is known.

        Returns a new chord and how many steps ago it began, 0 to CONFIRM_STEPS - 1.
        """
        likelihood = join_likelihoods(root, quality)
        stays = SELF_TRANSITION if at_beat else SELF_TRANSITION_BETWEEN
        predicted = stays * self.posterior + (1.0 - stays) / (NO_CHORD_STATE + 1)
        self.posterior[:] = predicted * np.maximum(likelihood, MIN_LIKELIHOOD) ** LIKELIHOOD_EXPONENT
        self.posterior /= self.posterior.sum()
        self.recent_best[:-1] = self.recent_best[1:]
        self.recent_best[-1] = int(likelihood.argmax())
        self.bass[:] = 0.6 * self.bass + 0.4 * bass
        best = int(self.posterior.argmax())
        if best == self.current or self.posterior[best] < MIN_CONFIDENCE:
            return None
        steps_ago = 0
        while steps_ago + 1 < CONFIRM_STEPS and self._is_same_root(int(self.recent_best[-2 - steps_ago]), best):
            steps_ago += 1
        self.current = best
        return self._make_chord(best), steps_ago

    @staticmethod
    def _is_same_root(one: int, other: int) -> bool:
        return one == other if NO_CHORD_STATE in (one, other) else one % PITCH_CLASSES == other % PITCH_CLASSES

    def _make_chord(self, state: int) -> Chord:
        confidence = float(self.posterior[state])
        plain, bass = to_chord(state, confidence), int(self.bass.argmax())
        inverted = bass != plain.root and self.bass[bass] > MIN_BASS and bass in plain.pitch_classes
        return Chord(plain.root, plain.quality, bass, confidence) if inverted else plain


class KeyTracker(SavedState):
    """Moving averages of the network's keys and of the triads that sound; reports a key when it changes."""

    saved_fields = ("average", "chord_share", "steps", "key")

    def __init__(self) -> None:
        self.average, self.chord_share = np.zeros(2 * PITCH_CLASSES), np.zeros(2 * PITCH_CLASSES)
        self.reset()

    def reset(self) -> None:
        self.average[:] = 1.0 / len(self.average)
        self.chord_share[:] = 0.0
        self.steps, self.key = 0, -1

    def update(self, key: Float64Array, root: Float64Array, quality: Float64Array) -> Key | None:
        """A harmony step: probabilities of keys (24,), roots and none (13,), and the qualities of each root (12, 8)."""
        tonal = 1.0 - float(root[PITCH_CLASSES])
        self.steps += int(tonal > 0.5)
        share = tonal / min(max(self.steps, KEY_FIRST_S * HARMONY_STEPS_PER_SECOND), KEY_S * HARMONY_STEPS_PER_SECOND)
        self.average += (key - self.average) * share
        self.chord_share += (sum_triads(root, quality) - self.chord_share) * share
        weights = weigh_keys(self.average, self.chord_share)
        best = int(weights.argmax())
        if self.steps < KEY_FIRST_S * HARMONY_STEPS_PER_SECOND or best == self.key:
            return None
        if self.key >= 0 and weights[best] < weights[self.key] + KEY_MARGIN:
            return None
        self.key = best
        return Key(best % PITCH_CLASSES, best // PITCH_CLASSES, float(min(weights[best], 1.0)))
