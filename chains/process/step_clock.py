"""Step clock: how long a host process has been silent in its present step, and whether that is too long.

Time that it waited for a processor does not count, so that a busy machine makes no hang.
"""

from __future__ import annotations

from dataclasses import dataclass

from bridge.cpu_usage import Usage
from chains.process.step_limits import StepLimit
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
    """Times one step."""

    def __init__(self, limit: StepLimit, began: UsageAt) -> None:
        self._limit, self._began = limit, began

    def judge(self, reading: UsageAt) -> HostVerdict:
        """OK, or in which way it hangs."""
        elapsed_s = reading.now_s - self._began.now_s
        if elapsed_s <= self._limit.still_s:
            return HostVerdict.OK
        before, after = self._began.usage, reading.usage
        if before is None or after is None:
            return HostVerdict.HUNG_STILL if elapsed_s > self._limit.busy_s else HostVerdict.OK
        own_s = max(elapsed_s - (after.starved_s - before.starved_s), elapsed_s / LONGEST_FACTOR)
        is_busy = after.cpu_s - before.cpu_s >= BUSY_SHARE * own_s
        if own_s <= (self._limit.busy_s if is_busy else self._limit.still_s):
            return HostVerdict.OK
        return HostVerdict.HUNG_BUSY if is_busy else HostVerdict.HUNG_STILL

    def get_limit_s(self, verdict: HostVerdict) -> float:
        """The limit that was exceeded."""
        return self._limit.busy_s if verdict is HostVerdict.HUNG_BUSY else self._limit.still_s

    def restart(self, limit: StepLimit, reading: UsageAt) -> None:
        """The process has reported: a step with this limit begins, or goes on."""
        self._limit, self._began = limit, reading
