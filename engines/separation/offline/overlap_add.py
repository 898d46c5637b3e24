"""Overlap-add of separators without streaming, for files of any length: pieces with context, cross-faded."""

from __future__ import annotations

import numpy as np

from bridge.core.audio import CHANNELS, Audio
from bridge.core.engine import State
from bridge.errors import EngineError
from engines.separation.separator import Separator

GRID = 4096
"""Pieces start on multiples of this many frames, so that a transform whose hop divides it has the same windows as in
the whole, and causes no seam."""
PIECE_S = 30.0
"""Advance of a piece. Longer pieces separate less context twice (a fifth at this length), shorter ones save memory."""
CONTEXT_S = 3.0
"""Context of a piece before and after the part that is used: more than a model's padding and warm-up."""
FADE_S = 0.5


class OverlapAddSeparator:
    """Any `Separator` as a `ResumableSeparator`, in constant memory.

    A linear, time-invariant separator with a receptive field below `CONTEXT_S` gives the same as for the whole, but for
    rounding. For others the seams are hidden by a cross-fade of `FADE_S`, whose two sides sum to one, so that stems
    that sum to the mix in the pieces do so in the whole.
    """

    def __init__(
        self, separator: Separator, piece_s: float = PIECE_S, context_s: float = CONTEXT_S, fade_s: float = FADE_S
    ) -> None:
        self._separator = separator
        self._lengths_s = (piece_s, context_s, fade_s)
        self._rate = 0

    @property
    def name(self) -> str:
        return self._separator.name

    @property
    def stems(self) -> tuple[str, ...]:
        return self._separator.stems

    @property
    def rates(self) -> tuple[int, ...]:
        return self._separator.rates

    def begin(self, rate: int) -> None:
        self._rate = rate
        self._piece, self._context, self._fade = (
            max(round(length_s * rate / GRID), 1) * GRID for length_s in self._lengths_s
        )
        self._ahead = self._piece + self._fade + self._context
        self._whole = self._context + self._ahead
        self._rise = (np.sin(np.pi / 2 * (np.arange(self._fade) + 0.5) / self._fade) ** 2).astype(np.float32)
        self._input = np.zeros((CHANNELS, 0), np.float32)
        self._first = self._next = self._taken = 0  # frames: where _input starts, what comes next, what was pushed
        self._tail = np.zeros((len(self.stems), CHANNELS, self._fade), np.float32)

    def push(self, mix: Audio) -> Audio:
        self._input = np.concatenate([self._input, mix], axis=1)
        self._taken += mix.shape[1]
        ready = [self._make_empty()]
        while self._taken >= self._next + self._ahead:
            stems = self._separate_piece(max(self._next - self._context, 0), self._next + self._ahead)
            ready.append(stems[:, :, : self._piece])
            self._tail = stems[:, :, self._piece : self._piece + self._fade] * (1.0 - self._rise)
            self._next += self._piece
            first = max(self._next - self._whole, 0)  # the last piece may reach that far back
            self._input = self._input[:, first - self._first :].copy()
            self._first = first
        return np.concatenate(ready, axis=2)

    def finish(self) -> Audio:
        """The remaining frames, from a last piece of about the usual length where the file is that long."""
        if not self._taken:
            return self._make_empty()
        return self._separate_piece(max((self._taken - self._whole) // GRID * GRID, 0), self._taken)

    def separate(self, mix: Audio, rate: int) -> Audio:
        self.begin(rate)
        return np.concatenate([self.push(mix), self.finish()], axis=2)

    def state(self) -> State:
        counts = np.array([self._first, self._next, self._taken])
        return {"input": self._input.copy(), "tail": self._tail.copy(), "counts": counts}

    def restore(self, rate: int, state: State) -> None:
        self.begin(rate)
        self._input, self._tail = state["input"].astype(np.float32), state["tail"].astype(np.float32)
        self._first, self._next, self._taken = (int(count) for count in state["counts"])

    def _make_empty(self) -> Audio:
        return np.zeros((len(self.stems), CHANNELS, 0), np.float32)

    def _separate_piece(self, begin: int, end: int) -> Audio:
        """Separate the frames from ``begin`` to ``end``; returns the stems from the next frame on, cross-faded."""
        piece = self._input[:, begin - self._first : end - self._first]
        stems = self._separator.separate(piece, self._rate)
        wanted = (len(self.stems), CHANNELS, end - begin)
        if stems.shape != wanted:
            raise EngineError(
                f"{self.name}: gave stems of shape {stems.shape} for {wanted}", "this model cannot be used"
            )
        stems = np.array(stems[:, :, self._next - begin :], np.float32)
        if self._next:
            stems[:, :, : self._fade] *= self._rise
            stems[:, :, : self._fade] += self._tail
        return stems
