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
class Part:
    """A part of an accompaniment, such as the bass, on a MIDI channel of its own. ``channel``: from 0."""

    name: str
    channel: int


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """The declaration of an engine, before it is prepared.

    Attributes:
        name: The name in the engine registry.
        inputs: The input ports.
        outputs: The output ports.
        hop: Frames per call of `Engine.process`, always the same.
        rates: The sampling rates in Hz that the engine supports natively; empty: any.
        controls: The controls of the engine; their values arrive with each block.
        predicts: The engine emits events ahead of the input that they depend on (see `Engine.prepare`).
        resets_on_gap: Skipped input resets the engine, because a gap would smear into its audio state. An engine
            that tracks musical time sets this to False.
        keeps: The arrays of its `State` that survive a start, stop or jump of the host: what the engine learned about
            the song. Each is a name, or the prefix of a name before its dot.
        parts: The parts that an accompaniment plays.
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
    parts: tuple[Part, ...] = ()

    def audio(self, ports: tuple[Port, ...]) -> tuple[AudioPort, ...]:
        """The audio ports among ``ports``."""
        return tuple(port for port in ports if isinstance(port, AudioPort))

    def events(self, ports: tuple[Port, ...]) -> tuple[EventPort, ...]:
        """The event ports among ``ports``."""
        return tuple(port for port in ports if isinstance(port, EventPort))


@dataclass(slots=True)
class Block:
    """Audio, events and values of one engine call, by port name.

    An input block belongs to the caller and is read only. In an output block the engine fills all arrays and appends
    to the lists, which are empty.

    Attributes:
        audio: Arrays of shape (channels, hop), float32.
        events: Lists of events, sorted by frame.
        values: The values of the engine's own controls by name, constant over the block.
        stem_delay_frames: The delay of the audio relative to the block's time, in frames. Audio that arrives at frame
            f belongs to frame f - stem_delay_frames.
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
    """The interface of an engine.

    All calls come from one thread: `prepare` first, then the other methods in any order.
    """

    @property
    def spec(self) -> EngineSpec:
        """The declaration of the engine. It never changes."""

    def prepare(self, rate: int, max_frames: int, lead_frames: int = 0) -> None:
        """Prepare for a sampling rate and a block length. Allocate here, not in `process`.

        An engine that predicts is prepared again, at the same rate, where its lead changes. It is then like a new one.

        Args:
            rate: The sampling rate in Hz.
            max_frames: The largest number of frames per call.
            lead_frames: The buffering and reserve of the engine's path, in frames. Only an engine that predicts needs
                it: all events of a call must lie at or after the end of its block plus ``lead_frames``, so that they
                arrive before they are due.

        Raises:
            EngineError: The rate is not supported.
        """

    def latency_frames(self, port: str) -> int:
        """The latency of output ``port`` in frames, after `prepare`.

        Audio: an impulse at frame f of the input appears at frame f + latency of the output. Events: the call on the
        block of frames a to a + hop emits only events at frames of at least a - latency. An engine that predicts
        reports minus ``lead_frames``.
        """

    def process(self, block: Block, time: BlockTime, out: Block) -> None:
        """Process the hop that starts at ``time.frame`` and fill ``out``, which belongs to the caller."""

    def reset(self) -> None:
        """Clear all state. From here on the engine is bit-identical to a new, prepared one."""

    def state(self) -> State:
        """A copy of the complete state."""

    def restore(self, state: State) -> None:
        """Continue from a state that `state` returned, bit-identically."""
