"""Drum sampler of synth.plain: plays the samples of the kit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import Audio
from engines.saved_state import SavedState
from engines.synth.instrument import HI_HATS
from engines.synth.kit import FALLBACK_DRUM, make_kit
from engines.synth.voices import NO_AGE

MAX_HITS = 32
"""Hits at once. One more replaces the oldest."""
CUT_S = 0.012
"""Time constant of the fade of a choked hi-hat."""


class DrumSampler(SavedState):
    """State of the hits. ``age``: frames since a hit, negative before it. ``cut``: the age at which it is stopped."""

    saved_fields = ("active", "drum", "velocity", "age", "cut")

    def __init__(self, rate: int, frames: int) -> None:
        self._kit = make_kit(rate)
        self._frames, self._cut_frames = frames, CUT_S * rate
        self.active = np.zeros(MAX_HITS, np.bool_)
        self.drum, self.velocity, self.age, self.cut = (np.zeros(MAX_HITS, np.int64) for _ in range(4))

    def reset(self) -> None:
        for name in self.saved_fields:
            getattr(self, name)[...] = 0

    def hit(self, drum: int, velocity: int, offset: int) -> None:
        """Start a hit. ``drum``: a General MIDI note; ``offset``: frames into the next block."""
        drum = drum if drum in self._kit else FALLBACK_DRUM
        if drum in HI_HATS:
            self._stop(self.active & np.isin(self.drum, HI_HATS), offset)
        free = np.flatnonzero(~self.active)
        place = int(free[0]) if len(free) else int(np.argmax(self.age))
        self.active[place], self.drum[place], self.velocity[place] = True, drum, velocity
        self.age[place], self.cut[place] = -offset, NO_AGE

    def stop_all(self, offset: int) -> None:
        self._stop(self.active, offset)

    def _stop(self, which: NDArray[np.bool_], offset: int) -> None:
        self.cut[which] = np.minimum(self.cut[which], np.maximum(self.age[which] + offset, 0))

    def mix_into(self, out: Audio, gains: NDArray[np.float32]) -> None:
        """Add the next frames to ``out``; it and ``gains`` have the shape (2, frames)."""
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
