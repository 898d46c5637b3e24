"""Frame fit: a straight line through moments of another clock and the frames of the audio at them.

No two clocks of a computer run alike: Link's is CLOCK_MONOTONIC_RAW, PipeWire's CLOCK_MONOTONIC, and the frames come
from a crystal of the sound card. So the line is measured as long as it is used.
"""

from __future__ import annotations

from collections import deque
from math import sqrt

import numpy as np
from numpy.typing import NDArray

WINDOW = 256
"""Pairs that the line goes through: 5 s at fifty a second. The error of one is up to a frame, of the line a tenth."""
FEWEST = 10
"""Pairs from which on there is a line: 0.2 s."""
MOST_OFF = 8
"""So many pairs off the line, one after another, are a new line: the audio system's clock has jumped."""
WIDE_S, NARROW_S = 1e-3, 5e-5
"""Pairs so near the line are never left out: at first, where the drift is not known yet (1 ms is 200 ppm in 5 s), and
then. The most is `SPREAD` median deviations."""
SPREAD = 6.0
USUAL_DRIFT = 5e-5
"""Usual distance of the drift from the one that was measured last, at first none: crystals differ by some 50 ppm. It
keeps a line through few and uneven pairs level; a second of even ones outweighs it."""
MOST_DRIFT = 1e-3
"""A steeper line is no drift of a crystal, but few pairs that lie badly."""
LOCKED_S = 2e-4
"""Up to this error the line is good."""
LOCKED_PAIRS = 50
"""From so many pairs on, 1 s, the error is known."""


class FrameFit:
    """The frames of audio of ``rate`` (Hz) by the time of another clock, in microseconds."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._pairs: deque[tuple[float, float]] = deque(maxlen=WINDOW)
        self._off = 0
        self._time_us, self._frame, self._slope = 0.0, 0.0, rate * 1e-6
        self._usual_slope = self._slope
        """That before the last restart."""
        self.jitter_frames = 0.0
        """The median distance of the pairs from the line."""
        self.restarts = 0
        """How often a new line was begun."""

    @property
    def is_ready(self) -> bool:
        """Whether there is a line."""
        return len(self._pairs) >= FEWEST

    @property
    def is_locked(self) -> bool:
        """Whether the line is known to `LOCKED_S`: each pair may be further away."""
        count = len(self._pairs)
        return count >= LOCKED_PAIRS and 2.0 * self.jitter_frames <= LOCKED_S * self.rate * sqrt(count)

    @property
    def drift_ppm(self) -> float:
        """By how many millionths the other clock runs faster than the audio's."""
        return 1e6 * (self.rate * 1e-6 / self._slope - 1.0)

    def frame_at(self, time_us: float) -> float:
        """The frame, not rounded, at ``time_us``."""
        return self._frame + (time_us - self._time_us) * self._slope

    def time_at(self, frame: float) -> float:
        """The time of ``frame``, in microseconds."""
        return self._time_us + (frame - self._frame) / self._slope

    def push(self, time_us: float, frame: float) -> None:
        """At ``time_us`` the audio was at ``frame``."""
        if self._pairs and time_us <= self._pairs[-1][0]:
            return
        was_ready = self.is_ready
        self._pairs.append((time_us, frame))
        away = abs(frame - self.frame_at(time_us))
        limit = max(NARROW_S * self.rate, SPREAD * self.jitter_frames)
        if was_ready and away > limit:
            self._off += 1
            if self._off < MOST_OFF:
                return
            newest = [self._pairs.pop() for _ in range(self._off)][::-1]
            self._pairs.clear()
            self._pairs.extend(newest)
            self._usual_slope = self._slope  # the clock has jumped, and its crystal is the same
            self.restarts += 1
        self._off = 0
        self._fit()

    def _fit(self) -> None:
        pairs = np.array(self._pairs, np.float64)
        times, frames = pairs[:, 0] - pairs[-1, 0], pairs[:, 1] - pairs[-1, 1]
        nominal = self.rate * 1e-6
        usual = self._usual_slope - nominal
        deviations = frames - times * nominal
        level, slope = float(np.median(deviations - times * usual)), usual
        for least_s in (WIDE_S, NARROW_S):
            away = np.abs(deviations - level - slope * times)
            median = float(np.median(away))
            kept = away <= max(least_s * self.rate, SPREAD * median)
            weight = (median / (USUAL_DRIFT * nominal)) ** 2
            level, slope = _fit_line(times[kept], deviations[kept], usual, weight)
            if abs(slope) > MOST_DRIFT * nominal:
                level, slope = float(np.median(deviations)), 0.0
        self.jitter_frames = float(np.median(np.abs(deviations - level - slope * times)))
        self._time_us, self._frame = float(pairs[-1, 0]), float(pairs[-1, 1]) + level
        self._slope = nominal + slope


def _fit_line(x: NDArray[np.float64], y: NDArray[np.float64], usual: float, weight: float) -> tuple[float, float]:
    """Level at 0 and slope of the straight line through points, shape (points,) each.

    ``usual``: the slope to expect; ``weight``: its weight, as the sum of the squares of ``x``.
    """
    mean_x, mean_y = float(x.mean()), float(y.mean())
    spread = float(((x - mean_x) ** 2).sum())
    tilt = float(((x - mean_x) * (y - mean_y)).sum())
    slope = (tilt + weight * usual) / (spread + weight) if spread + weight > 0.0 else usual
    return mean_y - slope * mean_x, slope
