"""Separator protocols that models, engines and postprocessors share, and the adapter from a live engine."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np

from bridge.core.audio import Audio
from bridge.core.engine import Engine, State, block_for
from bridge.core.time import BlockTime


@runtime_checkable
class Separator(Protocol):
    """Separates a whole mix from a fresh start."""

    @property
    def name(self) -> str:
        """The name for messages and reports."""

    @property
    def stems(self) -> tuple[str, ...]:
        """Names of the stems, in the order of the output."""

    @property
    def rates(self) -> tuple[int, ...]:
        """The supported sampling rates in Hz; empty: any. Do not use others."""

    def separate(self, mix: Audio, rate: int) -> Audio:
        """Separate ``mix``, shape (2, frames), float32, into stems of shape (stems, 2, frames), aligned with it."""


@runtime_checkable
class StreamableSeparator(Separator, Protocol):
    """A separator that also accepts a mix in pieces.

    Call `begin`, then `push` any number of times, then `finish`. The joined outputs are bit-identical to the output of
    `Separator.separate`.
    """

    def begin(self, rate: int) -> None:
        """Start a new mix at ``rate`` Hz."""

    def push(self, mix: Audio) -> Audio:
        """Push the next frames, shape (2, any), and return those that are ready, shape (stems, 2, 0 or more)."""

    def finish(self) -> Audio:
        """Return the remaining frames, shape (stems, 2, frames)."""


@runtime_checkable
class ResumableSeparator(StreamableSeparator, Protocol):
    """A streaming separator whose state can be saved. An interrupted run resumes bit-identically."""

    def state(self) -> State | None:
        """The state since `StreamableSeparator.begin`; None where an inner separator's state cannot be read."""

    def restore(self, rate: int, state: State) -> None:
        """Continue from a state that `state` returned, bit-identically."""


class EngineSeparator:
    """A live engine as a `ResumableSeparator`: it runs hop by hop, and its latency is removed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._spec = engine.spec
        self._block, self._out = block_for(self._spec.inputs, self._spec.hop, self._spec.controls), block_for((), 1)
        self._rest = np.zeros((2, 0), np.float32)
        self._rate = self._taken = self._given = self._processed = self._late = 0

    @property
    def name(self) -> str:
        return self._spec.name

    @property
    def stems(self) -> tuple[str, ...]:
        return tuple(port.name for port in self._spec.audio(self._spec.outputs))

    @property
    def rates(self) -> tuple[int, ...]:
        return self._spec.rates

    def begin(self, rate: int) -> None:
        hop = self._spec.hop
        if rate != self._rate:
            self._engine.prepare(rate, hop)
            self._rate = rate
        else:
            self._engine.reset()
        self._late = self._engine.latency_frames(self.stems[0])
        self._out = block_for(self._spec.outputs, hop)
        self._rest = np.zeros((2, 0), np.float32)
        self._taken = self._given = self._processed = 0

    def push(self, mix: Audio) -> Audio:
        self._taken += mix.shape[1]
        return self._process(mix)

    def finish(self) -> Audio:
        wanted = self._taken - self._given
        silence = np.zeros((2, self._late + self._spec.hop), np.float32)
        return self._process(silence)[:, :, :wanted]

    def separate(self, mix: Audio, rate: int) -> Audio:
        self.begin(rate)
        return np.concatenate([self.push(mix), self.finish()], axis=2)

    def state(self) -> State:
        counts = np.array([self._taken, self._given, self._processed])
        engine = {f"engine.{name}": array for name, array in self._engine.state().items()}
        return engine | {"rest": self._rest.copy(), "counts": counts}

    def restore(self, rate: int, state: State) -> None:
        self.begin(rate)
        self._engine.restore({key[7:]: array for key, array in state.items() if key.startswith("engine.")})
        self._rest = state["rest"].astype(np.float32)
        self._taken, self._given, self._processed = (int(count) for count in state["counts"])

    def _process(self, mix: Audio) -> Audio:
        """Process all whole hops of the pending frames and ``mix``; the engine's latency is cut at the start."""
        hop = self._spec.hop
        waiting = np.concatenate([self._rest, mix], axis=1)
        hops = waiting.shape[1] // hop
        stems = np.zeros((len(self.stems), 2, hops * hop), np.float32)
        for i in range(hops):
            frame = i * hop
            self._block.audio["mix"][:] = waiting[:, frame : frame + hop]
            self._engine.process(self._block, BlockTime(frame, self._rate), self._out)
            for j, stem in enumerate(self.stems):
                stems[j, :, frame : frame + hop] = self._out.audio[stem]
        self._rest = waiting[:, hops * hop :]
        early = min(max(self._late - self._processed, 0), stems.shape[2])
        self._processed += stems.shape[2]
        stems = stems[:, :, early:]
        self._given += stems.shape[2]
        return stems
