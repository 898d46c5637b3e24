"""Step clock: how long a host process has been silent in its present step, and whether that is too long.

Time that it waited for a processor does not count, so that a busy machine makes no hang.
"""

from __future__ import annotations

from dataclasses import dataclass

from bridge.cpu_usage import Usage
from chains.process.verdict import HostVerdict

BUSY_SHARE = 0.5
"""Processor time in the time that it had a processor, or slept: an endless loop has 1, one that sleeps a
millisecond at a time 0.1."""
LONGEST_FACTOR = 4.0
"""The longest real time to a verdict, in limits, however busy the machine is."""


@dataclass(frozen=True, slots=True)
class UsageAt:
    """``now_s``: of a monotonic clock. ``usage``: of the process; None where the system does not say."""

    now_s: float
    usage: Usage | None


class StepClock:
    """Times one step. ``limit_s``: seconds without a report that it may take."""

    def __init__(self, limit_s: float, began: UsageAt) -> None:
        self.limit_s, self._began = limit_s, began

    def judge(self, reading: UsageAt) -> HostVerdict:
        """OK, or in which way it hangs."""
        elapsed_s = reading.now_s - self._began.now_s
        if elapsed_s <= self.limit_s:
            return HostVerdict.OK
        before, after = self._began.usage, reading.usage
        if before is None or after is None:
            return HostVerdict.HUNG_STILL
        own_s = max(elapsed_s - (after.starved_s - before.starved_s), elapsed_s / LONGEST_FACTOR)
        if own_s <= self.limit_s:
            return HostVerdict.OK
        return HostVerdict.HUNG_BUSY if after.cpu_s - before.cpu_s >= BUSY_SHARE * own_s else HostVerdict.HUNG_STILL

    def restart(self, limit_s: float, reading: UsageAt) -> None:
        """The process has reported: a step with this limit begins, or goes on."""
        self.limit_s, self._began = limit_s, reading
