"""Chord recognition from notes: every chord is scored against each beat's notes; the best path is by Viterbi."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bridge.core.arrays import Float64Array, Int64Array
from bridge.core.chords import MAJOR, MINOR, NO_CHORD_STATE, PITCH_CLASSES, QUALITIES
from bridge.core.events import Chord, to_chord
from engines.accompaniment.harmony.chord_states import COUNT

FOREIGN_COST = 1.2
"""What a note outside of the chord costs against one in it."""
LACKING = (0.12, 0.3, 0.05, 0.3)
"""What it costs if root, third (or fourth), fifth or seventh is not there."""
ROOT_IN_BASS_GAIN = 0.25
"""What it gains if the lowest note is the root."""
RARE_CHORD_COST = 0.04
"""What every chord but plain major and minor must fit better."""
CHANGE_COST, CHANGE_ON_DOWNBEAT = 0.7, 0.35
"""What a change of chord costs, within a bar and where one begins."""
NO_CHORD_COST = 0.2
"""What no chord gains in a beat without notes: a rest of some beats keeps the chord before it."""
LEAST_SHARE = 0.05
"""Less than so much of a beat, as notes of full velocity, is no note; in music whose usual beat has less than one such
note, of very short or soft notes, so much of that."""
PITCHES = 128


@dataclass(frozen=True, slots=True)
class TickNote:
    """A note from tick ``start`` to ``end``; ``pitch`` and ``velocity`` as in MIDI."""

    start: int
    end: int
    pitch: int
    velocity: int


def _make_templates() -> tuple[Float64Array, Float64Array]:
    """Shapes (states without none, 12): 1 for a note of the chord, minus FOREIGN_COST for others; the cost of a missing
    note."""
    weights, lacking = (
        np.full((NO_CHORD_STATE, PITCH_CLASSES), -FOREIGN_COST),
        np.zeros((NO_CHORD_STATE, PITCH_CLASSES)),
    )
    for number, quality in enumerate(QUALITIES):
        for root in range(PITCH_CLASSES):
            for place, interval in enumerate(quality.intervals):
                weights[number * PITCH_CLASSES + root, (root + interval) % PITCH_CLASSES] = 1.0
                lacking[number * PITCH_CLASSES + root, (root + interval) % PITCH_CLASSES] = LACKING[place]
    return weights, lacking


WEIGHTS, LACKS = _make_templates()
RARITY = np.repeat([0.0 if quality in (MAJOR, MINOR) else RARE_CHORD_COST for quality in QUALITIES], PITCH_CLASSES)


def recognise_chords(notes: Sequence[TickNote], beats: Sequence[int], downbeats: Sequence[bool]) -> list[Chord]:
    """A chord for each beat. ``beats``: ticks, the last where the last beat ends; ``downbeats``: one for each beat."""
    if len(beats) < 2:
        return []
    sounding, low = measure_pitch_classes(notes, beats), _find_lowest(notes, beats)
    path = _find_path(_score_states(sounding, low), downbeats)
    return _add_bass(path, low)


def measure_pitch_classes(notes: Sequence[TickNote], beats: Sequence[int]) -> Float64Array:
    """How much of each pitch class sounds in each beat, shape (beats, 12): 1 is a note of full velocity throughout."""
    edges = np.asarray(beats, np.int64)
    sounding = np.zeros((len(edges) - 1, PITCH_CLASSES))
    start, end, pitch, velocity = _to_columns(notes)
    for pitch_class in range(PITCH_CLASSES):
        here = pitch % PITCH_CLASSES == pitch_class
        sounded = _sum_before(start[here], velocity[here], edges) - _sum_before(end[here], velocity[here], edges)
        sounding[:, pitch_class] = np.diff(sounded) / (127 * np.diff(edges))
    return sounding


def _to_columns(notes: Sequence[TickNote]) -> tuple[Int64Array, Int64Array, Int64Array, Int64Array]:
    """Start, end, pitch and velocity of all."""
    table = np.array([(n.start, n.end, n.pitch, n.velocity) for n in notes], np.int64).reshape(-1, 4)
    return table[:, 0], table[:, 1], table[:, 2], table[:, 3]


def _sum_before(ticks: Int64Array, weights: Int64Array, edges: Int64Array) -> Int64Array:
    """For each edge the weights of what lies before it, times how far before."""
    order = np.argsort(ticks, kind="stable")
    weight = np.concatenate([[0], np.cumsum(weights[order])])
    moment = np.concatenate([[0], np.cumsum(weights[order] * ticks[order])])
    passed = np.searchsorted(ticks[order], edges, side="right")
    return np.asarray(edges * weight[passed] - moment[passed])


def _find_lowest(notes: Sequence[TickNote], beats: Sequence[int]) -> list[int]:
    """For each beat the lowest pitch that begins in it or sounds for half of it (-1: none)."""
    edges = np.asarray(beats, np.int64)
    count = len(edges) - 1
    start, end, pitch, _ = _to_columns([note for note in notes if note.end > edges[0] and note.start < edges[-1]])
    first = np.clip(np.searchsorted(edges, start, side="right") - 1, 0, count - 1)
    last = np.clip(np.searchsorted(edges, end, side="left") - 1, 0, count - 1)

    def sounds_for_half(beat: Int64Array) -> NDArray[np.bool_]:
        shared = np.minimum(end, edges[beat + 1]) - np.maximum(start, edges[beat])
        return np.asarray(2 * shared >= edges[beat + 1] - edges[beat])

    begin = np.where((start >= edges[first]) | sounds_for_half(first), first, first + 1)
    until = np.where((last == first) | sounds_for_half(last), last, last - 1)
    counted = np.zeros((PITCHES, count + 1), np.int32)
    np.add.at(counted, (pitch, begin), 1)
    np.add.at(counted, (pitch, until + 1), -1)
    sounds = np.cumsum(counted[:, :-1], axis=1) > 0
    return [int(low) for low in np.where(sounds.any(axis=0), sounds.argmax(axis=0), -1)]


def _score_states(sounding: Float64Array, low: Sequence[int]) -> Float64Array:
    """How well each state fits each beat, shape (beats, COUNT)."""
    total = sounding.sum(1, keepdims=True)
    played = total[total > 0]
    least = LEAST_SHARE * min(float(np.median(played)), 1.0) if len(played) else LEAST_SHARE
    there = total[:, 0] > least
    shares = sounding / np.maximum(total, least)
    fits = np.zeros((len(sounding), COUNT))
    lacks = (shares < LEAST_SHARE).astype(np.float64)
    fits[:, :NO_CHORD_STATE] = shares @ WEIGHTS.T - lacks @ LACKS.T - RARITY
    for beat, pitch in enumerate(low):
        if pitch >= 0:
            fits[beat, pitch % PITCH_CLASSES : NO_CHORD_STATE : PITCH_CLASSES] += ROOT_IN_BASS_GAIN
    fits[~there] = 0.0
    fits[:, NO_CHORD_STATE] = np.where(there, -FOREIGN_COST, NO_CHORD_COST)
    return fits


def _find_path(fits: Float64Array, downbeats: Sequence[bool]) -> list[int]:
    """The states, beat by beat, whose fits less what their changes cost are the most."""
    score = fits[0].copy()
    came = np.zeros(fits.shape, np.int64)
    for beat in range(1, len(fits)):
        best = int(score.argmax())
        changed = score[best] - (CHANGE_ON_DOWNBEAT if downbeats[beat] else CHANGE_COST)
        stays = score >= changed
        came[beat] = np.where(stays, np.arange(COUNT), best)
        score = np.where(stays, score, changed) + fits[beat]
    path = [int(score.argmax())]
    for beat in range(len(fits) - 1, 0, -1):
        path.append(int(came[beat, path[-1]]))
    return path[::-1]


def _add_bass(path: Sequence[int], low: Sequence[int]) -> list[Chord]:
    """Each chord over the lowest note with which it begins, where that is one of its own."""
    found: list[Chord] = []
    for beat, state in enumerate(path):
        if beat and state == path[beat - 1]:
            found.append(found[-1])
            continue
        chord = to_chord(state, 1.0)
        bass = low[beat] % PITCH_CLASSES if low[beat] >= 0 else chord.root
        if chord.root >= 0 and bass in chord.pitch_classes:
            chord = Chord(chord.root, chord.quality, bass, 1.0)
        found.append(chord)
    return found
