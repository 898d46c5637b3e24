"""Separator protocols that models, engines and postprocessors share, and the adapter from a live engine."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np

from bridge.core.audio import Audio
from bridge.core.engine import Engine, State
from bridge.core.engine_stream import EngineStream, StreamOutput


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
        self._engine, self._spec = engine, engine.spec
        self._stream: EngineStream | None = None
        self._rate = 0

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
        if rate != self._rate:
            self._stream, self._rate = EngineStream(self._engine, rate), rate
        else:
            self._begun.reset()

    def push(self, mix: Audio) -> Audio:
        return self._stack(self._begun.push(mix))

    def finish(self) -> Audio:
        return self._stack(self._begun.flush())

    def separate(self, mix: Audio, rate: int) -> Audio:
        self.begin(rate)
        return np.concatenate([self.push(mix), self.finish()], axis=2)

    def state(self) -> State:
        return self._begun.state()

    def restore(self, rate: int, state: State) -> None:
        self.begin(rate)
        self._begun.restore(state)

    @property
    def _begun(self) -> EngineStream:
        if self._stream is None:
            raise ValueError("a separator begins before it takes a mix")
        return self._stream

    def _stack(self, output: StreamOutput) -> Audio:
        return np.stack([output.audio[stem] for stem in self.stems])
