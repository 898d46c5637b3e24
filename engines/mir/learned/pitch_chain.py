"""Pitch chain of the learned engine: YIN and note tracker of one monophonic source, such as bass or vocals."""

from __future__ import annotations

import numpy as np

from bridge.core.arrays import Float32Array
from bridge.core.events import Note, TimedEvent
from engines.mir.learned.features import STEPS_PER_SECOND
from engines.mir.learned.notes import LOST_STEPS, STABLE_STEPS, WINDOW_S, NoteTracker, YinPitch
from engines.mir.learned.stream_state import DelayedEvents
from engines.saved_state import SavedState


class PitchChain:
    """Notes of one source."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._pitch, self._tracker, self._delayed = YinPitch(rate), NoteTracker(), DelayedEvents((Note,))
        self.window = self._pitch.window
        self._step_frames = round(rate / STEPS_PER_SECOND)
        self.latency = round((max(STABLE_STEPS, LOST_STEPS) / STEPS_PER_SECOND + WINDOW_S / 2) * rate)
        """A pitch refers to its window's middle, and is confirmed once it is stable."""

    def list_parts(self) -> dict[str, SavedState]:
        return {"tracker": self._tracker, "delayed": self._delayed}

    def process(self, window: Float32Array, end: int) -> None:
        """Analyse a step whose ``window`` of audio ends before frame ``end``."""
        rms = float(np.sqrt((window[-self._step_frames :] ** 2).mean()))
        pitch, confidence = self._pitch.estimate(window) if rms > 0 else (0.0, 0.0)
        last = end - self.latency
        for note, steps_ago in self._tracker.update(pitch, confidence, rms):
            last = max(last, round(end - (steps_ago / STEPS_PER_SECOND + WINDOW_S / 2) * self.rate))
            self._delayed.push(last, note)

    def pop_events_before(self, frame: int) -> list[TimedEvent]:
        return self._delayed.pop_before(frame)
