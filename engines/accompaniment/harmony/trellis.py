"""Chord trellis: the probability of each chord at each of the next beats, and the most likely path through them.

The probabilities are mixed from the user's chord sheet, where there is one, and from the network's prediction, by loops
and by how chords usually follow one another (`predictor.py`). The path is found by Viterbi decoding. A change of chord
has a cost, so that chords of nearly equal probability do not alternate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bridge.core.arrays import Float64Array
from bridge.core.events import CHORD_SOURCES
from engines.accompaniment.harmony.chord_states import COUNT, UNKNOWN, States
from engines.accompaniment.harmony.predictor import ChordPredictor, load_shipped
from engines.accompaniment.harmony.repetition import HORIZON

SOURCES = CHORD_SOURCES
NOTHING, HABIT, LOOP, TRACK, DETECTED, PLAYED = range(len(SOURCES))
TRACK_CONFIDENCE = 0.97
CHANGE_PROBABILITY = 0.48
"""Probability of a chord change at a beat, a little below that of none. When chords change is in the probabilities;
this only keeps two equally likely chords from alternating."""
MIN_PROBABILITY = 1e-4
"""The least probability of any chord."""


@dataclass(frozen=True)
class Forecast:
    """Prediction for the beats ``first`` to ``first + HORIZON``: ``probabilities`` (HORIZON, COUNT), ``path``
    (HORIZON,) the chords of the most likely path, ``confidence`` of each, and which of SOURCES it came from."""

    first: int
    probabilities: Float64Array
    path: States
    confidence: Float64Array
    sources: States


@dataclass(frozen=True)
class Metre:
    """``bar_beats`` a bar; the beat 0 is number ``to_bar`` in its bar."""

    bar_beats: int = 4
    to_bar: int = 0

    def get_number(self, beat: int) -> int:
        return (beat + self.to_bar) % max(self.bar_beats, 1)


def predict_chords(
    history: States,
    first: int,
    key: int,
    metre: Metre,
    track: Mapping[int, int],
    predictor: ChordPredictor | None = None,
) -> Forecast:
    """The HORIZON beats after ``history`` (beats,), whose last is the beat before ``first``; all chords are states.

    ``key``: tonic, 12 more in minor, -1 unknown. ``track``: the chords of the user's sheet, by beat. ``predictor``:
    None for the shipped one.
    """
    rows = np.arange(HORIZON)
    if len(history):
        loops, habit = (predictor or load_shipped()).predict(history, metre.get_number(first), key, metre.bar_beats)
        probabilities = loops + habit
        best = probabilities.argmax(1)
        sources = np.where(loops[rows, best] >= habit[rows, best], LOOP, HABIT)
    else:
        probabilities, sources = np.full((HORIZON, COUNT), 1.0 / COUNT), np.full(HORIZON, NOTHING)
    for ahead in range(HORIZON):
        if (given := track.get(first + ahead, UNKNOWN)) != UNKNOWN:
            probabilities[ahead] *= 1.0 - TRACK_CONFIDENCE
            probabilities[ahead, given] += TRACK_CONFIDENCE
            sources[ahead] = TRACK
    probabilities = np.maximum(probabilities, MIN_PROBABILITY)
    probabilities /= probabilities.sum(1, keepdims=True)
    path = _find_path(probabilities, int(history[-1]) if len(history) else UNKNOWN)
    return Forecast(first, probabilities, path, probabilities[rows, path], sources)


def _find_path(probabilities: Float64Array, before: int) -> States:
    """Viterbi decoding: the most likely chords, with CHANGE_PROBABILITY of a change at each beat."""
    log_probabilities = np.log(probabilities)
    stay, move = np.log(1.0 - CHANGE_PROBABILITY), np.log(CHANGE_PROBABILITY)
    score = np.zeros(COUNT)
    if before != UNKNOWN:
        score += move
        score[before] = stay
    score = score + log_probabilities[0]
    came = np.zeros(probabilities.shape, np.int64)
    for ahead in range(1, len(probabilities)):
        best = int(score.argmax())
        moved, stayed = score[best] + move, score + stay
        came[ahead] = np.where(stayed >= moved, np.arange(COUNT), best)
        score = np.maximum(stayed, moved) + log_probabilities[ahead]
    path = np.zeros(len(probabilities), np.int64)
    path[-1] = int(score.argmax())
    for ahead in range(len(probabilities) - 1, 0, -1):
        path[ahead - 1] = came[ahead, path[ahead]]
    return path
