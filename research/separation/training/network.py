"""Separation network: a band-split recurrent mask estimator. The causal one is small enough for a hop in well under a
millisecond; the bidirectional one, for whole files, has a second recurrence in each layer that runs backwards in time.

Band-split as in BSRNN (Luo and Yu, "Music Source Separation with Band-Split RNN", 2023): each band of neighbouring
points has its own way in and its own way out, and everything between is shared by the bands. The recurrence is a
gated linear one (as in minGRU: Feng et al., "Were RNNs All We Needed?", 2024): the gates look at the input alone, so
that training computes all hops at once in matrix products, and a live step is a handful of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bridge.core.audio import STEMS
from engines.separation.frequency_grid import POINTS
from research.common.recurrence import Recurrence

FEATURES = 3
"""Per point: level of mid, level of side, and how far from the middle it stands (-1 left to 1 right)."""
SIDES = 2
"""Masks for mid and for side."""
POWER_FLOOR = 1e-8
"""Power below which nothing is distinguished: 80 dB below a full-scale sine."""


@dataclass(frozen=True)
class NetworkShape:
    """Sizes of a network. ``points``: of the grid in each band. ``bidirectional``: it needs the whole input at once."""

    width: int = 64
    layers: int = 6
    points: int = 6
    hidden: int = 96
    bidirectional: bool = False

    @property
    def bands(self) -> int:
        return POINTS // self.points


def compute_features(power: Tensor) -> Tensor:
    """Powers (..., 3, POINTS) of mid, side and twice their product, as numbers around -1 to 1."""
    mid, side, cross = power.unbind(-2)
    levels = torch.log10(torch.stack([mid, side], -2) + POWER_FLOOR) * 0.25 + 1.0
    pan = (cross / (mid + side + POWER_FLOOR)).unsqueeze(-2)
    return torch.cat([levels, pan], -2)


class Bandwise(nn.Module):
    """A linear layer of its own for each band: (..., bands, inputs) to (..., bands, outputs)."""

    def __init__(self, bands: int, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(bands, inputs, outputs) / inputs**0.5)
        self.bias = nn.Parameter(torch.zeros(bands, outputs))

    def forward(self, x: Tensor) -> Tensor:
        return torch.einsum("...ki,kio->...ko", x, self.weight) + self.bias


class BandMixer(nn.Module):
    """Across bands: what one band hears, the others learn; the same for every channel."""

    def __init__(self, bands: int, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.up = nn.Linear(bands, 2 * bands)
        self.down = nn.Linear(2 * bands, bands)
        with torch.no_grad():
            self.down.weight *= 0.5

    def forward(self, x: Tensor) -> Tensor:
        across = self.norm(x).transpose(-1, -2)
        return x + self.down(nn.functional.silu(self.up(across))).transpose(-1, -2)


class SeparationNetwork(nn.Module):
    """Powers at the grid's points in, masks out: real, positive, and over the stems they sum to one."""

    def __init__(self, shape: NetworkShape = NetworkShape()) -> None:
        super().__init__()
        self.shape = shape
        bands, width = shape.bands, shape.width
        self.enter = Bandwise(bands, FEATURES * shape.points, width)
        self.times = nn.ModuleList(Recurrence(width) for _ in range(shape.layers))
        self.backward_times = nn.ModuleList(Recurrence(width) for _ in range(shape.layers * shape.bidirectional))
        self.mixers = nn.ModuleList(BandMixer(bands, width) for _ in range(shape.layers))
        self.norm = nn.LayerNorm(width)
        self.wide = nn.Linear(width, shape.hidden)
        self.leave = Bandwise(bands, shape.hidden, len(STEMS) * SIDES * shape.points)
        with torch.no_grad():
            self.leave.weight *= 0.1
            for time in self.backward_times:  # nothing at first: it starts as the causal network that it may come from
                time.back.weight *= 0.0
                time.back.bias *= 0.0

    def start(self, batch: int) -> Tensor:
        """The initial state: (layers, batch, bands, width)."""
        sizes = self.shape.layers, batch, self.shape.bands, self.shape.width
        return torch.zeros(sizes, device=self.wide.weight.device)

    def forward(self, power: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """``power`` (batch, steps, 3, POINTS): masks (batch, steps, STEMS, SIDES, POINTS) and the memory after."""
        batch, steps = power.shape[:2]
        bands, points = self.shape.bands, self.shape.points
        inputs = compute_features(power).reshape(batch, steps, FEATURES, bands, points)
        x = self.enter(inputs.permute(0, 1, 3, 2, 4).reshape(batch, steps, bands, FEATURES * points))
        after = []
        for layer, (time, mixer) in enumerate(zip(self.times, self.mixers, strict=True)):
            x, last = time(x, state[layer])
            if self.shape.bidirectional:
                x = self.backward_times[layer](x.flip(1), torch.zeros_like(state[layer]))[0].flip(1)
            x = mixer(x)
            after.append(last)
        x = self.leave(nn.functional.silu(self.wide(self.norm(x))))
        masks = x.reshape(batch, steps, bands, len(STEMS), SIDES, points).permute(0, 1, 3, 4, 2, 5)
        masks = masks.reshape(batch, steps, len(STEMS), SIDES, POINTS)
        return torch.softmax(masks, 2), torch.stack(after)
