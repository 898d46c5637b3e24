"""Running an engine over material and keeping all that it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from bridge.core.audio import Audio
from bridge.core.engine import Block, Engine, EngineSpec, State, block_for
from bridge.core.events import Midi, TimedEvent
from tests.contracts.material import Material, arrival

Factory = Callable[[], Engine]
Change = Callable[[Block, int], None]
"""Alters the input block that starts at a frame."""


@dataclass
class EngineOutput:
    """What came out: audio by port, shape (channels, frames); events by port; the first frame of each call."""

    hops: list[dict[str, Audio]] = field(default_factory=list)
    calls: list[tuple[int, dict[str, list[TimedEvent]]]] = field(default_factory=list)

    def audio(self, port: str) -> Audio:
        return np.concatenate([hop[port] for hop in self.hops], axis=1)

    def events(self, port: str) -> list[TimedEvent]:
        return [event for _, events in self.calls for event in events[port]]

    def first(self, hops: int) -> EngineOutput:
        """What came out of the first calls."""
        return EngineOutput(self.hops[:hops], self.calls[:hops])

    def append(self, first: int, out: Block) -> None:
        self.hops.append({name: array.copy() for name, array in out.audio.items()})
        self.calls.append((first, {name: list(events) for name, events in out.events.items()}))


def prepare_engine(factory: Factory, rate: int = 44100, lead_frames: int = 0) -> Engine:
    engine = factory()
    engine.prepare(rate, engine.spec.hop, lead_frames)
    return engine


def hops_for(spec: EngineSpec, rate: int, seconds: float) -> int:
    return -(-int(seconds * rate) // spec.hop)


def step(
    engine: Engine, block: Block, material: Material, first: int, output: EngineOutput, poison: float = 0.0
) -> None:
    """One call, its output arrays filled with ``poison`` before."""
    out = block_for(engine.spec.outputs, engine.spec.hop)
    for array in out.audio.values():
        array.fill(poison)
    engine.process(block, material.at(first), out)
    output.append(first, out)


def run(
    engine: Engine,
    material: Material,
    hops: int,
    first_hop: int = 0,
    change: Change | None = None,
    poison: float = 0.0,
) -> EngineOutput:
    """``hops`` calls from ``first_hop`` on."""
    output, hop = EngineOutput(), engine.spec.hop
    for i in range(first_hop, first_hop + hops):
        block = material.block(engine.spec, i * hop, hop)
        if change is not None:
            change(block, i * hop)
        step(engine, block, material, i * hop, output, poison)
    return output


@lru_cache(maxsize=3)
def _start(factory: Factory, material: Material) -> tuple[Engine, EngineOutput]:
    return prepare_engine(factory), EngineOutput()


def run_new(factory: Factory, material: Material, hops: int) -> EngineOutput:
    """The first ``hops`` calls of a new engine. It is kept and goes on where a check asks for more of them: most checks
    compare with the same calls, which an engine that computes long need not make each time."""
    engine, output = _start(factory, material)
    done = len(output.hops)
    more = run(engine, material, max(hops - done, 0), done)
    output.hops += more.hops
    output.calls += more.calls
    return output.first(hops)


def run_in_blocks(engine: Engine, material: Material, frames: int, size: int) -> EngineOutput:
    """The same input pushed in a caller's blocks of ``size``; the engine is called whenever a hop is whole."""
    output, hop, spec = EngineOutput(), engine.spec.hop, engine.spec
    waiting = block_for(spec.inputs, 0, spec.controls)
    done = 0
    for first in range(0, frames, size):
        given = material.block(spec, first, min(size, frames - first))
        for name, array in given.audio.items():
            waiting.audio[name] = np.concatenate([waiting.audio[name], array], axis=1)
        for name, events in given.events.items():
            waiting.events[name] = waiting.events[name] + events
        while first + min(size, frames - first) >= done + hop:
            step(engine, _cut(waiting, spec, done + hop), material, done, output)
            done += hop
    return output


def _cut(waiting: Block, spec: EngineSpec, end: int) -> Block:
    """Take one hop off ``waiting``; events that arrive late go with the hop in which they arrive."""
    hop = spec.hop
    audio = {name: array[:, :hop].copy() for name, array in waiting.audio.items()}
    events: dict[str, list[TimedEvent]] = {}
    for name, queue in waiting.events.items():
        events[name] = sorted((e for e in queue if arrival(e) < end), key=lambda event: event.frame)
        waiting.events[name] = [e for e in queue if arrival(e) >= end]
    for name, array in waiting.audio.items():
        waiting.audio[name] = array[:, hop:]
    return Block(audio, events, waiting.values)


def copy_state(state: State) -> State:
    return {name: np.array(array, copy=True) for name, array in state.items()}


def same(one: EngineOutput, other: EngineOutput) -> bool:
    """Bit-identical, audio and events, call by call."""
    return one.calls == other.calls and all(
        np.array_equal(a[name], b[name], equal_nan=True)
        for a, b in zip(one.hops, other.hops, strict=True)
        for name in a
    )


def note_ons(events: list[TimedEvent]) -> list[TimedEvent]:
    return [e for e in events if isinstance(e.payload, Midi) and e.payload.data[0] & 0xF0 == 0x90 and e.payload.data[2]]
