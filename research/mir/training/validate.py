"""Validation of the networks on held-out pieces, before any tracker."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from bridge.core.chords import QUALITIES
from engines.mir.learned.features import STEPS_PER_SECOND
from research.datasets.library import StemLibrary
from research.mir.training.batches import BatchBuilder, MirBatch
from research.mir.training.mixing import PieceMixer, Repertoire, TrainingPiece
from research.mir.training.network import select_quality, split_heads
from research.mir.training.targets import IGNORED, make_timeline

TOLERANCE_STEPS = round(0.07 * STEPS_PER_SECOND)
PEAK_THRESHOLD = 0.3
MINOR_QUALITIES = [number for number, quality in enumerate(QUALITIES) if quality.has_minor_third]
"""A peak of the beat's probability above this is a beat, here."""


def load_validation(stems: Path, library: StemLibrary, seconds: float = 60.0) -> dict[str, MirBatch]:
    """The songs of ``library`` as they are, ``seconds`` from their middle, and their truth."""
    repertoire = Repertoire(stems, library)
    mixer = PieceMixer(repertoire, seconds, np.random.default_rng(1))
    builder = BatchBuilder()
    found = {}
    for name, song in sorted({**repertoire.rendered, **repertoire.recorded}.items()):
        mono, start_s = mixer.mix_whole(song)
        truth = repertoire.get_song_truth(name)
        onsets = repertoire.get_song_onsets(song) if truth.chords else None
        line = replace(make_timeline(truth, seconds + start_s), onsets=onsets).shift(-start_s)
        found[name] = builder.build([TrainingPiece(mono, line)])
    return found


@torch.no_grad()
def judge(networks: nn.ModuleDict, songs: dict[str, MirBatch]) -> dict[str, float]:
    """Means over rendered (chords known) and recorded songs: F of beats, downbeats and onsets at the peaks, and the
    share of roots, chords, basses and keys that are right.

    ``majmin``: root and third right, where the truth is a plain or a seventh chord.
    """
    scores: dict[str, list[float]] = {}
    for batch in songs.values():
        rhythm, harmony = networks["rhythm"], networks["harmony"]
        kind = "recorded" if batch.harmony[..., 0].eq(IGNORED).all() else "rendered"
        probabilities = torch.sigmoid(rhythm(batch.rhythm, rhythm.start(1))[0])[0].numpy()
        known = {"beat": True, "downbeat": batch.downbeats[0] == 1.0, "onset": batch.beats[0, 0, 2] >= 0}
        for column, what in enumerate(known):
            if known[what]:
                scores.setdefault(f"{kind}.{what}", []).append(
                    _compute_f_measure(probabilities[:, column], batch.beats[0, :, column].numpy())
                )
        prediction = split_heads(harmony(batch.pitches, harmony.start(1))[0][0])
        labels = dict(zip(prediction, batch.harmony[0].unbind(-1), strict=True))
        prediction["quality"] = select_quality(prediction["quality"], prediction["root"].argmax(-1))
        right = {head: (prediction[head].argmax(-1) == labels[head]) for head in prediction}
        right["majmin"] = right["root"] & (_is_minor(prediction["quality"].argmax(-1)) == _is_minor(labels["quality"]))
        labels["majmin"] = torch.where(labels["quality"] < 0, labels["quality"], labels["root"])
        for head in ("root", "majmin", "bass", "key"):
            known = labels[head] != IGNORED
            if known.any():
                scores.setdefault(f"{kind}.{head}", []).append(float(right[head][known].float().mean()))
    return {what: float(np.mean(values)) for what, values in sorted(scores.items())}


def _is_minor(quality: Tensor) -> Tensor:
    return torch.isin(quality, torch.tensor(MINOR_QUALITIES))


def _compute_f_measure(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """F measure of the peaks above PEAK_THRESHOLD against the truth's, 70 ms either way."""
    peaks = (
        np.flatnonzero(
            (probabilities[1:-1] > PEAK_THRESHOLD)
            & (probabilities[1:-1] >= probabilities[:-2])
            & (probabilities[1:-1] > probabilities[2:])
        )
        + 1
    )
    beats = np.flatnonzero((truth[1:-1] > 0) & (truth[1:-1] >= truth[:-2]) & (truth[1:-1] > truth[2:])) + 1
    if not len(peaks) or not len(beats):
        return 0.0
    found = sum(np.abs(peaks - beat).min() <= TOLERANCE_STEPS for beat in beats)
    return float(2 * min(found, len(peaks)) / (len(peaks) + len(beats)))
