"""What the learned analysis keeps between blocks: its networks' memories, the last of the audio, what it told."""

from __future__ import annotations

import numpy as np

from bridge.core.audio import Audio
from bridge.errors import EngineError
from engines.mir.memory import Memory
from engines.onnx import Bound, Floats, open_session, shapes


class Heard(Memory):
    """A network and what it remembers: levels in, chances out, a step a call."""

    remembered = ("levels", "kept")

    def __init__(self, name: str, model: bytes, steps: int, bands: int) -> None:
        session = open_session(model, name)
        into, out = shapes(session)
        self.levels = np.zeros((1, steps, bands), np.float32)
        if into.get("levels") != self.levels.shape or "chances" not in out or into.get("state") != out.get("after"):
            raise EngineError(f"{name}: not a model of this engine", "use the weights that ship, or export them anew")
        self.kept = np.zeros(into["state"], np.float32)
        self._after = np.zeros_like(self.kept)
        self.chances = np.zeros(out["chances"], np.float32)
        inputs, outputs = {"levels": self.levels, "state": self.kept}, {"chances": self.chances, "after": self._after}
        self._bound = Bound(session, inputs, outputs)

    def forget(self) -> None:
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


class Listening(Memory):
    """The last of the audio, and how many steps of it were taken since ``origin``, the frame of its first."""

    remembered = ("recent", "origin", "frames", "steps")

    def __init__(self, window: int, hop: int) -> None:
        self.recent = np.zeros(window + hop, np.float32)
        self.forget()

    def forget(self) -> None:
        self.recent[:] = 0.0
        self.origin, self.frames, self.steps = -1, 0, 0

    def take(self, mono: Audio) -> None:
        count = len(mono)
        self.recent[:-count] = self.recent[count:]
        self.recent[-count:] = mono
        self.frames += count


class Telling(Memory):
    """The pulse as it was heard last, and what was told of it, so that no beat comes twice; in frames.

    ``beat``: when a beat was; ``period``: from one to the next, 0 where there is no pulse. ``awaited``: the beat told
    last while the network may still say that it was a downbeat, else -1; ``downbeat``: the most that it said so far.
    """

    remembered = ("beat", "period", "confidence", "told", "index", "bpm", "awaited", "downbeat")

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.beat, self.period, self.confidence = 0.0, 0.0, 0.0
        self.told, self.index, self.bpm = -1.0e18, 0, 0.0
        self.awaited, self.downbeat = -1.0, 0.0

    def due(self, block: int, too_soon: float) -> float:
        """The frame of the next beat that is not yet told; at most a quarter of a period before frame ``block``."""
        soonest = max(self.told + too_soon * self.period, block - 0.25 * self.period)
        return float(self.beat + max(np.ceil((soonest - self.beat) / self.period), 0.0) * self.period)
