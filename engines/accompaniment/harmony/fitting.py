"""Chords of notes that were played: every chord weighed against each beat's notes, and the likeliest way through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bridge.core.events import QUALITIES, QUALITY_INTERVALS, Chord
from engines.accompaniment.harmony.states import CLASSES, COUNT, NONE, Doubles, chord_of

FOREIGN = 1.2
"""What a note outside of the chord costs against one in it."""
LACKING = (0.12, 0.3, 0.05, 0.3)
"""What it costs if root, third (or fourth), fifth or seventh is not there."""
BELOW = 0.25
"""What it gains if the lowest note is the root."""
RARE = 0.04
"""What every chord but plain major and minor must fit better."""
CHANGE, CHANGE_ON_DOWNBEAT = 0.7, 0.35
"""What a change of chord costs, within a bar and where one begins."""
SILENT = 0.2
"""What no chord gains in a beat without notes: a rest of some beats keeps the chord before it."""
HEARD = 0.05
"""Less than so much of a beat, as notes of full velocity, is no note."""


@dataclass(frozen=True, slots=True)
class Sounding:
    """A note from tick ``start`` to ``end``; ``pitch`` and ``velocity`` as in MIDI."""

    start: int
    end: int
    pitch: int
    velocity: int


def _templates() -> tuple[Doubles, Doubles]:
    """Shapes (NONE, 12): 1 for a note of the chord, minus FOREIGN for others; and what it costs if a note lacks."""
    weights, lacking = np.full((NONE, CLASSES), -FOREIGN), np.zeros((NONE, CLASSES))
    for quality, intervals in enumerate(QUALITY_INTERVALS):
        for root in range(CLASSES):
            for place, interval in enumerate(intervals):
                weights[quality * CLASSES + root, (root + interval) % CLASSES] = 1.0
                lacking[quality * CLASSES + root, (root + interval) % CLASSES] = LACKING[place]
    return weights, lacking


WEIGHTS, LACKS = _templates()
RARITY = np.repeat([0.0 if quality in ("", "m") else RARE for quality in QUALITIES], CLASSES)


def chords_of_notes(notes: Sequence[Sounding], beats: Sequence[int], downbeats: Sequence[bool]) -> list[Chord]:
    """A chord for each beat. ``beats``: ticks, the last where the last beat ends; ``downbeats``: one for each beat."""
    heard, low = _histograms(notes, beats)
    if not len(heard):
        return []
    path = _likeliest(_fits(heard, low), downbeats)
    return _with_bass(path, low)


def _histograms(notes: Sequence[Sounding], beats: Sequence[int]) -> tuple[Doubles, list[int]]:
    """How much of each pitch class sounds in each beat, shape (beats, 12), and the lowest pitch that begins in it or
    sounds for half of it (-1: none)."""
    edges = np.asarray(beats, np.int64)
    heard = np.zeros((len(edges) - 1, CLASSES))
    low = [-1] * len(heard)
    for note in notes:
        first = max(int(np.searchsorted(edges, note.start, side="right")) - 1, 0)
        for beat in range(first, len(heard)):
            begin, end = int(edges[beat]), int(edges[beat + 1])
            if begin >= note.end:
                break
            shared = min(note.end, end) - max(note.start, begin)
            heard[beat, note.pitch % CLASSES] += note.velocity / 127 * shared / (end - begin)
            if (note.start >= begin or 2 * shared >= end - begin) and (low[beat] < 0 or note.pitch < low[beat]):
                low[beat] = note.pitch
    return heard, low


def _fits(heard: Doubles, low: Sequence[int]) -> Doubles:
    """How well each state fits each beat, shape (beats, COUNT)."""
    total = heard.sum(1, keepdims=True)
    there = total[:, 0] > HEARD
    shares = heard / np.maximum(total, HEARD)
    fits = np.zeros((len(heard), COUNT))
    lacks = (shares < HEARD).astype(np.float64)
    fits[:, :NONE] = shares @ WEIGHTS.T - lacks @ LACKS.T - RARITY
    for beat, pitch in enumerate(low):
        if pitch >= 0:
            fits[beat, pitch % CLASSES : NONE : CLASSES] += BELOW
    fits[~there] = 0.0
    fits[:, NONE] = np.where(there, -FOREIGN, SILENT)
    return fits


def _likeliest(fits: Doubles, downbeats: Sequence[bool]) -> list[int]:
    """The states, beat by beat, whose fits less what their changes cost are the most."""
    score = fits[0].copy()
    came = np.zeros(fits.shape, np.int64)
    for beat in range(1, len(fits)):
        best = int(score.argmax())
        changed = score[best] - (CHANGE_ON_DOWNBEAT if downbeats[beat] else CHANGE)
        stays = score >= changed
        came[beat] = np.where(stays, np.arange(COUNT), best)
        score = np.where(stays, score, changed) + fits[beat]
    path = [int(score.argmax())]
    for beat in range(len(fits) - 1, 0, -1):
        path.append(int(came[beat, path[-1]]))
    return path[::-1]


def _with_bass(path: Sequence[int], low: Sequence[int]) -> list[Chord]:
    """Each chord over the lowest note with which it begins, where that is one of its own."""
    found: list[Chord] = []
    for beat, state in enumerate(path):
        if beat and state == path[beat - 1]:
            found.append(found[-1])
            continue
        chord = chord_of(state, 1.0)
        bass = low[beat] % CLASSES if low[beat] >= 0 else chord.root
        if chord.root >= 0 and bass in chord.pitch_classes:
            chord = Chord(chord.root, chord.quality, bass, 1.0)
        found.append(chord)
    return found
