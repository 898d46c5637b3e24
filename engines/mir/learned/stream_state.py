"""Streaming state of the learned analysis: the recurrent network state, the audio history, and delayed events."""

from __future__ import annotations

from dataclasses import astuple, fields
from typing import Any

import numpy as np

from bridge.core.arrays import Float32Array
from bridge.core.audio import Audio
from bridge.core.events import Payload, TimedEvent
from engines.onnx import BoundSession, check_shapes, open_session, read_state_shape
from engines.saved_state import SavedState

FIX = "if QUALITIES changed, train it again (docs/chords.md); else use the weights that ship (docs/training.md)"


class OnnxStepper(SavedState):
    """A recurrent ONNX network run one step at a time: features in, outputs (logits or probabilities) out.

    The graph sees the features of the last ``steps`` steps. Its inputs are named ``levels`` and ``state``, its outputs
    ``chances`` and ``after`` (the next state).

    ``file``: the model's, for errors. ``outputs``: how many a step has. Raises: EngineError where the graph has other
    shapes.
    """

    saved_fields = ("features", "hidden_state")

    def __init__(self, file: str, model: bytes, steps: int, bands: int, outputs: int) -> None:
        session = open_session(model, file)
        state = read_state_shape(session, file, FIX)
        self.features = np.zeros((1, steps, bands), np.float32)
        self.hidden_state, self._next_state = np.zeros(state, np.float32), np.zeros(state, np.float32)
        self.outputs = np.zeros((1, 1, outputs), np.float32)
        check_shapes(
            session, file, {"levels": self.features.shape, "state": state},
            {"chances": self.outputs.shape, "after": state}, FIX,
        )  # fmt: skip
        inputs = {"levels": self.features, "state": self.hidden_state}
        self._bound = BoundSession(session, inputs, {"chances": self.outputs, "after": self._next_state})

    def reset(self) -> None:
        self.features[:] = 0.0
        self.hidden_state[:] = 0.0

    def step(self, features: Float32Array) -> Float32Array:
        """Run the network on the ``features`` (bands,) of the next step; the outputs are valid until the next call."""
        self.features[0, :-1] = self.features[0, 1:]
        self.features[0, -1] = features
        self._bound.run()
        self.hidden_state[:] = self._next_state
        outputs: Float32Array = self.outputs[0, -1]
        return outputs


class AudioHistory(SavedState):
    """The most recent audio, a row per source, and the number of analysed steps since its first frame, ``origin``.

    ``buffer`` (sources, frames): the audio ends before ``end``. The last window is moved to the front only when the
    space behind it is used up: moving it at each hop would copy 200 KB for nothing.
    """

    SPARE_HOPS = 16
    """Hops from one move to the next."""

    saved_fields = ("buffer", "end", "origin", "frames", "steps")

    def __init__(self, sources: int, window: int, hop: int) -> None:
        self._kept = window + hop
        self.buffer = np.zeros((sources, self._kept + self.SPARE_HOPS * hop), np.float32)
        self.reset()

    def reset(self) -> None:
        self.buffer[:] = 0.0
        self.end = self._kept
        self.origin, self.frames, self.steps = -1, 0, 0

    @property
    def next_frame(self) -> int:
        """The frame that is expected next; -1 before the first."""
        return self.origin + self.frames if self.origin >= 0 else -1

    def push(self, audio: Audio) -> None:
        """Append ``audio``, shape (sources, frames), at most a hop."""
        count = audio.shape[1]
        if self.end + count > self.buffer.shape[1]:
            self.buffer[:, : self._kept] = self.buffer[:, self.end - self._kept : self.end].copy()
            self.end = self._kept
        self.buffer[:, self.end : self.end + count] = audio
        self.end += count
        self.frames += count

    def read_window(self, source: int, frames: int, end: int) -> Float32Array:
        """The ``frames`` of ``source`` before ``end``, counted from the first frame on."""
        newest = self.end - (self.frames - end)
        window: Float32Array = self.buffer[source, newest - frames : newest]
        return window


class DelayedEvents(SavedState):
    """Delay queue of events: each leaves after the declared latency, so that all are equally late."""

    saved_fields = ("frames", "kinds", "values", "count")
    CAPACITY = 64

    def __init__(self, kinds: tuple[type[Payload], ...]) -> None:
        self._kinds = kinds
        self.frames = np.zeros(self.CAPACITY, np.int64)
        self.kinds = np.zeros(self.CAPACITY, np.int64)
        self.values = np.zeros((self.CAPACITY, 5))
        self.count = 0

    def reset(self) -> None:
        self.frames[:] = 0
        self.kinds[:] = 0
        self.values[:] = 0.0
        self.count = 0

    def push(self, frame: int, payload: Payload) -> None:
        """Insert in order of frames; a full queue drops its last event."""
        if self.count == self.CAPACITY:
            self.count -= 1
        at = int(np.searchsorted(self.frames[: self.count], frame, "right"))
        for array in (self.frames, self.kinds, self.values):
            array[at + 1 : self.count + 1] = array[at : self.count].copy()
        row = astuple(payload)
        self.frames[at], self.kinds[at] = frame, self._kinds.index(type(payload))
        self.values[at] = 0.0
        self.values[at, : len(row)] = row
        self.count += 1

    def pop_before(self, frame: int) -> list[TimedEvent]:
        """Remove and return the events of frames below ``frame``, in order."""
        ready = int(np.searchsorted(self.frames[: self.count], frame))
        events = []
        for i in range(ready):
            kind: type[Any] = self._kinds[int(self.kinds[i])]
            types = [field.type for field in fields(kind)]
            values = [int(v) if t == "int" else float(v) for v, t in zip(self.values[i], types, strict=False)]
            events.append(TimedEvent(int(self.frames[i]), kind(*values)))
        for array in (self.frames, self.kinds, self.values):
            array[: self.count - ready] = array[ready : self.count].copy()
        self.count -= ready
        return events
