"""Synthetic music with beats, chords and key known to the frame, and an engine that reports a script."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from bridge.core.arrays import Float64Array
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
    """Reports ``script`` on its port "said", each event ``delay`` frames late, and declares that latency."""

    def __init__(
        self, script: Sequence[tuple[int, Payload]], delay: int = 0, hop: int = 256, channels: int = 2
    ) -> None:
        self.spec = EngineSpec(
            "mir.scripted", (AudioPort("mix", channels), EventPort("midi")), (EventPort("said"),), hop
        )
        self._script, self._delay = script, delay
        self.received: list[Audio] = []

    def prepare(self, rate: int, max_frames: int, lead_frames: int = 0) -> None:
        self.rate = rate

    def latency_frames(self, port: str) -> int:
        return self._delay

    def process(self, block: Block, time: BlockTime, out: Block) -> None:
        self.received.append(block.audio["mix"].copy())
        out.events["said"] += [
            TimedEvent(frame, payload)
            for frame, payload in self._script
            if time.frame <= frame + self._delay < time.frame + self.spec.hop
        ]

    def reset(self) -> None:
        self.received.clear()

    def state(self) -> State:
        return {}

    def restore(self, state: State) -> None:
        pass


def band(frame_of: Callable[[float], float], beats: int, rate: int = RATE, first: int = 0) -> Audio:
    """Kick, snare, hats, a bass and chords: four beats a bar of C, Am, F, G from beat ``first`` on. Shape (2, frames).

    ``frame_of``: the frame of a beat, so that the truth is known to the frame; the audio ends on beat ``beats``.
    """
    audio = np.zeros(round(frame_of(beats)) + 1, np.float32)
    rng = np.random.default_rng(3)
    at = np.arange(rate // 4) / rate
    kick = np.sin(2 * np.pi * (45 * at + 4 * (1 - np.exp(-at / 0.02)))) * np.exp(-at / 0.08)
    snare = (0.5 * np.sin(2 * np.pi * 190 * at) + rng.normal(0, 0.4, len(at))) * np.exp(-at / 0.05)
    hat = np.diff(rng.normal(0, 0.2, len(at) + 1)) * np.exp(-at / 0.02)

    def put(sound: Float64Array, beat: float, level: float) -> None:
        start = round(frame_of(beat))
        part = audio[start : start + len(sound)]
        part += (level * sound[: len(part)]).astype(np.float32)

    for beat in range(first, beats):
        put(kick if beat % 2 == 0 else snare, beat, 0.5)
        put(hat, beat, 0.3)
        put(hat, beat + 0.5, 0.2)
        root = (36, 45, 41, 43)[beat // 4 % 4]
        length = round(frame_of(beat + 1)) - round(frame_of(beat))
        put(_note(root, length, rate), beat, 0.25)
        if beat % 4 == 0:
            length = round(frame_of(beat + 4)) - round(frame_of(beat))
            third = 3 if root == 45 else 4
            for pitch in (root + 12, root + 12 + third, root + 19):
                put(_note(pitch, length, rate), beat, 0.1)
    return np.repeat(audio[None], 2, axis=0)


def _note(pitch: int, frames: int, rate: int) -> Float64Array:
    at = np.arange(frames) / rate
    hz = 440.0 * 2 ** ((pitch - 69) / 12)
    wave = sum(np.sin(2 * np.pi * hz * n * at) / n for n in range(1, 9) if hz * n < rate / 2)
    fade = np.minimum(1.0, np.minimum(np.arange(frames), np.arange(frames)[::-1]) / (0.005 * rate))
    return np.asarray(wave * fade * np.exp(-at / 2.0), np.float64)
