"""Harmony chain of the learned engine: log bands, harmony network, chord tracker and key tracker of one source."""

from __future__ import annotations

from collections.abc import Callable
from math import nan

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
BEAT_MIDDLE_S, BEAT_REACH_S = 0.07, 0.13
"""A step is at a beat if that is so long before it, give or take the second: a change shows up to two steps late."""
SNAP_S = 0.12
"""A chord that starts this close to a beat starts on it: steps are a tenth of a second apart."""
NO_ROOT = np.eye(PITCH_CLASSES + 1)[PITCH_CLASSES]


def find_no_beat(_frame: float) -> float:
    """The beat near any frame where no beats are known."""
    return nan


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

    def process(
        self, window: Float32Array, end: int, find_beat: Callable[[float], float] = find_no_beat
    ) -> tuple[NDArray[np.float64], float]:
        """Analyse a harmony step whose ``window`` of audio ends before frame ``end``.

        ``find_beat``: returns the frame of the beat nearest to a frame, or NaN where there is none.

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
        after_s = (frame - find_beat(frame - BEAT_MIDDLE_S * self.rate)) / self.rate
        at_beat = not after_s < BEAT_MIDDLE_S - BEAT_REACH_S and not after_s > BEAT_MIDDLE_S + BEAT_REACH_S
        if (changed := self._chords.update(root, qualities, bass, at_beat=at_beat)) is not None:
            chord, steps_ago = changed
            start = frame - steps_ago * self.rate / HARMONY_STEPS_PER_SECOND
            beat = find_beat(start)
            if chord.root >= 0 and abs(start - beat) <= SNAP_S * self.rate:
                start = beat
            self._delayed.push(max(round(start), earliest), chord)
        if (found := self._keys.update(key, root, qualities)) is not None:
            self._delayed.push(round(frame), found)
        return root, frame

    def pop_events_before(self, frame: int) -> list[TimedEvent]:
        return self._delayed.pop_before(frame)
