"""Stream watch: whether a device still calls, with how many frames, and at what rate by a clock that is not its own."""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from math import gcd

import numpy as np
from numpy.typing import NDArray

from bridge.drivers.portaudio.stream_argument import LOG_CLOCK, LOG_FLAGS, LOG_FRAME, LOG_LENGTH, LOSSES

STANDSTILL_S = 1.0
"""Without a callback for so long the device counts as gone. It must be back within 2 s."""
WINDOW_S = 0.4
"""Time over which the rate is measured: callbacks that come up to 5 ms early or late make it wrong by 1.3 %."""
AGREEING = 3
"""Windows in a row that must show the same other rate, without a loss: late callbacks show a new one each time."""
RATES_HZ = (8000, 11025, 16000, 22050, 32000, 44100, 48000, 64000, 88200, 96000, 176400, 192000, 352800, 384000)
"""Rates of sound cards. Between two neighbours there are 9 % at least."""
NEAR = 0.025
"""Deviation within which a measured rate is a usual one. A busy machine may lose as much as lies between two."""
OLD_CALLBACKS, NEW_CALLBACKS = 256, 8
"""Callbacks whose lengths are remembered; and of how many equal ones the length is that of the device now."""
FEW_CHANGES = 2
"""So many changes of the length among OLD_CALLBACKS are those of a user; with more the length is uneven."""


def find_declared_period(fewest: int, most: int) -> int:
    """The period, in frames, by which delays are declared where callbacks have from ``fewest`` to ``most`` frames.

    Where they differ nothing is known of how hops and callbacks lie to each other, so a hop may wait for nearly its
    whole length. That is what a period declares which has no factor in common with any hop: a prime, the next one. As
    it is no shorter than any callback, it is enough for the reserve too.
    """
    if fewest == most:
        return most
    period = max(most, 3) | 1
    while any(gcd(period, factor) > 1 for factor in range(3, int(period**0.5) + 1, 2)):
        period += 2
    return period


def find_usual_rate(rate: float) -> int:
    """The one of RATES_HZ that ``rate`` (Hz) is, within NEAR; 0: none."""
    nearest = min(RATES_HZ, key=lambda usual: abs(usual - rate))
    return nearest if abs(rate / nearest - 1.0) <= NEAR else 0


class StreamWatch:
    """Watches a stream at ``rate`` Hz from ``now`` on. Times are seconds on the clock of the log, time.monotonic's."""

    def __init__(self, rate: int, now: float) -> None:
        self._rate = rate
        self._moved_s = now
        self._begun: tuple[float, float] | None = None
        self._seen: deque[int] = deque(maxlen=AGREEING)
        self._lengths: deque[int] = deque(maxlen=OLD_CALLBACKS)
        self.lengths = 0, 0
        """The fewest and the most frames of a callback; zeros before the first."""
        self.new_rate = 0
        """The rate in Hz at which the device really runs, where it is another one; else 0."""

    def update(self, rows: NDArray[np.float64], now: float) -> None:
        """Take the ``rows`` of the log since the last call, at ``now``."""
        if not len(rows):
            return
        if now - self._moved_s > WINDOW_S:  # what stood still says nothing about the rate
            self._begun = None
            self._seen.clear()
        self._moved_s = now
        self._follow_lengths(rows)
        for frame, clock_s, flags in rows[:, [LOG_FRAME, LOG_CLOCK, LOG_FLAGS]].tolist():
            if int(flags) & LOSSES:
                self._begun = None
                self._seen.clear()
            self._measure(frame, clock_s)

    def _follow_lengths(self, rows: NDArray[np.float64]) -> None:
        self._lengths.extend(int(length) for length in rows[-OLD_CALLBACKS:, LOG_LENGTH])
        known, last = list(self._lengths), self._lengths[-1]
        if sum(one != other for one, other in pairwise(known)) > FEW_CHANGES:
            self.lengths = min(known), max(known)
        elif not any(self.lengths) or set(known[-NEW_CALLBACKS:]) == {last}:
            self.lengths = last, last

    def _measure(self, frame: float, clock_s: float) -> None:
        if self._begun is None:
            self._begun = clock_s, frame
            return
        began_s, began = self._begun
        if clock_s - began_s < WINDOW_S:
            return
        self._begun = clock_s, frame
        self._seen.append(find_usual_rate((frame - began) / (clock_s - began_s)))
        agree = len(self._seen) == AGREEING and len(set(self._seen)) == 1
        is_ours = self._seen[-1] == find_usual_rate(self._rate)
        self.new_rate = self._seen[-1] if agree and not is_ours else 0

    def is_still(self, now: float) -> bool:
        """Whether the device has not called for `STANDSTILL_S`."""
        return now - self._moved_s > STANDSTILL_S
