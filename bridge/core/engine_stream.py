"""Engine stream: runs an engine over a signal in pieces of any length, hop by hop, and takes its latency off the audio.

For files and evaluations. On the live signal path a hop comes from rings and may be late or missing: see
bridge/runtime/engine_runner.py.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from bridge.core.audio import CHANNELS, Audio
from bridge.core.engine import Engine, State, block_for
from bridge.core.events import TimedEvent
from bridge.core.time import BlockTime


@dataclass(frozen=True, slots=True)
class TimedOutput:
    """An output event of an engine, from output ``port``.

    ``reported``: first frame of the block in which the engine sent it; ``event.frame`` is the time that it refers to.
    """

    port: str
    event: TimedEvent
    reported: int


class StreamOutput(NamedTuple):
    """``audio``: the next frames of each audio output, shape (channels, any). ``events``: in the order of the hops."""

    audio: dict[str, Audio]
    events: list[TimedOutput]


class EngineStream:
    """Feeds a signal of any length to an engine; what comes out does not depend on the lengths of the pieces.

    Output audio is aligned with the input: its frame f is the engine's answer to frame f. Every audio input of the
    engine gets the same signal. An input event arrives with the hop that holds its frame, or with the next one if it
    is pushed later. Memory depends on the pieces alone, not on how many there are.

    Call `push` or `advance` any number of times, then `flush`; `reset` starts again.
    """

    def __init__(
        self,
        engine: Engine,
        rate: int,
        values: Mapping[str, float] | None = None,
        time_at: Callable[[int], BlockTime] | None = None,
        lead_frames: int = 0,
    ) -> None:
        """Prepare ``engine`` for ``rate`` in Hz and reset it.

        ``values``: controls that are not at their default. ``time_at``: the position of the hop that begins at a frame;
        by default there is no host. ``lead_frames``: see `Engine.prepare`.
        """
        spec = engine.spec
        engine.prepare(rate, spec.hop, lead_frames)
        self._engine, self._hop = engine, spec.hop
        self._time_at = time_at or (lambda frame: BlockTime(frame, rate))
        self._in = block_for(spec.inputs, spec.hop, spec.controls)
        self._in.values = {**self._in.values, **(values or {})}
        self._out = block_for(spec.outputs, spec.hop)
        self._latency = {port.name: engine.latency_frames(port.name) for port in spec.outputs}
        self._channels = CHANNELS if self._in.audio else 0
        self.reset()

    def reset(self) -> None:
        """Reset the engine and drop all that waits: the next frame pushed is frame 0."""
        self._engine.reset()
        self._waiting = np.zeros((self._channels, 0), np.float32)
        self._events: dict[str, deque[TimedEvent]] = {name: deque() for name in self._in.events}
        self._next = 0
        """First frame of the next hop."""
        self.frames = 0
        """Frames pushed so far."""

    def push(self, audio: Audio, events: Mapping[str, Sequence[TimedEvent]] | None = None) -> StreamOutput:
        """Push the next frames, shape (2, any), and ``events`` by input port; returns what comes out of whole hops."""
        self.frames += audio.shape[1]
        for name, added in (events or {}).items():
            self._events[name] = deque(sorted((*self._events[name], *added), key=lambda event: event.frame))
        return self._process(audio[: self._channels])

    def advance(self, frames: int, events: Mapping[str, Sequence[TimedEvent]] | None = None) -> StreamOutput:
        """Push ``frames`` of silence, and ``events``: for an engine without audio inputs."""
        return self.push(self._make_silence(frames), events)

    def flush(self) -> StreamOutput:
        """Process the rest, then silence until the output with the longest latency has covered the last frame.

        Every audio output then has given as many frames as were pushed. Events that refer to the silence are left out.
        """
        end, given = self.frames, {name: self._count_given(name) for name in self._out.audio}
        hops = -(-(end + max((0, *self._latency.values())) - self._next) // self._hop)
        audio, events = self._process(self._make_silence(hops * self._hop - self._waiting.shape[1]))
        return StreamOutput(
            {name: array[:, : end - given[name]] for name, array in audio.items()},
            [output for output in events if output.event.frame < end],
        )

    def state(self) -> State:
        """All that `restore` needs to continue to the same bits, as named arrays.

        Raises:
            ValueError: Input events wait, which have no arrays.
        """
        if any(self._events.values()):
            raise ValueError("a stream with input events that wait cannot be saved")
        engine = {f"engine.{name}": array for name, array in self._engine.state().items()}
        return engine | {"rest": self._waiting.copy(), "counts": np.array([self.frames, self._next])}

    def restore(self, state: State) -> None:
        """Continue from `state`, of another stream with the same engine and rate."""
        self.reset()
        prefix = "engine."
        engine = {key.removeprefix(prefix): array for key, array in state.items() if key.startswith(prefix)}
        self._engine.restore(engine)
        self._waiting = state["rest"].astype(np.float32)
        self.frames, self._next = int(state["counts"][0]), int(state["counts"][-1])

    def mix_to_mono(self, hop: Audio) -> Audio:
        """The signal of inputs that have one channel, shape (frames,): the mean of both, (2, frames)."""
        mono: Audio = hop.mean(axis=0)
        return mono

    def _make_silence(self, frames: int) -> Audio:
        return np.zeros((self._channels, frames), np.float32)

    def _count_given(self, name: str) -> int:
        """Frames of an audio output that were returned so far."""
        return max(self._next - self._latency[name], 0)

    def _process(self, audio: Audio) -> StreamOutput:
        """Process all whole hops of the frames that wait and ``audio``."""
        signal = np.concatenate([self._waiting, audio], axis=1)
        whole = signal.shape[1] - signal.shape[1] % self._hop
        self._waiting = signal[:, whole:].copy()
        early = {name: self._latency[name] - self._next for name in self._out.audio}
        outs = {name: np.empty((len(array), whole), np.float32) for name, array in self._out.audio.items()}
        events: list[TimedOutput] = []
        for start in range(0, whole, self._hop):
            events += self._process_hop(signal[:, start : start + self._hop])
            for name, array in self._out.audio.items():
                outs[name][:, start : start + self._hop] = array
        return StreamOutput({name: array[:, max(early[name], 0) :] for name, array in outs.items()}, events)

    def _process_hop(self, signal: Audio) -> list[TimedOutput]:
        """Process one hop; returns its events."""
        first, end = self._next, self._next + self._hop
        mono: Audio | None = None
        for array in self._in.audio.values():
            if len(array) != len(signal) and mono is None:
                mono = self.mix_to_mono(signal)
            array[:] = signal if len(array) == len(signal) else mono
        for name, waiting in self._events.items():
            arrived = self._in.events[name]
            arrived.clear()
            while waiting and waiting[0].frame < end:
                arrived.append(waiting.popleft())
        for events in self._out.events.values():
            events.clear()
        self._engine.process(self._in, self._time_at(first), self._out)
        self._next = end
        return [TimedOutput(name, event, first) for name, events in self._out.events.items() for event in events]
