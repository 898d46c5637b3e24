"""Engine contract: the interface of every engine for separation, analysis, accompaniment or synthesis.

These engines differ only in the ports that they declare. Engines are found by entry points in the group
``sideman.engines``; each entry is a callable that takes no argument and returns an Engine. The contract suite in
tests/contracts runs every registered engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import CHANNELS, Audio
from bridge.core.control import Control
from bridge.core.events import TimedEvent
from bridge.core.time import BlockTime

ENTRY_POINTS = "sideman.engines"
State = dict[str, NDArray[np.generic]]
"""The complete state of an engine, as named arrays: enough to continue bit-identically elsewhere."""


@dataclass(frozen=True, slots=True)
class AudioPort:
    """``channels`` of audio; arrays of shape (channels, hop)."""

    name: str
    channels: int = CHANNELS


@dataclass(frozen=True, slots=True)
class EventPort:
    """A stream of `TimedEvent`, sorted by frame."""

    name: str


Port = AudioPort | EventPort


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """The declaration of an engine, before it is prepared.

    ``hop``: frames a call of `process` takes, always. ``rates``: the sampling rates that it runs at natively;
    empty: any. ``controls``: what a user may set; values arrive with each block. Value ports are these
    controls. ``predicts``: events are placed ahead of the input that they are conditioned on (see
    `Engine.prepare`). ``resets_on_gap``: skipped input resets the engine (an audio state would smear it); an
    engine that tracks musical time sets it to False. ``keeps``: the arrays of its `State` that outlive a start, stop
    or jump of the host, by name or by the prefix before a dot: what it learned about the song.
    """

    name: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    hop: int
    rates: tuple[int, ...] = ()
    controls: tuple[Control, ...] = ()
    predicts: bool = False
    resets_on_gap: bool = True
    keeps: tuple[str, ...] = ()

    def audio(self, ports: tuple[Port, ...]) -> tuple[AudioPort, ...]:
        return tuple(port for port in ports if isinstance(port, AudioPort))

    def events(self, ports: tuple[Port, ...]) -> tuple[EventPort, ...]:
        return tuple(port for port in ports if isinstance(port, EventPort))


@dataclass(slots=True)
class Block:
    """Audio, events and values of one engine call, by port name.

    ``audio``: shape (channels, hop), float32. ``events``: lists sorted by frame. ``values``: each of the
    engine's own controls by name, constant over the block. ``stem_delay_frames``: the delay of its audio against the
    block's time: what arrives at frame f sounded at f - stem_delay_frames. An input block belongs to the caller and is
    read only; an output block has all its arrays filled and its (empty) lists appended to.
    """

    audio: dict[str, Audio] = field(default_factory=dict)
    events: dict[str, list[TimedEvent]] = field(default_factory=dict)
    values: Mapping[str, float] = field(default_factory=dict)
    stem_delay_frames: int = 0


def block_for(ports: tuple[Port, ...], hop: int, controls: tuple[Control, ...] = ()) -> Block:
    """A silent block for ``ports``, its values the defaults of ``controls``."""
    return Block(
        audio={p.name: np.zeros((p.channels, hop), np.float32) for p in ports if isinstance(p, AudioPort)},
        events={p.name: [] for p in ports if isinstance(p, EventPort)},
        values={c.name: c.default for c in controls},
    )


@runtime_checkable
class Engine(Protocol):
    """The interface. Calls come from one thread: `prepare` first, then process, reset, state, restore in any order."""

    @property
    def spec(self) -> EngineSpec: ...

    def prepare(self, rate: int, max_frames: int, lead_frames: int = 0) -> None:
        """Prepare for ``rate`` and for calls of at most ``max_frames``; allocate here, not in `process`.

        ``lead_frames`` matters to an engine that predicts: the events that one call emits must lie at or
        after the end of its block plus ``lead_frames`` (the buffering and reserve of its path), so that they
        arrive before they are due. Others ignore it. An impossible rate is an `EngineError`.
        """

    def latency_frames(self, port: str) -> int:
        """The latency of output ``port`` in frames, after `prepare`.

        Audio: an impulse at frame f of the input appears at frame f + latency of the output stream. Events:
        the call on block [a, a + hop) emits events that refer to frames >= a - latency. An engine that
        predicts reports minus ``lead_frames``.
        """

    def process(self, block: Block, time: BlockTime, out: Block) -> None:
        """Process one hop that starts at ``time.frame`` and fill ``out``, which belongs to the caller."""

    def reset(self) -> None:
        """Clear all state: from here on it is bit-identical to a fresh, prepared engine."""

    def state(self) -> State: ...

    def restore(self, state: State) -> None:
        """Continue from `state`, bit-identically."""
