"""Engine stream: feeds audio of any length to an engine hop by hop, and yields its output events with their times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from bridge.core.audio import CHANNELS, Audio
from bridge.core.engine import Engine, block_for
from bridge.core.events import TimedEvent
from bridge.core.time import BlockTime
from engines.downmix import Downmix


@dataclass(frozen=True, slots=True)
class TimedOutput:
    """An output event of an engine, from output ``port``.

    ``reported``: first frame of the block in which the engine sent it; ``event.frame`` is the time that it refers to.
    """

    port: str
    event: TimedEvent
    reported: int


class EngineStream:
    """Feeds audio in pieces of any length to an engine. Every audio input of the engine gets the song as it is."""

    def __init__(self, engine: Engine, rate: int, values: Mapping[str, float] | None = None) -> None:
        """Prepare ``engine`` for ``rate``. ``values``: controls that are not at their default."""
        spec = engine.spec
        engine.prepare(rate, spec.hop)
        engine.reset()
        self._engine, self._rate, self._hop = engine, rate, spec.hop
        self._in = block_for(spec.inputs, spec.hop, spec.controls)
        self._in.values = {**self._in.values, **(values or {})}
        self._out = block_for(spec.outputs, spec.hop)
        self._ports = {port.name: port.channels for port in spec.audio(spec.inputs)}
        self._tail = max((engine.latency_frames(port.name) for port in spec.events(spec.outputs)), default=0)
        self._downmix = Downmix(rate)
        self._waiting = np.zeros((CHANNELS, 0), np.float32)
        self._next = 0
        self.frames = 0
        """Frames of audio pushed so far."""

    def push(self, audio: Audio) -> Iterator[TimedOutput]:
        """Push the song's next frames, shape (2, any); yields the events of every hop that they complete."""
        self.frames += audio.shape[1]
        audio = np.concatenate([self._waiting, audio], axis=1)
        whole = audio.shape[1] - audio.shape[1] % self._hop
        self._waiting = audio[:, whole:].copy()
        for start in range(0, whole, self._hop):
            yield from self._process(audio[:, start : start + self._hop])

    def finish(self) -> Iterator[TimedOutput]:
        """Process the rest, then silence until the output with the longest delay has covered the song's last frame.

        Events that refer to the silence itself are left out.
        """
        end = self.frames
        silence = np.zeros((CHANNELS, self._hop), np.float32)
        rest = np.concatenate([self._waiting, silence], axis=1)[:, : self._hop]
        self._waiting = self._waiting[:, :0]
        while self._next < end + self._tail + self._hop:
            yield from (output for output in self._process(rest) if output.event.frame < end)
            rest = silence

    def _process(self, hop: Audio) -> Iterator[TimedOutput]:
        mono = hop.mean(axis=0)
        self._downmix.correct(hop, mono)
        for name, channels in self._ports.items():
            self._in.audio[name][:] = hop if channels == CHANNELS else mono
        for events in self._out.events.values():
            events.clear()
        frame = self._next
        self._engine.process(self._in, BlockTime(frame, self._rate), self._out)
        self._next += self._hop
        for port, events in self._out.events.items():
            for event in events:
                yield TimedOutput(port, event, frame)
