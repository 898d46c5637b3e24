"""One live step of the network in as few operations as it takes: what is exported, a fifth faster than the network.

Training wants axes for batch and steps. For a single step they cost reshapes and transpositions all the way, of which
ONNX Runtime removes few; here everything between the bands' ways in and out is a matrix of bands by width.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from bridge.core.audio import STEMS
from engines.separation.frequency_grid import POINTS
from research.common.recurrence import Recurrence
from research.separation.training.network import FEATURES, POWER_FLOOR, SIDES, BandMixer, SeparationNetwork


class StreamingStep(nn.Module):
    """``network`` for a batch of one and a single step: the same numbers but for rounding."""

    def __init__(self, network: SeparationNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, power: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """``power`` (1, 1, 3, POINTS), ``state`` (layers, 1, bands, width): masks (1, 1, 4, 2, POINTS), state after."""
        network, shape = self.network, self.network.shape
        bands, width, points = shape.bands, shape.width, shape.points
        powers = power.reshape(FEATURES, POINTS)
        # log10 would be exported as a logarithm and a division
        levels = torch.log(powers[:2] + POWER_FLOOR) * (0.25 / math.log(10.0)) + 1.0
        pan = powers[2:] / (powers[:1] + powers[1:2] + POWER_FLOOR)
        x = torch.cat([levels, pan]).reshape(FEATURES, bands, points).permute(1, 0, 2)
        x = torch.matmul(x.reshape(bands, 1, FEATURES * points), network.enter.weight)
        x = (x + network.enter.bias.unsqueeze(1)).reshape(bands, width)
        before = torch.split(state.reshape(-1, width), bands)
        after = []
        for time, mixer, first in zip(network.times, network.mixers, before, strict=True):
            x, last = _remember(time, x, first)
            x = _mix(mixer, x)
            after.append(last)
        x = nn.functional.silu(network.wide(network.norm(x))).unsqueeze(1)
        x = torch.matmul(x, network.leave.weight) + network.leave.bias.unsqueeze(1)
        x = x.reshape(bands, len(STEMS), SIDES, points).permute(1, 2, 0, 3).reshape(len(STEMS), SIDES * POINTS)
        masks = torch.softmax(x, 0).reshape(1, 1, len(STEMS), SIDES, POINTS)
        return masks, torch.cat(after).reshape(len(after), 1, bands, width)


def _remember(time: Recurrence, x: Tensor, first: Tensor) -> tuple[Tensor, Tensor]:
    """`Recurrence` on (bands, width)."""
    keep, new, gate = torch.split(time.into(time.norm(x)), x.shape[1], 1)
    state = torch.sigmoid(keep) * (first - new) + new
    return x + time.back(state * nn.functional.silu(gate)), state


def _mix(mixer: BandMixer, x: Tensor) -> Tensor:
    """`BandMixer` on (bands, width): its products from the left, so that nothing is transposed."""
    up = torch.matmul(mixer.up.weight, mixer.norm(x)) + mixer.up.bias.unsqueeze(1)
    return x + (torch.matmul(mixer.down.weight, nn.functional.silu(up)) + mixer.down.bias.unsqueeze(1))
