"""Scores of predictions by mir_eval (Raffel et al., "mir_eval", ISMIR 2014), of the extra ``bench``.

All are from 0 to 1, except the ratio of chord changes; NaN where no truth is known, or where the tracker does not
report such things.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib import import_module
from itertools import pairwise
from types import ModuleType

import numpy as np

from bridge.core.arrays import Float64Array
from bridge.errors import ConfigError
from research.mir.evaluation.predictions import MirPrediction
from research.mir.evaluation.truth import LabelledChords, SongAnnotation

NAN = math.nan
TOLERANCE = 0.04
"""How far off a tempo may be (MIREX and Gouyon et al. 2006)."""
OCTAVES = (1.0, 2.0, 3.0, 1 / 2, 1 / 3)
"""What Gouyon's second accuracy takes for the same tempo."""

SCORES = {
    "beat_f": "beat F",
    "cmlt": "CMLt",
    "amlt": "AMLt",
    "downbeat_f": "downbeat F",
    "metre": "metre",
    "six": "in six",
    "tempo": "tempo",
    "tempo_octave": "tempo, octaves",
    "majmin": "majmin",
    "sevenths": "sevenths",
    "chord_changes": "chord changes",
    "key": "key",
    "key_right": "key right",
    "onset_f": "onset F",
}
"""Every score, in this order, and its heading."""


def import_metric(name: str) -> ModuleType:
    """One of mir_eval's modules."""
    try:
        return import_module(f"mir_eval.{name}")
    except ImportError as error:
        raise ConfigError("mir_eval is not installed", "pip install 'sideman[bench]'") from error


def score_song(truth: SongAnnotation, answer: MirPrediction) -> dict[str, float]:
    """All of SCORES for one song; ``truth`` must end where the analysed excerpt ended."""
    found = dict.fromkeys(SCORES, NAN)
    if truth.beats is not None and answer.beats is not None:
        found |= score_beats(truth.beats, answer.beats)
    if truth.downbeats is not None and answer.downbeats is not None:
        found["downbeat_f"] = compute_beat_f(truth.downbeats, answer.downbeats)
    if truth.bar_beats and answer.bar_beats is not None:
        count = max(len(answer.bar_beats), 1)
        found["metre"] = int(np.count_nonzero(answer.bar_beats == truth.bar_beats)) / count
        found["six"] = int(np.count_nonzero(answer.bar_beats == 6)) / count if truth.bar_beats == 4 else NAN
    if truth.beats is not None and answer.bpm is not None and len(truth.beats) > 1:
        bpm = 60.0 / float(np.median(np.diff(truth.beats)))
        found["tempo"] = float(is_tempo(bpm, answer.bpm, (1.0,)))
        found["tempo_octave"] = float(is_tempo(bpm, answer.bpm, OCTAVES))
    if truth.chords is not None and answer.chords is not None:
        found |= score_chords(truth.chords, answer.chords)
    if truth.key and answer.key is not None:
        found["key"] = float(import_metric("key").weighted_score(truth.key, answer.key)) if answer.key else 0.0
        found["key_right"] = float(found["key"] == 1.0)
    if truth.onsets is not None and answer.onsets is not None:
        found["onset_f"] = compute_onset_f(truth.onsets, answer.onsets)
    return found


def score_beats(truth: Float64Array, detected: Float64Array) -> dict[str, float]:
    """F within 70 ms, and the longest right stretches together at the right level, and at any, of the metre."""
    beat = import_metric("beat")
    truth, detected = beat.trim_beats(truth), beat.trim_beats(detected)
    if len(truth) < 2:
        return {"beat_f": NAN, "cmlt": NAN, "amlt": NAN}
    if len(detected) < 2:
        return {"beat_f": 0.0, "cmlt": 0.0, "amlt": 0.0}
    _, cmlt, _, amlt = beat.continuity(truth, detected)
    return {"beat_f": float(beat.f_measure(truth, detected)), "cmlt": float(cmlt), "amlt": float(amlt)}


def compute_beat_f(truth: Float64Array, detected: Float64Array) -> float:
    """F within 70 ms, the first five seconds left out."""
    beat = import_metric("beat")
    truth, detected = beat.trim_beats(truth), beat.trim_beats(detected)
    if not len(truth):
        return NAN
    return float(beat.f_measure(truth, detected)) if len(detected) else 0.0


def compute_onset_f(truth: Float64Array, detected: Float64Array) -> float:
    """F within 50 ms."""
    if not len(truth):
        return NAN
    return float(import_metric("onset").f_measure(truth, detected)[0]) if len(detected) else 0.0


def is_tempo(bpm: float, detected: float, levels: tuple[float, ...]) -> bool:
    """Whether ``detected`` is within TOLERANCE of ``bpm`` times one of ``levels``."""
    return any(abs(detected - bpm * level) <= TOLERANCE * bpm * level for level in levels)


def score_chords(truth: LabelledChords, detected: LabelledChords) -> dict[str, float]:
    """The share of the time in which root and third are right, and in which the seventh is, too.

    Only time counts whose true chord the vocabulary can say; what was not answered is no chord.
    """
    chord, util = import_metric("chord"), import_metric("util")
    try:
        intervals, labels = util.adjust_intervals(
            detected.intervals, list(detected.labels), truth.intervals.min(), truth.intervals.max(), "N", "N"
        )
        merged, expected, given = util.merge_labeled_intervals(truth.intervals, list(truth.labels), intervals, labels)
        seconds = util.intervals_to_durations(merged)
        return {
            "majmin": _compute_share(chord.majmin(expected, given), seconds),
            "sevenths": _compute_share(chord.sevenths(expected, given), seconds),
            "chord_changes": count_changes(labels) / max(count_changes(truth.labels), 1),
        }
    except chord.InvalidChordException as error:
        raise ConfigError(f"chords: {error.message}", "write them in Harte's syntax, such as C:min7/b3") from error


def count_changes(labels: Sequence[str]) -> int:
    """How often the chord changes, the bass included."""
    return sum(one != other for one, other in pairwise(labels))


def _compute_share(right: Float64Array, seconds: Float64Array) -> float:
    """How much of the time is right; -1 in ``right`` does not count."""
    counts = right >= 0
    whole = float(seconds[counts].sum())
    return float((right[counts] * seconds[counts]).sum()) / whole if whole else NAN
