"""Delay-locked loop: smooths the ticks of a clock, each late by the sender's and the driver's jitter.

F. Adriaensen, "Using a DLL to filter time", 2005: the next tick's frame and the distance of ticks are predicted, and
corrected by a fraction of each error. The fraction falls as long as the tempo holds.
"""

from __future__ import annotations

from math import pi, sqrt

from bridge.core.midi import MIDI_CLOCK_TICKS_PER_BEAT
from bridge.core.tick_grid import TickGrid
from bridge.core.time import FASTEST_BPM, SLOWEST_BPM

BANDWIDTH_HZ = 0.1
"""Bandwidth of the settled loop: a jitter of 0-1.5 ms then leaves errors of thousandths of a BPM."""
JITTER_S = 0.0015
"""Jitter for which that bandwidth is made. On a wider grid of the driver's it falls: where ticks are spread over the
grid, with the grid, as the few ticks near the beginning of a period alone say where the line is (of 1024 frames at 48
kHz 7 in 100). Else with its root, as the line must follow what the grid makes of the ticks."""
REOPENED_TICKS = 22
"""A fit over so many ticks has about the gain of a 1 Hz loop at 120 BPM: fast, but it still averages."""
DRIFT_S = 0.001
"""A mean error above this over half a beat is a new tempo: jitter averages out."""
DRIFT_TICKS = 12
SPREAD_DRIFT, ALIAS_DRIFT = 0.75, 1.25
"""On a grid a mean error above this share of it is a new tempo. Up to half of it is an alias of the tempo. Where ticks
are not spread over the grid, all move by a whole grid at times."""
SLOW_DRIFT_TICKS = 96
"""Ticks over which a small change of the tempo is found, on a grid; the fit is reopened to so many then."""
SLOW_DRIFT_SHARE = 4.0
"""A mean error over these ticks of more than so many times the usual one, and of `DRIFT_S`, is a new tempo."""
USUAL_TICKS = 8 * SLOW_DRIFT_TICKS
MOST_LATE_S = 0.003
"""The most, besides the grid, that one tick's error counts for: a sender that was interrupted moves the line little.
At a change of the tempo by a twentieth ticks are off by more from the third on."""


class DelayLockedLoop:
    """Delay-locked loop: a line through the frames of the ticks.

    Its gains begin as those of a straight line fitted to all ticks since the last restart, which is optimal while they
    are few, and fall until the bandwidth is that of the jitter and the grid.
    """

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.period = 60.0 * rate / (120.0 * MIDI_CLOCK_TICKS_PER_BEAT)
        """Frames per tick."""
        self.next = 0.0
        """The frame, not rounded, at which the next tick is expected."""
        self.grid = TickGrid(JITTER_S * rate)
        self._fitted, self._outliers = 0, 0
        self._drift, self._slow_drift, self._usual_drift = 0.0, 0.0, 0.0

    @property
    def tempo(self) -> float:
        """Quarter notes per minute."""
        return 60.0 * self.rate / (MIDI_CLOCK_TICKS_PER_BEAT * self.period)

    def restart(self) -> None:
        """Forget all but the last tempo, which holds until two ticks have come."""
        self._fitted = 0
        self.grid.forget()

    def restart_phase(self) -> None:
        """Take the phase from the next tick; the tempo is kept, and corrected by further ticks."""
        self._fitted = -min(abs(self._fitted), REOPENED_TICKS)

    def push(self, frame: int) -> None:
        """Update the loop by a tick at ``frame``."""
        self.grid.push(frame)
        if self._fitted <= 0:
            self._begin(frame, max(1, -self._fitted))
            return
        error = frame - self.next
        if self._fitted == 1:
            self._start_period(frame, self.period + error)
            return
        if abs(error) > max(self.period / 2, 1.5 * self.grid.frames):
            # one outlier is jitter of the sender and skipped; two in a row are a new grid
            self._outliers += 1
            if self._outliers > 1:
                self._begin(frame, 1)
            else:
                self.next += self.period
            return
        self._outliers = 0
        correction = self.grid.measure_error(frame, self.next)
        self._update_drift(self._limit(error))
        self._fitted += 1
        if self._fitted > 2 * REOPENED_TICKS:
            correction = self._limit(correction)
        self._update_slow_drift(correction)
        phase_gain, period_gain = self._compute_gains()
        self.period += period_gain * correction
        self.next += phase_gain * correction + self.period

    def skip(self, ticks: int) -> None:
        """Extrapolate the line by ``ticks`` that were sent but never arrived."""
        self.next += ticks * self.period

    def _begin(self, frame: int, fitted: int) -> None:
        self._fitted = fitted
        self._outliers = 0
        self._drift, self._slow_drift, self._usual_drift = 0.0, 0.0, 0.0
        self.next = frame + self.period

    def _start_period(self, frame: int, period: float) -> None:
        slowest = 60.0 * self.rate / (MIDI_CLOCK_TICKS_PER_BEAT * SLOWEST_BPM)
        if not slowest * SLOWEST_BPM / FASTEST_BPM <= period <= slowest:
            self._begin(frame, 1)
            return
        self._fitted = 2
        self.period = period
        self.next = frame + period

    def _limit(self, error: float) -> float:
        most = MOST_LATE_S * self.rate + self.grid.frames
        return min(max(error, -most), most)

    def _update_drift(self, error: float) -> None:
        self._drift += (error - self._drift) / DRIFT_TICKS
        share = SPREAD_DRIFT if self.grid.is_spread else ALIAS_DRIFT
        if abs(self._drift) > max(DRIFT_S * self.rate, share * self.grid.frames) and self._fitted > REOPENED_TICKS:
            self._fitted = REOPENED_TICKS
            self._drift = 0.0

    def _update_slow_drift(self, error: float) -> None:
        if not self.grid.is_spread:
            self._slow_drift = 0.0
            return
        self._slow_drift += (error - self._slow_drift) / min(SLOW_DRIFT_TICKS, self._fitted)
        if self._fitted <= 2 * SLOW_DRIFT_TICKS:
            return
        found, usual = abs(self._slow_drift), SLOW_DRIFT_SHARE * self._usual_drift
        if self._fitted > 4 * SLOW_DRIFT_TICKS and found > max(DRIFT_S * self.rate, usual):
            self._fitted = SLOW_DRIFT_TICKS
            self._slow_drift = 0.0
            return
        self._usual_drift += (found - self._usual_drift) / min(USUAL_TICKS, self._fitted - 2 * SLOW_DRIFT_TICKS)

    def _compute_gains(self) -> tuple[float, float]:
        """The parts of an error by which phase and period are corrected."""
        n = self._fitted
        share = self.grid.frames / (JITTER_S * self.rate)
        width = 2.0 * share if self.grid.is_spread else sqrt(share)
        omega = 2.0 * pi * BANDWIDTH_HZ / max(1.0, width) * self.period / self.rate
        phase, period = 2.0 * (2 * n - 1) / (n * (n + 1)), 6.0 / (n * (n + 1))
        if phase < sqrt(2.0) * omega:
            return sqrt(2.0) * omega, omega * omega
        return phase, period
