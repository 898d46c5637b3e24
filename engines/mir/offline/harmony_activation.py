"""Harmony activation of a whole song: the harmony network's outputs, ten times a second, and the harmonic changes.

Harmony changes on beats and not between them. So changes are evidence for beats and bars (`beat_decoder.py`,
`bar_decoder.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bridge.core.arrays import Float32Array, Float64Array
from bridge.core.chords import PITCH_CLASSES
from engines.mir.learned.chord_tracker import HARMONY_STEPS_PER_SECOND
from engines.mir.learned.features import HARMONY_BANDS, SILENT_BAND, make_harmony_log_bands
from engines.mir.learned.harmonic_change import CONTEXT_END_S, CONTEXT_START_S
from engines.mir.learned.harmony_chain import DELAY_S, HEAD_SIZES, NO_ROOT
from engines.mir.learned.stream_state import OnnxStepper

MAX_NO_CHORD = 0.5
"""Probability of no chord above which a change of harmony says nothing."""
AROUND_S = 4.0
"""Time before and behind a change over which its mean is taken, to compare it with."""


@dataclass(frozen=True, slots=True)
class HarmonyActivation:
    """Probabilities of each step. ``roots`` (steps, 13): roots and none. ``qualities`` (steps, 12, 8): of each root.
    ``basses`` (steps, 13). ``keys`` (steps, 24). ``sound_starts_s``: where sound begins behind a silence."""

    roots: Float64Array
    qualities: Float64Array
    basses: Float64Array
    keys: Float64Array
    sound_starts_s: Float64Array

    @property
    def times_s(self) -> Float64Array:
        """The times to which the steps refer."""
        return (np.arange(len(self.roots)) + 1) / HARMONY_STEPS_PER_SECOND - DELAY_S

    def measure_changes(self, at_s: Float64Array) -> Float64Array:
        """How much the roots change at each of ``at_s``, 0 to 1, by Bhattacharyya's coefficient.

        NaN where no chord sounds before or behind it.
        """
        times, sums = self.times_s, np.concatenate([np.zeros((1, PITCH_CLASSES + 1)), np.cumsum(self.roots, 0)])
        sides = []
        for start_s, end_s in ((-CONTEXT_END_S, -CONTEXT_START_S), (CONTEXT_START_S, CONTEXT_END_S)):
            first, last = np.searchsorted(times, at_s + start_s), np.searchsorted(times, at_s + end_s, "right")
            means = (sums[last] - sums[first]) / np.maximum(last - first, 1)[:, None]
            means[(last == first) | (means[:, -1] > MAX_NO_CHORD)] = np.nan
            sides.append(np.maximum(means, 0.0))
        return np.asarray(1.0 - np.sqrt(sides[0] * sides[1]).sum(1))

    def contrast_changes(self) -> Float64Array:
        """The square of the change at each step, less its mean around, (steps,); 0 where no chord sounds.

        The square: small changes are the network's doubts.
        """
        changes = self.measure_changes(self.times_s) ** 2
        known = np.isfinite(changes)
        around = np.ones(2 * round(AROUND_S * HARMONY_STEPS_PER_SECOND) + 1)
        sums = (_sum_around(values, around) for values in (np.where(known, changes, 0.0), known.astype(np.float64)))
        return np.where(known, changes - next(sums) / np.maximum(next(sums), 1.0), 0.0)


def _sum_around(values: Float64Array, around: Float64Array) -> Float64Array:
    """The sum of ``values`` under ``around``, centred at each; as long as ``values``, however short these are."""
    half = len(around) // 2
    return np.asarray(np.convolve(values, around)[half : half + len(values)])


class HarmonyExtractor:
    """Harmony network over a song at ``rate`` Hz. ``model``: the network, and what errors call its file."""

    def __init__(self, rate: int, model: tuple[bytes, str]) -> None:
        self._log_bands = make_harmony_log_bands(rate)
        self.window = self._log_bands.window
        content, file = model
        self._network = OnnxStepper(file, content, 1, HARMONY_BANDS, sum(HEAD_SIZES))
        self._outputs: list[Float32Array] = []
        self._silent: list[bool] = [True]

    def push(self, window: Float32Array) -> None:
        """Analyse the step at the end of ``window``."""
        log_bands = self._log_bands.compute(window)
        outputs = self._network.step(log_bands).copy()
        self._silent.append(bool(log_bands.max() < SILENT_BAND))
        if self._silent[-1]:
            outputs[: PITCH_CLASSES + 1] = NO_ROOT
        self._outputs.append(outputs)

    def finish(self) -> HarmonyActivation:
        outputs = np.array(self._outputs, np.float64).reshape(-1, sum(HEAD_SIZES))
        root, quality, bass, key = np.split(outputs, np.cumsum(HEAD_SIZES)[:-1], axis=1)
        starts = np.flatnonzero(np.diff(np.array(self._silent, np.int8)) < 0) / HARMONY_STEPS_PER_SECOND
        return HarmonyActivation(root, quality.reshape(len(outputs), PITCH_CLASSES, -1), bass, key, starts)
