"""The two networks: one hears where beats and onsets are, the other chords and keys. Both causal, with a memory."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bridge.core.events import QUALITIES
from engines.learning.recurrence import Recurrence
from engines.mir.frontend import HARMONY_BANDS, RHYTHM_BANDS

RHYTHM_OUTPUTS = ("beat", "downbeat", "onset")
ROOTS = 13
"""Pitch classes from C, and none."""
KEYS = 24
"""Twelve major keys, then twelve minor ones."""
HEADS = {"root": ROOTS, "quality": len(QUALITIES), "bass": ROOTS, "key": KEYS}
"""What the harmony network says, in this order: logits of each, one behind the other."""


@dataclass(frozen=True)
class RhythmShape:
    width: int = 104
    layers: int = 3


@dataclass(frozen=True)
class HarmonyShape:
    width: int = 112
    layers: int = 3
    channels: int = 8


class _Stack(nn.Module):
    """Recurrences one behind the other."""

    def __init__(self, width: int, layers: int, longest: float) -> None:
        super().__init__()
        self.width = width
        self.times = nn.ModuleList(Recurrence(width, longest) for _ in range(layers))

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        after = []
        for layer, time in enumerate(self.times):
            x, last = time(x, state[layer])
            after.append(last)
        return x, torch.stack(after)


class RhythmNetwork(nn.Module):
    """Levels now and their growth since the step before in; logits of beat, downbeat and onset out."""

    def __init__(self, shape: RhythmShape = RhythmShape()) -> None:
        super().__init__()
        self.shape = shape
        self.enter = nn.Linear(2 * RHYTHM_BANDS, shape.width)
        self.stack = _Stack(shape.width, shape.layers, 6.5)
        self.norm = nn.LayerNorm(shape.width)
        self.leave = nn.Linear(shape.width, len(RHYTHM_OUTPUTS))

    def start(self, batch: int) -> Tensor:
        """The memory before anything was heard: (layers, batch, width)."""
        return torch.zeros(self.shape.layers, batch, self.shape.width)

    def forward(self, levels: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """``levels`` (batch, steps + 1, RHYTHM_BANDS), the first of the step before: logits (batch, steps, 3)."""
        now = levels[:, 1:]
        heard = torch.cat([now, 4.0 * (now - levels[:, :-1])], -1)
        x, after = self.stack(self.enter(heard), state)
        return self.leave(nn.functional.silu(self.norm(x))), after


class HarmonyNetwork(nn.Module):
    """Levels a third of a semitone apart in; logits of HEADS out.

    A first layer that is the same at every pitch (it learns what a note looks like between its neighbours and its
    overtones), then one that knows which pitch is which.
    """

    def __init__(self, shape: HarmonyShape = HarmonyShape()) -> None:
        super().__init__()
        self.shape = shape
        self.near = nn.Conv1d(1, 2 * shape.channels, 9, stride=3, padding=4)
        self.far = nn.Conv1d(2 * shape.channels, shape.channels, 25, padding=12)
        self.enter = nn.Linear(shape.channels * HARMONY_BANDS // 3, shape.width)
        self.stack = _Stack(shape.width, shape.layers, 5.5)
        self.norm = nn.LayerNorm(shape.width)
        self.leave = nn.Linear(shape.width, sum(HEADS.values()))

    def start(self, batch: int) -> Tensor:
        """The memory before anything was heard: (layers, batch, width)."""
        return torch.zeros(self.shape.layers, batch, self.shape.width)

    def forward(self, levels: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """``levels`` (batch, steps, HARMONY_BANDS): logits (batch, steps, sum of HEADS) and the memory after."""
        batch, steps = levels.shape[:2]
        x = levels.reshape(batch * steps, 1, HARMONY_BANDS)
        x = nn.functional.silu(self.near(x - x.mean(-1, keepdim=True)))
        x = nn.functional.silu(self.far(x))
        x = self.enter(x.reshape(batch, steps, -1))
        x, after = self.stack(x, state)
        return self.leave(nn.functional.silu(self.norm(x))), after


def heads_of(logits: Tensor) -> dict[str, Tensor]:
    """The logits (..., sum of HEADS) by head."""
    return dict(zip(HEADS, logits.split(list(HEADS.values()), -1), strict=True))
