"""Batches of mixtures, drawn ahead of the learning by a process of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bridge.core.audio import STEMS
from engines.separation.frequency_grid import BINS, WINDOW
from research.datasets.library import RATE, StemLibrary
from research.separation.training.mixing import StemMixer
from research.separation.training.targets import TargetCells, compute_cells

OVERLAPS = (256, 128, 64)
"""Overlaps of the three live profiles: the analysis windows differ a little, and the network is to know them all."""
SYMMETRIC_OVERLAPS = (WINDOW // 2,)
"""Overlap of the offline profile: its window rises and falls over half of its length."""
LOWEST_HZ = {"vocals": (60.0, 140.0), "other": (40.0, 150.0)}
"""Range of the frequencies at which mixing engineers cut these off, at 18 dB an octave."""
CUT_SHARE = 0.5
"""Share of the stems that are cut so. Where most are, all that is low is bass or kick, which records contradict."""


@dataclass
class SeparationBatch:
    """Cells of several mixtures, and which estimates are compared together (batch, STEMS, STEMS)."""

    power: Tensor
    mix: Tensor
    common: Tensor
    own: Tensor
    joined: Tensor

    def move_to(self, device: torch.device) -> SeparationBatch:
        """The same on ``device``."""
        fields = (self.power, self.mix, self.common, self.own, self.joined)
        return SeparationBatch(*(one.to(device, non_blocking=True) for one in fields))


def gather(made: list[tuple[TargetCells, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]]) -> SeparationBatch:
    def stack(name: str) -> Tensor:
        return torch.from_numpy(np.stack([getattr(one, name) for one, _ in made]))

    joined = torch.from_numpy(np.stack([rows for _, rows in made]))
    return SeparationBatch(stack("power"), stack("mix"), stack("common"), stack("own"), joined)


def draw_batch(
    mixer: StemMixer, size: int, random: np.random.Generator, overlaps: tuple[int, ...] = OVERLAPS
) -> SeparationBatch:
    """``size`` new mixtures, each stem with an equalizer of its own in two of three. ``overlaps``: of the windows."""
    overlap = int(random.choice(overlaps))
    made = []
    for _ in range(size):
        mixture = mixer.draw()
        made.append((compute_cells(mixture.stems, mixture.rate, overlap, _draw_equalizers(random)), mixture.joined))
    return gather(made)


def _draw_equalizers(random: np.random.Generator) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Smooth random gains of the bins, (STEMS, BINS), in two of three stems: knots two octaves apart.

    And what a mixing engineer does more often than not: voices and accompaniment leave the lows to kick and bass, the
    bass leaves the highs to them or has its overtones brought forward. Now and then a lossy codec's ceiling over all.
    """
    hz = np.maximum(np.arange(BINS), 0.5) * RATE / WINDOW
    octaves = np.log2(hz / hz[1])
    gains = np.zeros((len(STEMS), BINS))
    for stem, row in zip(STEMS, gains, strict=True):
        if random.random() < 0.66:
            row[:] = np.interp(octaves, np.arange(0.0, 12.0, 2.0), random.normal(0.0, 3.0, 6))
        if stem in LOWEST_HZ and random.random() < CUT_SHARE:
            row -= 18.0 * np.maximum(np.log2(random.uniform(*LOWEST_HZ[stem]) / hz), 0.0)
        if stem == "bass" and random.random() < 0.35:  # its overtones brought forward, as small loudspeakers ask for
            away = np.log2(hz / random.uniform(120.0, 400.0))
            row += random.uniform(0.0, 9.0) * np.exp(-0.5 * (away / 0.8) ** 2)
        elif stem == "bass" and random.random() < 0.6:
            row -= random.uniform(0.0, 12.0) * np.clip(np.log2(hz / random.uniform(300.0, 800.0)), 0.0, 2.0)
    if random.random() < 0.15:
        gains[:, int(random.uniform(0.5, 0.85) * BINS) :] -= 60.0
    return (10.0 ** (np.maximum(gains, -90.0) / 20.0)).astype(np.float32)


def make_batch_drawer(
    library: StemLibrary, length: int, seed: int, size: int, overlaps: tuple[int, ...] = OVERLAPS
) -> Callable[[int], SeparationBatch]:
    """Draws the batch of each step, for a `Drawing`."""
    mixer = StemMixer(library, length, np.random.default_rng(0))

    def draw_step(step: int) -> SeparationBatch:
        mixer.random = np.random.default_rng((seed, step, 1))
        return draw_batch(mixer, size, np.random.default_rng((seed, step)), overlaps)

    return draw_step
