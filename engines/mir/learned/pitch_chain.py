"""The notes of a source with one voice, such as the bass or the singer."""

from __future__ import annotations

import numpy as np

from bridge.core.events import Note, TimedEvent
from engines.mir.learned.features import STEPS_A_SECOND
from engines.mir.learned.notes import LOST, STAY, WINDOW_S, NoteTracker, YinPitch
from engines.mir.learned.stream_state import DelayedEvents
from engines.onnx import Floats
from engines.saved_state import SavedState


class PitchChain:
    """One source, step by step."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._pitch, self._tracker, self._waiting = YinPitch(rate), NoteTracker(), DelayedEvents((Note,))
        self.window = self._pitch.window
        self._step = round(rate / STEPS_A_SECOND)
        self.latency = round((max(STAY, LOST) / STEPS_A_SECOND + WINDOW_S / 2) * rate)
        """A pitch is that of its window's middle, and waits until it has stayed."""

    def parts(self) -> dict[str, SavedState]:
        return {"tracker": self._tracker, "waiting": self._waiting}

    def hear(self, window: Floats, end: int) -> None:
        """A step whose ``window`` of audio ends before frame ``end``."""
        rms = float(np.sqrt((window[-self._step :] ** 2).mean()))
        pitch, sure = self._pitch.of(window) if rms > 0 else (0.0, 0.0)
        last = end - self.latency
        for note, ago in self._tracker.hear(pitch, sure, rms):
            last = max(last, round(end - (ago / STEPS_A_SECOND + WINDOW_S / 2) * self.rate))
            self._waiting.add(last, note)

    def events_before(self, frame: int) -> list[TimedEvent]:
        return self._waiting.due(frame)
