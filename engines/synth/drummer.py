"""The drums of synth.plain: sounds made beforehand, played side by side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import Audio
from engines.saved_state import SavedState
from engines.synth.instrument import HATS
from engines.synth.kit import OTHER, kit
from engines.synth.voices import NEVER

MOST = 32
"""Strokes at once. One more takes the place of the one that has sounded for longest."""
CUT_S = 0.012
"""The time constant with which an open hi-hat is stopped."""


class Drummer(SavedState):
    """``age``: frames since a stroke began, negative where it has yet to; ``cut``: at which age it is stopped."""

    saved_fields = ("active", "drum", "velocity", "age", "cut")

    def __init__(self, rate: int, frames: int) -> None:
        self._kit = kit(rate)
        self._frames, self._cut_frames = frames, CUT_S * rate
        self.active = np.zeros(MOST, np.bool_)
        self.drum, self.velocity, self.age, self.cut = (np.zeros(MOST, np.int64) for _ in range(4))

    def reset(self) -> None:
        for name in self.saved_fields:
            getattr(self, name)[...] = 0

    def strike(self, drum: int, velocity: int, offset: int) -> None:
        """``drum``: a General MIDI note; ``offset``: frames into the coming block."""
        drum = drum if drum in self._kit else OTHER
        if drum in HATS:
            self._stop(self.active & np.isin(self.drum, HATS), offset)
        free = np.flatnonzero(~self.active)
        place = int(free[0]) if len(free) else int(np.argmax(self.age))
        self.active[place], self.drum[place], self.velocity[place] = True, drum, velocity
        self.age[place], self.cut[place] = -offset, NEVER

    def stop_all(self, offset: int) -> None:
        self._stop(self.active, offset)

    def _stop(self, which: NDArray[np.bool_], offset: int) -> None:
        self.cut[which] = np.minimum(self.cut[which], np.maximum(self.age[which] + offset, 0))

    def add_to(self, out: Audio, gains: NDArray[np.float32]) -> None:
        """Add the next frames to ``out``; both have the shape (2, frames)."""
        for place in np.flatnonzero(self.active):
            sound, age, cut = self._kit[int(self.drum[place])], int(self.age[place]), int(self.cut[place])
            begins = max(-age, 0)
            piece = sound[:, age + begins : age + self._frames] * np.float32((self.velocity[place] / 127) ** 1.8)
            ends = begins + piece.shape[1]
            if cut < age + self._frames:
                since = np.maximum(np.arange(age + begins, age + ends) - cut, 0)
                piece *= np.exp(-since / self._cut_frames).astype(np.float32)
            out[:, begins:ends] += piece * gains[:, begins:ends]
            self.age[place] += self._frames
            over = self.age[place] >= sound.shape[1] or self.age[place] > cut + 10 * self._cut_frames
            self.active[place] = not over
