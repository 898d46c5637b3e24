"""Tap tempo: the tempo of a key that somebody taps on the beats."""

from __future__ import annotations

from collections import deque

LONGEST_GAP_S = 2.0
"""After a longer pause the next tap is a first one: 30 BPM, slower than any control takes."""
UNEVEN = 0.35
"""A gap that differs from the mean by more than this share of it begins a new tempo: it is no unsteady hand."""
KEPT_TAPS = 9
"""Two bars of four: the tempo still follows a change."""


class TapTempo:
    """The last taps. The time is that of any clock that runs on, in seconds."""

    def __init__(self) -> None:
        self._taps: deque[float] = deque(maxlen=KEPT_TAPS)

    @property
    def count(self) -> int:
        """How many taps the tempo is made of."""
        return len(self._taps)

    def tap(self, now_s: float) -> float | None:
        """A tap at ``now_s``; returns the tempo in beats per minute, None for a first tap."""
        if self._taps and not 0.0 < now_s - self._taps[-1] <= LONGEST_GAP_S:
            self._taps.clear()
        if len(self._taps) > 1:
            last, mean = self._taps[-1], (self._taps[-1] - self._taps[0]) / (len(self._taps) - 1)
            if abs(now_s - last - mean) > UNEVEN * mean:
                self._taps.clear()
                self._taps.append(last)
        self._taps.append(now_s)
        if len(self._taps) < 2:
            return None
        return 60.0 * (len(self._taps) - 1) / (self._taps[-1] - self._taps[0])


def fold_tempo(bpm: float, low: float, high: float) -> float:
    """``bpm`` doubled or halved until it is from ``low`` to ``high``, where that is possible: the beat is the same."""
    while bpm < low and 2 * bpm <= high:
        bpm *= 2.0
    while bpm > high and bpm / 2 >= low:
        bpm /= 2.0
    return min(max(bpm, low), high)
