"""Evaluation of the chord prediction: the lattice, against holding the last chord and against the loops alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from bridge.core.chords import NO_CHORD_STATE, PITCH_CLASSES
from engines.accompaniment.harmony.chord_history import HISTORY_BEATS
from engines.accompaniment.harmony.chord_states import UNKNOWN, States
from engines.accompaniment.harmony.predictor import ChordPredictor, load_shipped
from engines.accompaniment.harmony.repetition import HORIZON
from engines.accompaniment.harmony.trellis import Metre, predict_chords
from research.accompaniment.training.progressions import Progression

AHEAD = (1, 2, 4, 8)
"""Beats that are counted: 1 is the beat that begins now."""
WARM_UP = 16
PredictChords = Callable[[States, int, Progression], States]
"""From the chords known, and the beat after them, to those of the HORIZON beats that follow."""


def list_predictors(predictor: ChordPredictor | None = None) -> dict[str, PredictChords]:
    """What is compared, by name; ``foreseer``: None for the one that ships."""
    network = predictor or load_shipped()

    def use_trellis(known: States, first: int, song: Progression) -> States:
        return predict_chords(known, first, int(song.keys[first - 1]), Metre(song.bar_beats), {}, network).path

    def use_repetition(known: States, first: int, song: Progression) -> States:
        prediction, _ = network.predict(known, first % song.bar_beats, int(song.keys[first - 1]), song.bar_beats)
        return np.asarray(np.where(prediction.any(1), prediction.argmax(1), known[-1]), np.int64)

    return {
        "lattice": use_trellis,
        "loops alone": use_repetition,
        "hold the chord": lambda known, _, __: np.full(HORIZON, known[-1]),
    }


def score_roots(songs: Sequence[Progression], foresee: PredictChords, late: int = 0) -> dict[str, float]:
    """The share of roots that are right so many beats ahead, where the chord changes and over all beats, for one who
    knows the chords but of the last ``late`` beats."""
    right: dict[str, list[bool]] = {f"{kind} {ahead}": [] for kind in ("change", "all") for ahead in AHEAD}
    for song in songs:
        for beat, prediction in _predict_beats(song, foresee, late):
            for ahead in AHEAD:
                at = beat + ahead - 1
                truth = int(song.states[at])
                if truth in (NO_CHORD_STATE, UNKNOWN):
                    continue
                found = prediction[late + ahead - 1]
                hit = bool(found != NO_CHORD_STATE and found % PITCH_CLASSES == truth % PITCH_CLASSES)
                right[f"all {ahead}"].append(hit)
                if song.states[at - 1] not in (truth, UNKNOWN):
                    right[f"change {ahead}"].append(hit)
    return {name: float(np.mean(hits)) for name, hits in right.items() if hits}


def _predict_beats(song: Progression, foresee: PredictChords, late: int) -> Iterator[tuple[int, States]]:
    for beat in range(WARM_UP, len(song.states) - max(AHEAD) + 1):
        yield beat, foresee(song.states[max(0, beat - late - HISTORY_BEATS) : beat - late], beat - late, song)


THRESHOLDS = (0.3, 0.5, 0.7)
"""Where confidences are parted."""


def measure_calibration(
    songs: Sequence[Progression], predictor: ChordPredictor | None = None, late: int = 0
) -> list[tuple[float, int]]:
    """The share of roots that are right, and of how many beats, for confidences below, between and above THRESHOLDS: of
    the beats that AHEAD counts."""
    right: list[list[bool]] = [[] for _ in range(len(THRESHOLDS) + 1)]
    for song in songs:
        for beat in range(WARM_UP, len(song.states) - max(AHEAD) + 1):
            known = song.states[max(0, beat - late - HISTORY_BEATS) : beat - late]
            key = int(song.keys[beat - late - 1])
            prediction = predict_chords(known, beat - late, key, Metre(song.bar_beats), {}, predictor)
            for ahead in AHEAD:
                truth = int(song.states[beat + ahead - 1])
                if truth not in (NO_CHORD_STATE, UNKNOWN):
                    found, confidence = int(prediction.path[late + ahead - 1]), prediction.confidence[late + ahead - 1]
                    right[int(np.searchsorted(THRESHOLDS, confidence))].append(
                        found != NO_CHORD_STATE and found % PITCH_CLASSES == truth % PITCH_CLASSES
                    )
    return [(float(np.mean(hits)) if hits else 0.0, len(hits)) for hits in right]
