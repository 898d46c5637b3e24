"""Pulse fit: how far the pulses of a clock are from an even tempo, and whether that is near enough."""

from __future__ import annotations

from collections import deque

import numpy as np

LOCKED, SEARCHING, FREE = "locked", "searching", "free"
"""Lock of a clock: its pulses are even; it runs, and they are not even yet; it does not run."""
LOCKED_JITTER_BEATS = 0.05
"""Up to this deviation from an even tempo the beats are locked: 25 ms at 120 BPM, where a pulse begins to be uneven."""
FEWEST_PULSES = 4
"""Beats or ticks from which on their deviation means something."""


class PulseFit:
    """The last ``count`` pulses of a clock, and how far they are from an even tempo."""

    def __init__(self, count: int) -> None:
        self._frames: deque[tuple[int, int]] = deque(maxlen=count)
        self._index = 0

    def __len__(self) -> int:
        return len(self._frames)

    def clear(self) -> None:
        """Forget all pulses: the clock begins anew."""
        self._frames.clear()

    def push(self, frame: int, index: int | None = None) -> None:
        """A pulse at ``frame``; ``index``: its number where some may be missing, else the next one."""
        index = self._index + 1 if index is None else index
        if self._frames and index <= self._frames[-1][0]:
            self._frames.clear()
        self._index = index
        self._frames.append((index, frame))

    def compute_jitter(self) -> float:
        """The median distance, in frames, of the pulses from the straight line through them; 0 where they are few."""
        if len(self._frames) < FEWEST_PULSES:
            return 0.0
        pulses = np.array(self._frames, np.float64)
        pulses -= pulses.mean(0)
        slope = float(pulses[:, 0] @ pulses[:, 1] / (pulses[:, 0] @ pulses[:, 0]))
        return float(np.median(np.abs(pulses[:, 1] - slope * pulses[:, 0])))

    def find_lock(self, needed: int, frames_per_beat: float) -> tuple[str, float]:
        """Whether the pulses, of which so many are ``needed``, are locked, and their jitter in frames."""
        jitter = self.compute_jitter()
        locked = len(self) >= needed and jitter <= LOCKED_JITTER_BEATS * frames_per_beat
        return LOCKED if locked else SEARCHING, jitter
