"""Training targets of the rhythm and harmony networks, step by step, from a piece whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bridge.core.arrays import Float32Array, Float64Array
from engines.mir.learned.features import HARMONY_WINDOW_S, STEPS_PER_HARMONY_STEP, STEPS_PER_SECOND
from research.datasets.truth import UNKNOWN, SongTruth
from research.mir.training.network import ROOTS

Labels = NDArray[np.int64]

RHYTHM_DELAY_S = 0.04
"""A step reports the moment this long before its end: an onset has to be within the window to be detected."""
ONSET_DELAY_S = 0.02
"""An onset is reported sooner: a part that plays along with it cannot wait for the whole window."""
HARMONY_DELAY_S = HARMONY_WINDOW_S / 2 + 0.2
"""Half the window, and a fifth of a second of what comes after a change, to tell it from a passing note."""
WIDTH_S = 0.03
"""A beat is a triangle this wide to either side."""
IGNORED = -100
"""A label that costs nothing, as PyTorch has it."""


@dataclass(frozen=True)
class PieceTimeline:
    """A truth in seconds of the piece. ``beats``: (time, number in the bar). ``chords``: (start, end, root, quality,
    bass); ``keys``: (start, key). ``downbeats``: confidence of the numbers, 0 to 1. ``onsets``: None if unknown."""

    beats: Float64Array
    numbers: Labels
    downbeats: float
    chords: tuple[tuple[float, float, int, int, int], ...]
    keys: tuple[tuple[float, int], ...]
    onsets: Float64Array | None = None

    def shift(self, seconds: float) -> PieceTimeline:
        """The same, later by ``seconds``."""
        chords = tuple((a + seconds, b + seconds, root, quality, bass) for a, b, root, quality, bass in self.chords)
        keys = tuple((a + seconds, key) for a, key in self.keys)
        onsets = None if self.onsets is None else self.onsets + seconds
        return replace(self, beats=self.beats + seconds, chords=chords, keys=keys, onsets=onsets)


def make_timeline(truth: SongTruth, seconds: float, semitones: int = 0, pitched: bool = True) -> PieceTimeline:
    """Lay ``truth`` out over ``seconds``, transposed. ``pitched`` False: chords and keys are unknown."""
    beat_s = 60.0 / truth.bpm
    first = int(np.ceil(-truth.start_s / beat_s))
    indices = np.arange(first, int((seconds - truth.start_s) / beat_s) + 1)
    beats = np.asarray(truth.start_s + indices * beat_s, np.float64)

    def transpose(pitch_class: int) -> int:
        return (pitch_class + semitones) % 12 if pitch_class >= 0 else pitch_class

    chords = tuple(
        (c.beat * beat_s + truth.start_s, (c.beat + c.beats) * beat_s + truth.start_s, transpose(c.root), c.quality,
         transpose(c.bass))
        for c in truth.chords
    )  # fmt: skip
    keys = tuple((beat * beat_s + truth.start_s, transpose(tonic) + 12 * minor) for beat, tonic, minor in truth.keys)
    downbeat_weight = 1.0 if truth.downbeats else 0.2
    return PieceTimeline(
        beats, indices % truth.bar_beats, downbeat_weight, chords if pitched else (), keys if pitched else ()
    )


def make_rhythm_targets(line: PieceTimeline, steps: int) -> Float32Array:
    """Shape (steps, 3): how near each step is to a beat, a downbeat and an onset, 0 to 1; -1 where nobody knows."""
    ends = (np.arange(steps) + 1) / STEPS_PER_SECOND
    beat, downbeat = (
        _draw_triangles(times, ends - RHYTHM_DELAY_S) for times in (line.beats, line.beats[line.numbers == 0])
    )
    onset = np.full(steps, -1.0) if line.onsets is None else _draw_triangles(line.onsets, ends - ONSET_DELAY_S)
    return np.stack([beat, downbeat, onset], 1).astype(np.float32)


def _draw_triangles(times: Float64Array, at: Float64Array) -> Float64Array:
    """Triangles of WIDTH_S to either side of ``times`` (ascending), read at ``at``."""
    if not len(times):
        return np.zeros(len(at))
    after = np.clip(np.searchsorted(times, at), 1, max(len(times) - 1, 1))
    nearest = np.minimum(np.abs(at - times[after - 1]), np.abs(times[np.minimum(after, len(times) - 1)] - at))
    return np.asarray(np.maximum(0.0, 1.0 - nearest / WIDTH_S), np.float64)


def make_harmony_targets(line: PieceTimeline, steps: int) -> Labels:
    """Shape (steps, 4): root, quality, bass and key, in the order of HEADS; IGNORED where not known."""
    labels = np.full((steps, 4), IGNORED, np.int64)
    at = (np.arange(steps) + 1) * STEPS_PER_HARMONY_STEP / STEPS_PER_SECOND - HARMONY_DELAY_S
    if line.chords:
        inside = (at >= line.chords[0][0]) & (at < line.chords[-1][1])
        labels[inside, 0], labels[inside, 2] = ROOTS - 1, ROOTS - 1
    for start, end, root, quality, bass in line.chords:
        where = (at >= start) & (at < end)
        for column, value, none in ((0, root, ROOTS - 1), (1, quality, IGNORED), (2, bass, ROOTS - 1)):
            labels[where, column] = IGNORED if value == UNKNOWN else none if value < 0 else value
    for start, key in line.keys:
        labels[at >= start, 3] = key
    return labels
