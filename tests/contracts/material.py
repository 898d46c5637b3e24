"""Endless input for any engine, made from nothing but the ports that it declares."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from bridge.core.audio import Audio
from bridge.core.engine import Block, EngineSpec
from bridge.core.events import Beat, Chord, Key, Midi, TimedEvent
from bridge.core.time import BlockTime

TEMPO = 110.0
BARS_BEATS = 4
CHORDS = ((0, 0), (9, 1), (5, 0), (7, 2))
"""Root and quality, each for two beats: C, Am, F, G7."""
LOOP_BEATS = 2 * len(CHORDS)
HEARD_LATER = 6000
"""Frames by which chord events arrive after the frame that they are about, as an analyser's do."""


def arrival(event: TimedEvent) -> int:
    """The frame at which ``event`` reaches the engine."""
    return event.frame + (HEARD_LATER if isinstance(event.payload, Chord | Key) else 0)


@lru_cache(maxsize=16)
def _loop(rate: int, channels: int, seed: int) -> Audio:
    """Chords, a bass and noise bursts on the beats, shape (channels, LOOP_BEATS beats)."""
    rng = np.random.default_rng(seed)
    beat = round(60.0 * rate / TEMPO)
    time = np.arange(2 * beat) / rate
    fade = np.minimum(1.0, np.minimum(np.arange(2 * beat), np.arange(2 * beat)[::-1]) / (0.01 * rate))
    loop = np.zeros((channels, LOOP_BEATS * beat))
    for i, (root, quality) in enumerate(CHORDS):
        part = loop[:, 2 * i * beat : 2 * (i + 1) * beat]
        for pc in Chord(root, quality, root, 1.0).pitch_classes:
            wave = np.sin(2 * np.pi * 440.0 * 2.0 ** ((60 + pc - 69) / 12) * time + rng.uniform(0, 6)) * fade
            part += 0.1 * wave * rng.uniform(0.3, 1.0, (channels, 1))
        part += 0.2 * np.sin(2 * np.pi * 440.0 * 2.0 ** ((36 + root - 69) / 12) * time) * fade
    for i in range(LOOP_BEATS):
        burst = rng.normal(0, 0.3, beat // 4) * np.exp(-np.arange(beat // 4) / (0.02 * rate))
        loop[:, i * beat : i * beat + len(burst)] += burst
    return loop.astype(np.float32)


@dataclass(frozen=True)
class Material:
    """The input of a song without end. ``hosted``: the host rolls. ``silent``: nothing sounds or happens."""

    rate: int = 44100
    seed: int = 0
    hosted: bool = True
    silent: bool = False

    def at(self, frame: int) -> BlockTime:
        if not self.hosted:
            return BlockTime(frame, self.rate)
        return BlockTime(frame, self.rate, frame * TEMPO / (60.0 * self.rate), TEMPO, True, BARS_BEATS, True)

    def audio(self, channels: int, first: int, frames: int) -> Audio:
        if self.silent:
            return np.zeros((channels, frames), np.float32)
        loop = _loop(self.rate, channels, self.seed)
        return loop.take(np.arange(first, first + frames), axis=1, mode="wrap")

    def events(self, port: str, first: int, frames: int) -> list[TimedEvent]:
        """What arrives on ``port`` in a block. Ports are known by name; a strange one hears everything."""
        if self.silent:
            return []
        known = {"midi": self._notes, "beats": self._beats, "chords": self._chords}
        makers = [known[port]] if port in known else list(known.values())
        return sorted((event for make in makers for event in make(first, frames)), key=lambda event: event.frame)

    def block(self, spec: EngineSpec, first: int, frames: int) -> Block:
        return Block(
            audio={port.name: self.audio(port.channels, first, frames) for port in spec.audio(spec.inputs)},
            events={port.name: self.events(port.name, first, frames) for port in spec.events(spec.inputs)},
            values={control.name: control.default for control in spec.controls},
        )

    def _every(self, beats: float, offset: float, first: int, frames: int) -> list[tuple[int, int]]:
        """(index, frame) of each multiple of ``beats`` that falls within the block."""
        step = beats * 60.0 * self.rate / TEMPO
        start = max(int((first - offset) / step) - 1, 0)
        found = ((i, round(i * step + offset)) for i in range(start, int((first + frames - offset) / step) + 2))
        return [(i, frame) for i, frame in found if first <= frame < first + frames]

    def _beats(self, first: int, frames: int) -> list[TimedEvent]:
        beats = self._every(1.0, 0.0, first, frames)
        return [TimedEvent(f, Beat(i % BARS_BEATS, BARS_BEATS, TEMPO, 1.0, i)) for i, f in beats]

    def _chords(self, first: int, frames: int) -> list[TimedEvent]:
        events = []
        for i, frame in self._every(2.0, HEARD_LATER, first, frames):
            root, quality = CHORDS[(i + self.seed) % len(CHORDS)]
            if i == 0:
                events.append(TimedEvent(frame - HEARD_LATER, Key(0, 0, 0.9)))
            events.append(TimedEvent(frame - HEARD_LATER, Chord(root, quality, root, 0.9)))
        return events

    def _notes(self, first: int, frames: int) -> list[TimedEvent]:
        length = 0.4 * 60.0 * self.rate / TEMPO
        on = [TimedEvent(f, Midi(bytes((0x90, 60 + i % 7, 90)))) for i, f in self._every(1.0, 0.0, first, frames)]
        off = [TimedEvent(f, Midi(bytes((0x80, 60 + i % 7, 0)))) for i, f in self._every(1.0, length, first, frames)]
        return on + off
