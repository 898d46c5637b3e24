"""Two small engines that keep the contract, to be broken one promise at a time."""

from __future__ import annotations

import numpy as np

from bridge.core.control import Control
from bridge.core.engine import AudioPort, Block, EngineSpec, EventPort, State
from bridge.core.events import Chord, Midi, TimedEvent
from bridge.core.time import BlockTime
from bridge.errors import EngineError

DELAY = 40


class Delay:
    """Audio later by DELAY frames, and each chord as it comes."""

    spec = EngineSpec(
        name="test.delay",
        inputs=(AudioPort("mix"), EventPort("chords")),
        outputs=(AudioPort("delayed"), EventPort("chords")),
        hop=128,
        controls=(Control("test.gain", 0.0, 1.0, 1.0, doc="How loud."),),
    )

    def prepare(self, rate: int, max_frames: int, lead_frames: int = 0) -> None:
        if rate <= 0:
            raise EngineError(f"rate {rate} Hz", "use one above 0")
        self.rate = rate
        self.past = np.zeros((2, DELAY), np.float32)

    def latency_frames(self, port: str) -> int:
        return DELAY if port == "delayed" else 6000

    def process(self, block: Block, time: BlockTime, out: Block) -> None:
        clean = np.where(np.isfinite(block.audio["mix"]), block.audio["mix"], np.float32(0))
        line = np.concatenate([self.past, clean], axis=1)
        out.audio["delayed"][:] = line[:, : self.spec.hop] * np.float32(block.values["test.gain"])
        self.past[:] = line[:, self.spec.hop :]
        out.events["chords"] += [
            TimedEvent(max(event.frame, time.frame - 6000), event.payload) for event in block.events["chords"]
        ]

    def reset(self) -> None:
        self.past[:] = 0

    def state(self) -> State:
        return {"past": self.past.copy()}

    def restore(self, state: State) -> None:
        self.past[:] = state["past"]


class Player:
    """Half a beat of the latest chord's root, ahead by the lead, on each beat."""

    spec = EngineSpec(
        name="test.player",
        inputs=(EventPort("chords"), EventPort("beats")),
        outputs=(EventPort("midi"),),
        hop=128,
        predicts=True,
    )

    def prepare(self, rate: int, max_frames: int, lead_frames: int = 0) -> None:
        if rate <= 0:
            raise EngineError(f"rate {rate} Hz", "use one above 0")
        self.lead = lead_frames
        self.root = -1

    def latency_frames(self, port: str) -> int:
        return -self.lead

    def process(self, block: Block, time: BlockTime, out: Block) -> None:
        for event in block.events["chords"]:
            if isinstance(event.payload, Chord):
                self.root = event.payload.root
        if block.events["beats"] and self.root >= 0:
            start = self.start(time)
            for status, frame in ((0x90, start), (0x80, start + 1000)):
                out.events["midi"].append(TimedEvent(frame, Midi(bytes((status, 48 + self.root, 80)))))

    def start(self, time: BlockTime) -> int:
        return time.frame + self.spec.hop + self.lead

    def reset(self) -> None:
        self.root = -1

    def state(self) -> State:
        return {"root": np.array(self.root)}

    def restore(self, state: State) -> None:
        self.root = int(state["root"])
