"""Chords and keys: what the harmony network hears, and the trackers behind it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.core.events import QUALITIES, Chord, Key, TimedEvent
from engines.mir.learned.chord_tracker import CLASSES, LOOKS_A_SECOND, PATIENCE, ChordTracker, KeyTracker
from engines.mir.learned.features import HARMONY_BANDS, HARMONY_WINDOW_S, SILENT, harmony_levels
from engines.mir.learned.stream_state import DelayedEvents, OnnxStepper
from engines.onnx import Floats
from engines.saved_state import SavedState

DELAY_S = HARMONY_WINDOW_S / 2 + 0.2
"""How long before its end a look's answer holds: half its window, and a fifth of a second to tell a change from a
passing note. What the network was trained to say."""
SIZES = (CLASSES + 1, CLASSES * len(QUALITIES), CLASSES + 1, 2 * CLASSES)
"""Of the network's heads: roots and none, qualities of each root, basses and none, keys."""
NO_ROOT = np.eye(CLASSES + 1)[CLASSES]


class SoundStart(SavedState):
    """Since which frame there is sound, -1 in silence: a window hears a chord before that comes to its middle."""

    saved_fields = ("since",)

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.since = -1

    def hear(self, silent: bool, earliest: int) -> None:
        """A look; if sound begins in it, then at ``earliest``."""
        self.since = -1 if silent else self.since if self.since >= 0 else earliest


class HarmonyChain:
    """One source, look by look."""

    def __init__(self, rate: int, model: bytes) -> None:
        self.rate = rate
        self._levels = harmony_levels(rate)
        self.window = self._levels.window
        self._network = OnnxStepper("mir-harmony", model, 1, HARMONY_BANDS)
        self._edges = np.cumsum(SIZES)[:-1]
        self._chords, self._keys, self._waiting = ChordTracker(), KeyTracker(), DelayedEvents((Chord, Key))
        self._sounding = SoundStart()
        self.latency = round((DELAY_S + (PATIENCE - 1) / LOOKS_A_SECOND) * rate)

    def parts(self) -> dict[str, SavedState]:
        return {
            "network": self._network, "sounding": self._sounding, "chords": self._chords, "keys": self._keys,
            "waiting": self._waiting,
        }  # fmt: skip

    def hear(self, window: Floats, end: int) -> tuple[NDArray[np.float64], float]:
        """A look whose ``window`` of audio ends before frame ``end``: the chances of roots and none (13,), and of what
        frame they speak."""
        levels = self._levels.of(window)
        root, quality, bass, key = np.split(self._network.hear(levels).astype(np.float64), self._edges)
        look = self.rate // LOOKS_A_SECOND
        if silent := bool(levels.max() < SILENT):
            root = NO_ROOT
        self._sounding.hear(silent, max(end - look, 0))
        spoken, earliest = end - DELAY_S * self.rate, max(end - self.latency, self._sounding.since)
        qualities = quality.reshape(CLASSES, -1)
        if (changed := self._chords.hear(root, qualities, bass)) is not None:
            chord, looks = changed
            self._waiting.add(max(round(spoken - looks * self.rate / LOOKS_A_SECOND), earliest), chord)
        if (found := self._keys.hear(key, root, qualities)) is not None:
            self._waiting.add(round(spoken), found)
        return root, spoken

    def events_before(self, frame: int) -> list[TimedEvent]:
        return self._waiting.due(frame)
