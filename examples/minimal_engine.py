"""Minimal engine: splits a stereo mix into what is the same on both sides (mid) and what differs (side).

Run it alone:            .venv/bin/python examples/minimal_engine.py
Register it in a package of yours, and `pytest tests/contracts` checks it:

    [project.entry-points."sideman.engines"]
    "example.mid_side" = "my_package.minimal_engine:MidSide"
"""

from __future__ import annotations

import numpy as np

from bridge.core.control import Control
from bridge.core.engine import AudioPort, Block, EngineSpec, State
from bridge.core.engine_stream import EngineStream
from bridge.core.time import BlockTime
from bridge.errors import EngineError

WIDTH = Control("example.width", 0.0, 2.0, 1.0, doc="Level of the side signal: 0 mono, 1 as it came, 2 wider.")


class MidSide:
    """``mix`` to ``mid`` and ``side``; at a width of 1 the two sum to the mix. No latency."""

    spec = EngineSpec(
        name="example.mid_side",
        inputs=(AudioPort("mix"),),
        outputs=(AudioPort("mid"), AudioPort("side")),
        hop=64,
        controls=(WIDTH,),
    )

    def prepare(self, rate: int, max_frames: int, lead_frames: int = 0) -> None:  # noqa: ARG002 - the contract
        if rate <= 0:
            raise EngineError(f"{self.spec.name}: a rate of {rate} Hz", "use a rate above 0")
        self._width = np.ones(1, np.float32)  # at the end of the last hop, so that a change is a ramp

    def latency_frames(self, port: str) -> int:  # noqa: ARG002
        return 0

    def process(self, block: Block, at: BlockTime, out: Block) -> None:  # noqa: ARG002
        mix = np.where(np.isfinite(block.audio["mix"]), block.audio["mix"], np.float32(0))  # shape (2, hop)
        target = np.float32(block.values[WIDTH.name])
        ramp = np.linspace(self._width[0], target, self.spec.hop + 1, dtype=np.float32)[1:]
        self._width[0] = target
        mid = (mix[0] + mix[1]) / 2
        out.audio["mid"][:] = mid
        out.audio["side"][:] = (mix - mid) * ramp

    def reset(self) -> None:
        self._width[:] = 1.0

    def state(self) -> State:
        return {"width": self._width.copy()}

    def restore(self, state: State) -> None:
        self._width[:] = state["width"]


def main() -> None:
    """Process a second of a tone that is louder on the left."""
    engine, rate = MidSide(), 48000
    stream = EngineStream(engine, rate)
    tone = np.sin(2 * np.pi * 1000 * np.arange(rate) / rate)
    output = stream.push(np.stack([0.5 * tone, 0.25 * tone]).astype(np.float32))
    for name, audio in output.audio.items():
        print(f"{name}: peak {np.abs(audio).max():.3f}, latency {engine.latency_frames(name)} frames")


if __name__ == "__main__":
    main()
