"""What the network that foresees chords learns from: beats of songs, as they were written, misheard, and heard."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.accompaniment.harmony.predictor import KIND_OF, KINDS, encode_context, find_reference
from engines.accompaniment.harmony.repetition import AS_NOW, FURTHEST, RAISED, compare_lags, read_lags
from engines.accompaniment.harmony.vocabulary import CLASSES, COUNT, LIKENESS, NONE, UNKNOWN, Doubles, States
from research.accompaniment.training.progressions import Progression

KNOWN = 8
"""Beats of a song before the first example."""
REMEMBERED = 256


@dataclass(frozen=True)
class Examples:
    """``lags``, ``context``: as the network takes them. ``says`` (examples, RAISED, LAGS, FURTHEST): the kind that each
    lag tells, -1 for none. ``truth`` (examples, FURTHEST): the kind that came, -1 unknown. All kinds are counted from
    `find_reference`. Sevenths count for nothing: what a lag says of them is taken over whole."""

    lags: NDArray[np.float16]
    context: NDArray[np.float32]
    says: NDArray[np.int8]
    truth: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.truth)


def joined(parts: Iterable[Examples]) -> Examples:
    """All of them, one behind another."""
    whole = list(parts)
    return Examples(
        *(np.concatenate([getattr(part, name) for part in whole]) for name in Examples.__dataclass_fields__)
    )


def examples_of(heard: States, song: Progression, every: int, random: np.random.Generator) -> Examples | None:
    """Every so many beats, from a random one on: what was ``heard`` (beats,) up to there, and what came in ``song``.
    None of a song too short."""
    rows = []
    for last in range(KNOWN + int(random.integers(every)), len(song.states) - 1, every):
        known, first, key = heard[max(0, last + 1 - REMEMBERED) : last + 1], last + 1, int(song.keys[last])
        if known[-1] == UNKNOWN:
            continue
        home, stands = find_reference(known, key), read_lags(known)
        comes = np.full(FURTHEST, UNKNOWN)
        comes[: len(song.states) - first] = song.states[first : first + FURTHEST]
        says = np.where(stands != UNKNOWN, AS_NOW[:, np.maximum(stands, 0)], UNKNOWN)
        context = encode_context(known, first % song.bar_beats, key)
        rows.append((compare_lags(known, song.bar_beats), context, _kinds(says, home), _kinds(comes, home)))
    if not rows:
        return None
    lags, contexts, says_, truth = (np.stack(column) for column in zip(*rows, strict=True))
    return Examples(lags.astype(np.float16), contexts, says_.astype(np.int8), truth.astype(np.int8))


def _kinds(states: States, home: int) -> States:
    """The kind of each of ``states``, counted from pitch class ``home``; -1 of UNKNOWN."""
    kinds = KIND_OF[np.maximum(states, 0)]
    return np.where(states == UNKNOWN, -1, np.where(kinds == KINDS - 1, kinds, (kinds - 2 * home) % (2 * CLASSES)))


def modulated(song: Progression, random: np.random.Generator) -> Progression:
    """``song`` that goes on one or two semitones higher from one of its bars on; its key is told some bars later."""
    bars = len(song.states) // song.bar_beats
    turn = song.bar_beats * int(random.integers(max(bars // 4, 1), max(3 * bars // 4, 2)))
    up = random.choice(RAISED[1:])
    states, keys = song.states.copy(), song.keys.copy()
    states[turn:] = np.where(states[turn:] == UNKNOWN, UNKNOWN, AS_NOW[RAISED.index(up)][np.maximum(states[turn:], 0)])
    read_lags = turn + int(random.integers(4, 24))
    keys[read_lags:] = np.where(
        keys[read_lags:] < 0, -1, keys[read_lags:] // CLASSES * CLASSES + (keys[read_lags:] + up) % CLASSES
    )
    keys[turn:read_lags] = keys[turn - 1]
    return Progression(song.name, states, keys, song.bar_beats)


def _taken_for() -> Doubles:
    """Shape (COUNT, COUNT): what a chord is taken for by one who mishears it, the liker the oftener."""
    probabilities = np.exp(5.0 * LIKENESS) * (1.0 - np.eye(COUNT))
    probabilities[:, NONE] = 0.3
    return np.asarray(probabilities / probabilities.sum(1, keepdims=True), np.float64)


_TAKEN_FOR = _taken_for()


def misheard(states: States, random: np.random.Generator) -> States:
    """``states`` (beats,) as a recogniser might tell them, better in one song than in another: chords taken for
    others, the same ones again or others each time; changes a beat early or late, or not heard; a stray beat."""
    wrong, again = random.uniform(0.03, 0.3), random.uniform()
    usually: dict[int, int] = {}
    edges = [0, *(np.flatnonzero(np.diff(states)) + 1).tolist(), len(states)]
    moved = [edge + int(random.choice([-1, 1, 1])) * (random.random() < 0.7 * wrong) for edge in edges]
    moved[0], moved[-1] = 0, len(states)
    heard, before = states.copy(), NONE
    for edge, begin, end in zip(edges[:-1], moved[:-1], moved[1:], strict=True):
        chord = int(states[edge])
        if chord != UNKNOWN:
            luck = random.random()
            if luck < wrong:
                if not (chord in usually and random.random() < again):
                    usually[chord] = int(random.choice(COUNT, p=_TAKEN_FOR[chord]))
                chord = usually[chord]
            elif luck < 1.25 * wrong:
                chord = before
        heard[begin:end] = chord
        if chord != UNKNOWN and end - begin >= 3 and random.random() < 0.3 * wrong:
            heard[random.integers(begin, end)] = random.choice(COUNT, p=_TAKEN_FOR[chord])
        before = chord
    return heard
