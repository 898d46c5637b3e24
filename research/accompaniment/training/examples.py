"""Training examples of the chord prediction: beats of songs, as written, with simulated errors, and as recognised."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bridge.core.arrays import Float64Array
from bridge.core.chords import NO_CHORD_STATE, PITCH_CLASSES
from engines.accompaniment.harmony.chord_history import HISTORY_BEATS
from engines.accompaniment.harmony.chord_states import COUNT, LIKENESS, UNKNOWN, States
from engines.accompaniment.harmony.predictor import KIND_OF, KINDS, encode_context, find_reference
from engines.accompaniment.harmony.repetition import AS_NOW, HORIZON, RAISED, compare_lags, read_lags
from research.accompaniment.training.progressions import Progression

MIN_KNOWN_BEATS = 8
"""Beats of a song before the first example."""


@dataclass(frozen=True)
class ForesightExamples:
    """``lags``, ``context``: as the network takes them. ``predicted`` (examples, RAISED, LAGS, HORIZON): the kind that
    each lag predicts, -1 for none. ``truth`` (examples, HORIZON): the kind that came, -1 unknown. All kinds are counted
    from `find_reference`. Sevenths count for nothing: what a lag predicts of them is taken over whole."""

    lags: NDArray[np.float16]
    context: NDArray[np.float32]
    predicted: NDArray[np.int8]
    truth: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.truth)


def join(parts: Iterable[ForesightExamples]) -> ForesightExamples:
    """All of them, one behind another."""
    whole = list(parts)
    return ForesightExamples(
        *(np.concatenate([getattr(part, name) for part in whole]) for name in ForesightExamples.__dataclass_fields__)
    )


def make_examples(
    recognised: States, song: Progression, every: int, random: np.random.Generator
) -> ForesightExamples | None:
    """An example every so many beats, from a random one on: ``recognised`` (beats,) up to there, and the chords that
    follow in ``song``. None of a song too short."""
    rows = []
    for last in range(MIN_KNOWN_BEATS + int(random.integers(every)), len(song.states) - 1, every):
        known, first, key = recognised[max(0, last + 1 - HISTORY_BEATS) : last + 1], last + 1, int(song.keys[last])
        if known[-1] == UNKNOWN:
            continue
        home, stands = find_reference(known, key), read_lags(known)
        comes = np.full(HORIZON, UNKNOWN)
        comes[: len(song.states) - first] = song.states[first : first + HORIZON]
        predicted = np.where(stands != UNKNOWN, AS_NOW[:, np.maximum(stands, 0)], UNKNOWN)
        context = encode_context(known, first % song.bar_beats, key)
        rows.append(
            (compare_lags(known, song.bar_beats), context, _count_from(predicted, home), _count_from(comes, home))
        )
    if not rows:
        return None
    lags, contexts, says_, truth = (np.stack(column) for column in zip(*rows, strict=True))
    return ForesightExamples(lags.astype(np.float16), contexts, says_.astype(np.int8), truth.astype(np.int8))


def _count_from(states: States, home: int) -> States:
    """The kind of each of ``states``, counted from pitch class ``home``; -1 of UNKNOWN."""
    kinds = KIND_OF[np.maximum(states, 0)]
    return np.where(
        states == UNKNOWN, -1, np.where(kinds == KINDS - 1, kinds, (kinds - 2 * home) % (2 * PITCH_CLASSES))
    )


def modulate(song: Progression, random: np.random.Generator) -> Progression:
    """``song`` that goes on one or two semitones higher from one of its bars on; its key is known some bars later."""
    bars = len(song.states) // song.bar_beats
    turn = song.bar_beats * int(random.integers(max(bars // 4, 1), max(3 * bars // 4, 2)))
    up = random.choice(RAISED[1:])
    states, keys = song.states.copy(), song.keys.copy()
    states[turn:] = np.where(states[turn:] == UNKNOWN, UNKNOWN, AS_NOW[RAISED.index(up)][np.maximum(states[turn:], 0)])
    announced = turn + int(random.integers(4, 24))
    keys[announced:] = np.where(
        keys[announced:] < 0,
        -1,
        keys[announced:] // PITCH_CLASSES * PITCH_CLASSES + (keys[announced:] + up) % PITCH_CLASSES,
    )
    keys[turn:announced] = keys[turn - 1]
    return Progression(song.name, states, keys, song.bar_beats)


def _make_confusion() -> Float64Array:
    """Confusion probabilities (COUNT, COUNT) of chords: the more alike the likelier."""
    probabilities = np.exp(5.0 * LIKENESS) * (1.0 - np.eye(COUNT))
    probabilities[:, NO_CHORD_STATE] = 0.3
    return np.asarray(probabilities / probabilities.sum(1, keepdims=True), np.float64)


_CONFUSION = _make_confusion()


def simulate_recogniser(states: States, random: np.random.Generator) -> States:
    """``states`` (beats,) with a recogniser's errors, more in one song than in another: chords confused with others,
    the same ones again or others each time; changes a beat early or late, or missed; a stray beat."""
    wrong, again = random.uniform(0.03, 0.3), random.uniform()
    usually: dict[int, int] = {}
    edges = [0, *(np.flatnonzero(np.diff(states)) + 1).tolist(), len(states)]
    moved = [edge + int(random.choice([-1, 1, 1])) * (random.random() < 0.7 * wrong) for edge in edges]
    moved[0], moved[-1] = 0, len(states)
    recognised, before = states.copy(), NO_CHORD_STATE
    for edge, begin, end in zip(edges[:-1], moved[:-1], moved[1:], strict=True):
        chord = int(states[edge])
        if chord != UNKNOWN:
            draw = random.random()
            if draw < wrong:
                if not (chord in usually and random.random() < again):
                    usually[chord] = int(random.choice(COUNT, p=_CONFUSION[chord]))
                chord = usually[chord]
            elif draw < 1.25 * wrong:
                chord = before
        recognised[begin:end] = chord
        if chord != UNKNOWN and end - begin >= 3 and random.random() < 0.3 * wrong:
            recognised[random.integers(begin, end)] = random.choice(COUNT, p=_CONFUSION[chord])
        before = chord
    return recognised
