"""Batches of training pieces as levels and labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engines.mir.learned.features import (
    STEPS_PER_HARMONY_STEP,
    LogBands,
    compute_log_bands,
    list_step_ends,
    make_harmony_log_bands,
    make_rhythm_log_bands,
)
from research.datasets.library import RATE, read_library
from research.mir.training.mixing import PieceMixer, Repertoire, TrainingPiece
from research.mir.training.targets import make_harmony_targets, make_rhythm_targets


@dataclass
class MirBatch:
    """``rhythm`` (batch, steps + 1, bands), ``beats`` (batch, steps, 3), ``downbeats`` (batch,): how sure they are,
    ``pitches`` (batch, steps of harmony, bands), ``harmony`` (batch, steps of harmony, 4) labels."""

    rhythm: Tensor
    beats: Tensor
    downbeats: Tensor
    pitches: Tensor
    harmony: Tensor


class BatchBuilder:
    """Builds batches from pieces."""

    def __init__(self) -> None:
        self._rhythm: LogBands = make_rhythm_log_bands(RATE)
        self._harmony: LogBands = make_harmony_log_bands(RATE)

    def build(self, pieces: list[TrainingPiece]) -> MirBatch:
        rows = [self._to_arrays(piece) for piece in pieces]
        rhythm, beats, pitches, harmony = (torch.from_numpy(np.stack(column)) for column in zip(*rows, strict=True))
        downbeats_known = torch.tensor([piece.line.downbeats for piece in pieces])
        return MirBatch(rhythm, beats, downbeats_known, pitches, harmony)

    def _to_arrays(self, piece: TrainingPiece) -> tuple[NDArray[np.generic], ...]:
        mono = piece.mono
        ends, harmony_ends = list_step_ends(len(mono), RATE), list_step_ends(len(mono), RATE, STEPS_PER_HARMONY_STEP)
        levels = compute_log_bands(mono, self._rhythm, ends)
        before = np.concatenate([levels[:1] * 0.0, levels])
        beats, harmony = make_rhythm_targets(piece.line, len(ends)), make_harmony_targets(piece.line, len(harmony_ends))
        return before, beats, compute_log_bands(mono, self._harmony, harmony_ends), harmony


def make_batch_drawer(
    stems: Path, seconds: float, seed: int, size: int, without: tuple[str, ...] = ()
) -> Callable[[int], MirBatch]:
    """Make the function that draws the batch of a step for a `BatchPrefetcher`, of all songs but those ``without``."""
    mixer = PieceMixer(Repertoire(stems, read_library(stems, "train", without)), seconds, np.random.default_rng(0))
    builder = BatchBuilder()

    def draw_batch(step: int) -> MirBatch:
        mixer.random = np.random.default_rng((seed, step))
        return builder.build([mixer.draw() for _ in range(size)])

    return draw_batch
