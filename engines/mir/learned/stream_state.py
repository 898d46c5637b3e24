"""What the learned analysis keeps between blocks: its networks' memories, the last of the audio, what waits."""

from __future__ import annotations

from dataclasses import astuple, fields
from typing import Any

import numpy as np

from bridge.core.audio import Audio
from bridge.core.events import Payload, TimedEvent
from bridge.errors import EngineError
from engines.onnx import BoundSession, Floats, open_session, read_shapes
from engines.saved_state import SavedState


class OnnxStepper(SavedState):
    """A network and what it remembers: levels in, chances out, a step a call."""

    saved_fields = ("levels", "kept")

    def __init__(self, name: str, model: bytes, steps: int, bands: int) -> None:
        session = open_session(model, name)
        into, out = read_shapes(session)
        self.levels = np.zeros((1, steps, bands), np.float32)
        if into.get("levels") != self.levels.shape or "chances" not in out or into.get("state") != out.get("after"):
            raise EngineError(f"{name}: not a model of this engine", "use the weights that ship, or export them anew")
        self.kept = np.zeros(into["state"], np.float32)
        self._after = np.zeros_like(self.kept)
        self.chances = np.zeros(out["chances"], np.float32)
        inputs, outputs = {"levels": self.levels, "state": self.kept}, {"chances": self.chances, "after": self._after}
        self._bound = BoundSession(session, inputs, outputs)

    def reset(self) -> None:
        self.levels[:] = 0.0
        self.kept[:] = 0.0

    def hear(self, levels: Floats) -> Floats:
        """Take the levels (bands,) of a step; its chances, valid until the next."""
        self.levels[0, :-1] = self.levels[0, 1:]
        self.levels[0, -1] = levels
        self._bound.run()
        self.kept[:] = self._after
        chances: Floats = self.chances[0, -1]
        return chances


class AudioHistory(SavedState):
    """The last of the audio, a row a source, and how many steps of it were taken since ``origin``, its first frame.

    ``recent`` (sources, frames): what came lies before ``end``. Only when there is no more room behind it the last
    window is moved to the front: to move all of it each hop would go through 200 KB of memory for nothing.
    """

    ROOM = 16
    """Hops from one move to the next."""

    saved_fields = ("recent", "end", "origin", "frames", "steps")

    def __init__(self, sources: int, window: int, hop: int) -> None:
        self._kept = window + hop
        self.recent = np.zeros((sources, self._kept + self.ROOM * hop), np.float32)
        self.reset()

    def reset(self) -> None:
        self.recent[:] = 0.0
        self.end = self._kept
        self.origin, self.frames, self.steps = -1, 0, 0

    @property
    def next_frame(self) -> int:
        """The frame that is to come next; -1 before the first."""
        return self.origin + self.frames if self.origin >= 0 else -1

    def take(self, audio: Audio) -> None:
        """``audio``: shape (sources, frames), at most a hop."""
        count = audio.shape[1]
        if self.end + count > self.recent.shape[1]:
            self.recent[:, : self._kept] = self.recent[:, self.end - self._kept : self.end].copy()
            self.end = self._kept
        self.recent[:, self.end : self.end + count] = audio
        self.end += count
        self.frames += count

    def window(self, source: int, frames: int, end: int) -> Floats:
        """The ``frames`` of ``source`` before ``end``, a count of frames from the first on."""
        newest = self.end - (self.frames - end)
        window: Floats = self.recent[source, newest - frames : newest]
        return window


class DelayedEvents(SavedState):
    """Events that are known and not yet due: what is said late is said equally late, as declared."""

    saved_fields = ("frames", "kinds", "values", "count")
    ROOM = 64

    def __init__(self, kinds: tuple[type[Payload], ...]) -> None:
        self._kinds = kinds
        self.frames = np.zeros(self.ROOM, np.int64)
        self.kinds = np.zeros(self.ROOM, np.int64)
        self.values = np.zeros((self.ROOM, 5))
        self.count = 0

    def reset(self) -> None:
        self.frames[:] = 0
        self.kinds[:] = 0
        self.values[:] = 0.0
        self.count = 0

    def add(self, frame: int, payload: Payload) -> None:
        """Keep it; a full room forgets what would come last, which only a machine gun of notes brings about."""
        if self.count == self.ROOM:
            self.count -= 1
        at = int(np.searchsorted(self.frames[: self.count], frame, "right"))
        for array in (self.frames, self.kinds, self.values):
            array[at + 1 : self.count + 1] = array[at : self.count].copy()
        told = astuple(payload)
        self.frames[at], self.kinds[at] = frame, self._kinds.index(type(payload))
        self.values[at] = 0.0
        self.values[at, : len(told)] = told
        self.count += 1

    def due(self, before: int) -> list[TimedEvent]:
        """Those of frames below ``before``, in order."""
        ready = int(np.searchsorted(self.frames[: self.count], before))
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
