"""Music whose beats, chords and key are known to the frame, and an engine that tells what it is told to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bridge.core.audio import Audio
from bridge.core.engine import AudioPort, Block, EngineSpec, EventPort, State
from bridge.core.events import Payload, TimedEvent
from bridge.core.time import BlockTime

RATE = 44100


def clicks(times_s: Sequence[float], seconds: float, rate: int = RATE) -> Audio:
    """A short noise burst at each time, shape (2, frames)."""
    audio = np.zeros((2, round(seconds * rate)), np.float32)
    length = rate // 50
    burst = np.random.default_rng(1).normal(0, 0.3, length) * np.exp(-np.arange(length) / (0.004 * rate))
    for time_s in times_s:
        at = round(time_s * rate)
        part = audio[:, at : at + length]
        part += burst[: part.shape[1]].astype(np.float32)
    return audio


def tones(chords: Sequence[Sequence[int]], each_s: float, rate: int = RATE) -> Audio:
    """Each chord, MIDI pitches, for ``each_s``; with four overtones a note. Shape (2, frames)."""
    frames = round(each_s * rate)
    at = np.arange(frames) / rate
    fade = np.minimum(1.0, np.minimum(at, each_s - at) / 0.01)
    parts = []
    for pitches in chords:
        wave = np.zeros(frames)
        for pitch in pitches:
            hz = 440.0 * 2 ** ((pitch - 69) / 12)
            wave += sum(np.sin(2 * np.pi * hz * n * at) / n**1.5 for n in range(1, 6) if hz * n < rate / 2)
        parts.append(0.08 * fade * wave)
    return np.repeat(np.concatenate(parts)[None].astype(np.float32), 2, axis=0)


CADENCE = ((48, 60, 64, 67), (53, 57, 60, 65), (55, 59, 62, 67), (48, 60, 64, 67))
"""C, F, G, C."""


class Scripted:
    """Tells ``script`` on its port "said", each event ``delay`` frames after it, and declares as much."""

    def __init__(
        self, script: Sequence[tuple[int, Payload]], delay: int = 0, hop: int = 256, channels: int = 2
    ) -> None:
        self.spec = EngineSpec(
            "mir.scripted", (AudioPort("mix", channels), EventPort("midi")), (EventPort("said"),), hop
        )
        self._script, self._delay = script, delay
        self.heard: list[Audio] = []

    def prepare(self, rate: int, max_frames: int, lead_frames: int = 0) -> None:
        self.rate = rate

    def latency_frames(self, port: str) -> int:
        return self._delay

    def process(self, block: Block, at: BlockTime, out: Block) -> None:
        self.heard.append(block.audio["mix"].copy())
        out.events["said"] += [
            TimedEvent(frame, payload)
            for frame, payload in self._script
            if at.frame <= frame + self._delay < at.frame + self.spec.hop
        ]

    def reset(self) -> None:
        self.heard.clear()

    def state(self) -> State:
        return {}

    def restore(self, state: State) -> None:
        pass
