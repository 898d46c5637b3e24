"""Batches of pieces as levels and labels, drawn ahead of the learning by processes of their own."""

from __future__ import annotations

import multiprocessing
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engines.material.library import RATE, read_library
from engines.mir.frontend import HARMONY_EVERY, Levels, ends_of, gathered, harmony_levels, rhythm_levels
from engines.mir.training.mixing import Mixer, Piece, Repertoire
from engines.mir.training.targets import harmony_targets, rhythm_targets


@dataclass
class Batch:
    """``rhythm`` (batch, steps + 1, bands), ``beats`` (batch, steps, 3), ``downbeats`` (batch,): how sure they are,
    ``pitches`` (batch, steps of harmony, bands), ``harmony`` (batch, steps of harmony, 4) labels."""

    rhythm: Tensor
    beats: Tensor
    downbeats: Tensor
    pitches: Tensor
    harmony: Tensor


class Listener:
    """From pieces to batches."""

    def __init__(self) -> None:
        self._rhythm: Levels = rhythm_levels(RATE)
        self._harmony: Levels = harmony_levels(RATE)

    def heard(self, pieces: list[Piece]) -> Batch:
        rows = [self._one(piece) for piece in pieces]
        rhythm, beats, pitches, harmony = (torch.from_numpy(np.stack(column)) for column in zip(*rows, strict=True))
        sure = torch.tensor([piece.line.downbeats for piece in pieces])
        return Batch(rhythm, beats, sure, pitches, harmony)

    def _one(self, piece: Piece) -> tuple[NDArray[np.generic], ...]:
        mono = piece.mono
        ends, looks = ends_of(len(mono), RATE), ends_of(len(mono), RATE, HARMONY_EVERY)
        levels = gathered(mono, self._rhythm, ends)
        before = np.concatenate([levels[:1] * 0.0, levels])
        beats, harmony = rhythm_targets(piece.line, len(ends)), harmony_targets(piece.line, len(looks))
        return before, beats, gathered(mono, self._harmony, looks), harmony


_mixer: Mixer | None = None
_listener: Listener | None = None
"""A drawing process's own."""


def _settle(stems: Path, seconds: float, without: tuple[str, ...]) -> None:
    global _mixer, _listener
    _mixer = Mixer(Repertoire(stems, read_library(stems, "train", without)), seconds, np.random.default_rng(0))
    _listener = Listener()


def _drawn(seed: int, step: int, size: int) -> Batch:
    """The batch of a step: the same whenever and wherever it is drawn, so a resumed run sees what it would have."""
    if _mixer is None or _listener is None:
        raise RuntimeError("a drawing process starts with _settle")
    _mixer.random = np.random.default_rng((seed, step))
    return _listener.heard([_mixer.draw() for _ in range(size)])


class Drawing:
    """Batches in the order of their steps, drawn ahead by ``processes`` beside the learning one, of all songs but those
    ``without``."""

    AHEAD = 4

    def __init__(
        self, stems: Path, seed: int, first: int, size: int, seconds: float, processes: int = 1,
        without: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(processes, context, _settle, (stems, seconds, without))
        self._seed, self._next, self._size = seed, first, size
        self._coming: deque[Future[Batch]] = deque()

    def __enter__(self) -> Drawing:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def take(self) -> Batch:
        while len(self._coming) < self.AHEAD:
            self._coming.append(self._pool.submit(_drawn, self._seed, self._next, self._size))
            self._next += 1
        return self._coming.popleft().result()
