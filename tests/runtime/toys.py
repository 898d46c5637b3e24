"""Toy engines: a few lines each, some of them wrong on purpose."""

from __future__ import annotations

import os
from collections.abc import Callable
from time import sleep

import numpy as np

from bridge.core.audio import CHANNELS, STEMS
from bridge.core.control import Control
from bridge.core.engine import AudioPort, Block, Engine, EngineSpec, EventPort, State
from bridge.core.events import Onset, TimedEvent
from bridge.core.time import BlockTime
from bridge.runtime.engine_runner import EngineRunner
from tests.runtime.callback_driver import HOP, PLAN, SEPARATION, Callback

Act = Callable[[Block, BlockTime, Block], None]

SEPARATION_SPEC = EngineSpec("toy.separation", (AudioPort("mix"),), tuple(AudioPort(stem) for stem in STEMS[:-1]), HOP)
MIR_SPEC = EngineSpec("toy.mir", (AudioPort("mix"),), (EventPort("beats"), EventPort("chords")), HOP)
PLAYER_INPUTS = (EventPort("chords"), EventPort("midi"))
ACCOMPANIMENT_SPEC = EngineSpec("toy.accompaniment", PLAYER_INPUTS, (EventPort("midi"),), HOP)
FAILS = "SIDEMAN_TOY_FAILS"
"""With this in the environment the toy in a worker process fails: "prepare" where it is prepared, "hang early" in its
first hops; "hang" or "spin" as soon as it gets the stream; "once" in one hop, a second after that."""


FAR = 37
"""The delay of `Halves` in its own frames: whole frames at no rate that it is resampled to."""


def split_evenly(block: Block, time: BlockTime, out: Block) -> None:
    """A quarter of the mix for each stem."""
    for audio in out.audio.values():
        audio[:] = block.audio["mix"] * np.float32(0.25)


def do_nothing(block: Block, time: BlockTime, out: Block) -> None:
    for audio in out.audio.values():
        audio.fill(0.0)


class Toy:
    """An engine that does ``act`` with each hop and keeps a log of what happened to it."""

    def __init__(self, spec: EngineSpec, act: Act = do_nothing, latency: int = 0) -> None:
        self._spec, self._act, self._latency = spec, act, latency
        self.log: list[int | str] = []
        """First frames of the hops, and "prepare" and "reset"."""
        self.times: list[BlockTime] = []
        self.received: list[tuple[int, str, TimedEvent]] = []
        """(first frame of the hop, port, event)"""

    @property
    def spec(self) -> EngineSpec:
        return self._spec

    def prepare(self, rate: int, max_frames: int, lead_frames: int = 0) -> None:
        self.log.append("prepare")

    def latency_frames(self, port: str) -> int:
        return self._latency

    def process(self, block: Block, time: BlockTime, out: Block) -> None:
        self.log.append(time.frame)
        self.times.append(time)
        self.received += [(time.frame, port, event) for port, events in block.events.items() for event in events]
        self._act(block, time, out)

    def reset(self) -> None:
        self.log.append("reset")

    def state(self) -> State:
        return {}

    def restore(self, state: State) -> None:
        pass


class Halves:
    """At 44.1 and 48 kHz only. Half of the mix is drums, a quarter each bass and vocals, FAR frames late."""

    spec = EngineSpec("toy.halves", (AudioPort("mix"),), tuple(AudioPort(stem) for stem in STEMS), 128, (44100, 48000))

    def prepare(self, rate: int, max_frames: int, lead_frames: int = 0) -> None:
        self.rate, self.past = rate, np.zeros((CHANNELS, FAR), np.float32)

    def latency_frames(self, port: str) -> int:
        return FAR

    def process(self, block: Block, time: BlockTime, out: Block) -> None:
        line = np.concatenate([self.past, block.audio["mix"]], axis=1)
        for stem, share in zip(STEMS, (0.5, 0.25, 0.25, 7.0), strict=True):  # its "other" is not used
            out.audio[stem][:] = line[:, : self.spec.hop] * np.float32(share)
        self.past[:] = line[:, self.spec.hop :]

    def reset(self) -> None:
        self.past[:] = 0

    def state(self) -> State:
        return {"past": self.past.copy()}

    def restore(self, state: State) -> None:
        self.past[:] = state["past"]


class Peaks(Toy):
    """Emits an onset where the mix is not silent, with the level of both inputs there."""

    def __init__(self) -> None:
        inputs, outputs = ("mix", "beat"), ("beats", "chords", "onsets")
        spec = EngineSpec("toy.peaks", tuple(map(AudioPort, inputs)), tuple(map(EventPort, outputs)), 96)
        super().__init__(spec)

    def process(self, block: Block, time: BlockTime, out: Block) -> None:
        mix, beat = block.audio["mix"][0], block.audio["beat"][0]
        out.events["onsets"] += [
            TimedEvent(time.frame + int(i), Onset(float(beat[i]), float(mix[i]))) for i in np.flatnonzero(mix)
        ]


class InWorker(Toy):
    """The toy that the tests of real worker processes register as an engine."""

    def __init__(self) -> None:
        super().__init__(SEPARATION_SPEC, split_evenly)

    def prepare(self, rate: int, max_frames: int, lead_frames: int = 0) -> None:
        if os.environ.get(FAILS) == "prepare":
            raise RuntimeError("prepared to fail")

    def process(self, block: Block, time: BlockTime, out: Block) -> None:
        how, streams = os.environ.get(FAILS), "reset" in self.log
        while how == "hang early" or (how == "hang" and streams):
            sleep(3600)
        while how == "spin" and streams:
            pass
        if how == "once" and streams and time.frame <= time.rate < time.frame + HOP:
            raise RuntimeError("failed on purpose")
        super().process(block, time, out)


def with_controls(spec: EngineSpec, *controls: Control) -> EngineSpec:
    return EngineSpec(spec.name, spec.inputs, spec.outputs, spec.hop, spec.rates, controls)


def make_runner(callback: Callback, engine: Engine, index: int = SEPARATION) -> EngineRunner:
    """``engine`` in the place of worker ``index``, prepared."""
    runner = EngineRunner(PLAN, PLAN.workers[index], callback.shared, engine)
    runner.prepare()
    return runner
