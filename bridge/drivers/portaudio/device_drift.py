"""Device drift: by how much one device's clock runs faster than another's, from the times of a stream's callbacks.

A stream of two devices has two clocks, and PortAudio fits one to the other by leaving out frames, or repeating some: a
crackle every few minutes. Each clock is followed by a delay-locked loop (F. Adriaensen, "Using a DLL to
filter time", LAC 2005), which takes the jitter out of the times.
"""

from __future__ import annotations

from math import pi, sqrt

import numpy as np
from numpy.typing import NDArray

from bridge.drivers.portaudio.stream_argument import LOG_ADC, LOG_DAC, LOG_FRAME

WIDEST_HZ, NARROWEST_HZ = 1.0, 0.02
"""Bandwidth of the loop at first, so that it finds the clock, and in the end: 0.02 Hz averages over a minute."""
KNOWN_S = 10.0
"""Time from which on a drift is shown; before that the loop is still finding the clock."""
MOST_PPM = 2000.0
"""A larger drift is no drift of crystals: times that jump, or a rate that is another one."""


class ClockLoop:
    """A delay-locked loop through the times of a clock, of ``rate`` Hz by name."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._frame = self._expected_s = 0.0
        self._seconds_per_frame = 1.0 / rate
        self._age_s = -1.0

    @property
    def age_s(self) -> float:
        """For how long the clock has been followed; below 0: not at all."""
        return self._age_s

    @property
    def rate(self) -> float:
        """Frames of the stream per second of this clock."""
        return 1.0 / self._seconds_per_frame

    def push(self, frame: float, time_s: float) -> None:
        """Frame ``frame`` of the stream was at ``time_s``."""
        if self._age_s < 0.0:
            self._frame, self._expected_s, self._age_s = frame, time_s, 0.0
            return
        step = frame - self._frame
        if step <= 0.0:
            return
        elapsed_s = step / self._rate
        self._age_s += elapsed_s
        expected_s = self._expected_s + step * self._seconds_per_frame
        error_s = time_s - expected_s
        omega = 2.0 * pi * max(NARROWEST_HZ, min(WIDEST_HZ, 1.0 / self._age_s)) * elapsed_s
        self._expected_s = expected_s + min(sqrt(2.0) * omega, 1.0) * error_s
        self._seconds_per_frame += min(omega * omega, 1.0) * error_s / step
        self._frame = frame


class DeviceDrift:
    """The drift between input and output of a stream of ``rate`` Hz."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._input, self._output = ClockLoop(rate), ClockLoop(rate)

    def update(self, rows: NDArray[np.float64]) -> None:
        """Take ``rows`` of the stream's log, shape (callbacks, LOG_WORDS). Times of 0 are those that the device has
        not."""
        for loop, word in ((self._input, LOG_ADC), (self._output, LOG_DAC)):
            for frame, time_s in rows[:, [LOG_FRAME, word]].tolist():
                if time_s > 0.0:
                    loop.push(frame, time_s)

    @property
    def is_known(self) -> bool:
        """Whether both clocks have been followed for long enough."""
        return min(self._input.age_s, self._output.age_s) >= KNOWN_S and abs(self._compute()) <= MOST_PPM

    @property
    def ppm(self) -> float:
        """By how many millionths the input's clock runs faster than the output's; 0 until that is known."""
        return self._compute() if self.is_known else 0.0

    def _compute(self) -> float:
        return 1e6 * (self._input.rate / self._output.rate - 1.0)
