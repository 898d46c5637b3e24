"""Harmony chain of the learned engine: log bands, harmony network, chord tracker and key tracker of one source."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.core.arrays import Float32Array
from bridge.core.chords import PITCH_CLASSES, QUALITIES
from bridge.core.events import Chord, Key, TimedEvent
from engines.mir.learned.chord_tracker import CONFIRM_STEPS, HARMONY_STEPS_PER_SECOND, ChordTracker, KeyTracker
from engines.mir.learned.features import HARMONY_BANDS, HARMONY_WINDOW_S, SILENT_BAND, make_harmony_log_bands
from engines.mir.learned.stream_state import DelayedEvents, OnnxStepper
from engines.saved_state import SavedState

FILE = "mir-harmony.onnx"
DELAY_S = HARMONY_WINDOW_S / 2 + 0.2
"""The network's output refers to this long before the window's end: half the window, and 0.2 s of lookahead to tell a
chord change from a passing note. It was trained with this delay."""
HEAD_SIZES = (PITCH_CLASSES + 1, PITCH_CLASSES * len(QUALITIES), PITCH_CLASSES + 1, 2 * PITCH_CLASSES)
"""Of the network's heads: roots and none, qualities of each root, basses and none, keys."""
NO_ROOT = np.eye(PITCH_CLASSES + 1)[PITCH_CLASSES]


class SoundStart(SavedState):
    """The frame since which there is sound, -1 in silence. No chord starts before it.

    A window contains the beginning of a chord before that reaches its middle.
    """

    saved_fields = ("since",)

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.since = -1

    def update(self, silent: bool, earliest: int) -> None:
        """A harmony step; if sound begins in it, then at ``earliest``."""
        self.since = -1 if silent else self.since if self.since >= 0 else earliest


class HarmonyChain:
    """Chords and keys of one source."""

    def __init__(self, rate: int, model: bytes, file: str = FILE) -> None:
        self.rate = rate
        self._log_bands = make_harmony_log_bands(rate)
        self.window = self._log_bands.window
        self._network = OnnxStepper(file, model, 1, HARMONY_BANDS, sum(HEAD_SIZES))
        self._head_edges = np.cumsum(HEAD_SIZES)[:-1]
        self._chords, self._keys, self._delayed = ChordTracker(), KeyTracker(), DelayedEvents((Chord, Key))
        self._sound_start = SoundStart()
        self.latency = round((DELAY_S + (CONFIRM_STEPS - 1) / HARMONY_STEPS_PER_SECOND) * rate)

    def list_parts(self) -> dict[str, SavedState]:
        return {
            "network": self._network, "sound_start": self._sound_start, "chords": self._chords, "keys": self._keys,
            "delayed": self._delayed,
        }  # fmt: skip

    def process(self, window: Float32Array, end: int) -> tuple[NDArray[np.float64], float]:
        """Analyse a harmony step whose ``window`` of audio ends before frame ``end``.

        Returns the probabilities of roots and none (13,), and the frame to which they refer.
        """
        log_bands = self._log_bands.compute(window)
        outputs = self._network.step(log_bands).astype(np.float64)
        root, quality, bass, key = np.split(outputs, self._head_edges)
        step_frames = self.rate // HARMONY_STEPS_PER_SECOND
        if silent := bool(log_bands.max() < SILENT_BAND):
            root = NO_ROOT
        self._sound_start.update(silent, max(end - step_frames, 0))
        frame, earliest = end - DELAY_S * self.rate, max(end - self.latency, self._sound_start.since)
        qualities = quality.reshape(PITCH_CLASSES, -1)
        if (changed := self._chords.update(root, qualities, bass)) is not None:
            chord, steps_ago = changed
            start = round(frame - steps_ago * self.rate / HARMONY_STEPS_PER_SECOND)
            self._delayed.push(max(start, earliest), chord)
        if (found := self._keys.update(key, root, qualities)) is not None:
            self._delayed.push(round(frame), found)
        return root, frame

    def pop_events_before(self, frame: int) -> list[TimedEvent]:
        return self._delayed.pop_before(frame)
