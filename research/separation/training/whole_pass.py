"""Whole pass of the bidirectional network: a piece of any length in one call, in operations that ONNX knows.

Training sums over time in a loop. Here time is cut into blocks: a loop runs inside all blocks at once, and what the
blocks hand on is summed by doubling (Hillis and Steele, "Data parallel algorithms", 1986).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from bridge.core.audio import STEMS
from engines.separation.frequency_grid import POINTS
from engines.separation.lookahead_separator import BLOCK_STEPS, MOST_STEPS
from research.common.recurrence import Recurrence
from research.separation.training.network import FEATURES, SIDES, SeparationNetwork, compute_features

DOUBLINGS = math.ceil(math.log2(MOST_STEPS / BLOCK_STEPS))


class WholePass(nn.Module):
    """``network`` for a batch of one: the same masks but for rounding."""

    def __init__(self, network: SeparationNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, power: Tensor) -> Tensor:
        """``power`` (1, steps, 3, POINTS), steps a multiple of BLOCK_STEPS up to MOST_STEPS: masks (1, steps, 4, 2,
        POINTS)."""
        network, shape = self.network, self.network.shape
        bands, points = shape.bands, shape.points
        inputs = compute_features(power).reshape(-1, FEATURES, bands, points)
        x = network.enter(inputs.permute(0, 2, 1, 3).reshape(-1, bands, FEATURES * points))
        for time, backward_time, mixer in zip(network.times, network.backward_times, network.mixers, strict=True):
            x = _remember(time, x)
            x = torch.flip(_remember(backward_time, torch.flip(x, (0,))), (0,))
            x = mixer(x)
        x = network.leave(nn.functional.silu(network.wide(network.norm(x))))
        masks = x.reshape(-1, bands, len(STEMS), SIDES, points).permute(0, 2, 3, 1, 4)
        return torch.softmax(masks.reshape(1, -1, len(STEMS), SIDES, POINTS), 2)


def _remember(time: Recurrence, x: Tensor) -> Tensor:
    """`Recurrence` on (steps, bands, width) from a state of zero."""
    keep, new, gate = torch.split(time.into(time.norm(x)), x.shape[-1], -1)
    keep = torch.sigmoid(keep)
    states = sum_recurrence(keep, (1.0 - keep) * new)
    return x + time.back(states * nn.functional.silu(gate))


def sum_recurrence(keep: Tensor, new: Tensor) -> Tensor:
    """h[t] = keep[t] h[t-1] + new[t] from zero, over axis 0 of (steps, bands, width)."""
    size = new.shape[1:]
    keeps = keep.reshape(-1, BLOCK_STEPS, *size).unbind(1)
    news = new.reshape(-1, BLOCK_STEPS, *size).unbind(1)
    states, kept = [news[0]], [keeps[0]]
    for one, fresh in zip(keeps[1:], news[1:], strict=True):
        states.append(one * states[-1] + fresh)
        kept.append(one * kept[-1])
    last, product = states[-1], kept[-1]
    for i in range(DOUBLINGS):
        last = last + product * _delay(last, 2**i)
        product = product * _delay(product, 2**i)
    before = _delay(last, 1)
    whole = [state + share * before for state, share in zip(states, kept, strict=True)]
    return torch.stack(whole, 1).reshape(-1, *size)


def _delay(x: Tensor, blocks: int) -> Tensor:
    """``x`` later by ``blocks`` along axis 0, from zeros."""
    return torch.cat([torch.zeros(blocks, *x.shape[1:]), x])[:-blocks]
