"""The two networks: one hears where beats and onsets are, the other chords and keys. Both causal, with a memory."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bridge.core.chords import PITCH_CLASSES, QUALITIES
from engines.mir.learned.features import HARMONY_BANDS, RHYTHM_BANDS
from research.common.recurrence import Recurrence

RHYTHM_OUTPUTS = ("beat", "downbeat", "onset")
ROOTS = 13
"""Pitch classes from C, and none."""
KEYS = 24
"""Twelve major keys, then twelve minor ones."""
HEADS = {"root": ROOTS, "quality": PITCH_CLASSES * len(QUALITIES), "bass": ROOTS, "key": KEYS}
"""Outputs of the harmony network, in this order: the logits of each. ``quality`` has all qualities for each root: the
quality of the chord if that is its root."""


@dataclass(frozen=True)
class RhythmShape:
    width: int = 104
    layers: int = 3


@dataclass(frozen=True)
class HarmonyShape:
    """``width`` of each pitch class, ``channels`` of each semitone."""

    width: int = 64
    layers: int = 3
    channels: int = 16
    folded: int = 32


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
        """The initial state: (layers, batch, width)."""
        return torch.zeros(self.shape.layers, batch, self.shape.width)

    def forward(self, levels: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """``levels`` (batch, steps + 1, RHYTHM_BANDS), the first of the step before: logits (batch, steps, 3)."""
        now = levels[:, 1:]
        features = torch.cat([now, 4.0 * (now - levels[:, :-1])], -1)
        x, after = self.stack(self.enter(features), state)
        return self.leave(nn.functional.silu(self.norm(x))), after


class _Circle(nn.Module):
    """From each pitch class what lies above it, all around the octave: the same at every pitch class."""

    def __init__(self, into: int, out: int) -> None:
        super().__init__()
        self.turn = nn.Conv1d(into, out, PITCH_CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        """``x`` (any, into, 12): (any, out, 12)."""
        around: Tensor = self.turn(torch.cat([x, x[..., :-1]], -1))
        return around


class HarmonyNetwork(nn.Module):
    """Levels a third of a semitone apart in; logits of HEADS out. What it knows of one key it knows of all.

    Two layers that are the same at every semitone learn what a note looks like between its neighbours and its
    overtones; then octaves lie on one another, and everything behind is done twelve times with the same weights, once
    for each pitch class and from its point of view: is this the root, the bass, the tonic? A network that has to learn
    each transposition by itself has a twelfth of the music to learn from.
    """

    def __init__(self, shape: HarmonyShape = HarmonyShape()) -> None:
        super().__init__()
        self.shape = shape
        octaves = HARMONY_BANDS // (3 * PITCH_CLASSES)
        self.near = nn.Conv1d(1, shape.channels, 9, stride=3, padding=4)
        self.far = nn.Conv1d(shape.channels, shape.channels, 25, padding=12)
        self.fold = nn.Conv1d(shape.channels * octaves, shape.folded, 1)
        self.enter = _Circle(shape.folded, shape.width)
        self.times = nn.ModuleList(Recurrence(shape.width, 5.5) for _ in range(shape.layers))
        self.norms = nn.ModuleList(nn.LayerNorm(shape.width) for _ in range(shape.layers))
        self.circles = nn.ModuleList(_Circle(shape.width, shape.width) for _ in range(shape.layers - 1))
        self.leave = nn.Linear(shape.width, 1 + len(QUALITIES) + 1 + KEYS // PITCH_CLASSES)
        self.none = nn.Linear(shape.width, 2)

    def start(self, batch: int) -> Tensor:
        """The initial state: (layers, batch, 12, width)."""
        return torch.zeros(self.shape.layers, batch, PITCH_CLASSES, self.shape.width)

    def forward(self, levels: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """``levels`` (batch, steps, HARMONY_BANDS): logits (batch, steps, sum of HEADS) and the memory after."""
        batch, steps = levels.shape[:2]
        x = levels.reshape(batch * steps, 1, HARMONY_BANDS)
        x = nn.functional.silu(self.near(x - x.mean(-1, keepdim=True)))
        x = nn.functional.silu(self.far(x))
        x = nn.functional.silu(self.fold(x.reshape(batch * steps, -1, PITCH_CLASSES)))
        x = self.enter(x).transpose(1, 2).reshape(batch, steps, PITCH_CLASSES, -1)
        after = []
        for layer, (time, norm) in enumerate(zip(self.times, self.norms, strict=True)):
            x, last = time(x, state[layer])
            after.append(last)
            if layer < len(self.circles):
                seen = nn.functional.silu(norm(x)).reshape(batch * steps, PITCH_CLASSES, -1).transpose(1, 2)
                x = x + self.circles[layer](seen).transpose(1, 2).reshape(batch, steps, PITCH_CLASSES, -1)
        x = nn.functional.silu(self.norms[-1](x))
        root, quality, bass, major, minor = self.leave(x).split([1, len(QUALITIES), 1, 1, 1], -1)
        no_root, no_bass = self.none(x.mean(-2)).split(1, -1)
        heads = [root.squeeze(-1), no_root, quality.flatten(-2), bass.squeeze(-1), no_bass, major.squeeze(-1)]
        return torch.cat([*heads, minor.squeeze(-1)], -1), torch.stack(after)


def split_heads(logits: Tensor) -> dict[str, Tensor]:
    """The logits (..., sum of HEADS) by head; those of the qualities (..., 12, qualities)."""
    heads = dict(zip(HEADS, logits.split(list(HEADS.values()), -1), strict=True))
    return heads | {"quality": heads["quality"].unflatten(-1, (PITCH_CLASSES, len(QUALITIES)))}


def select_quality(heads: Tensor, root: Tensor) -> Tensor:
    """From ``heads`` (..., 12, qualities) the row (..., qualities) of ``root`` (...); of C where that is none."""
    row = torch.where((root >= 0) & (root < PITCH_CLASSES), root, 0)[..., None, None].expand(
        *root.shape, 1, heads.shape[-1]
    )
    return heads.gather(-2, row).squeeze(-2)
