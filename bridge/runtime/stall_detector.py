"""Stall detector: distinguishes a worker that will never answer from one that gets no processor time.

Wall time alone cannot: on a busy machine a healthy worker may wait seconds for the processor. So two times are measured
while there is no heartbeat. Processor time: a worker that used too much of it is in an endless loop. Idle time: how
long it was seen asleep, stopped or deadlocked, neither running nor ready to run. Time during which the supervisor
itself did not run counts as one short check.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bridge.cpu_usage import Usage

MAX_CHECK_S = 0.1
"""The most that one check counts."""
NORMAL_HEARTBEAT_S = 0.3
"""A normal time between two heartbeats; only after it is the processor use of the worker read."""


@dataclass(frozen=True, slots=True)
class StallLimits:
    """Seconds without a heartbeat after which a worker has stalled: ``cpu_s`` of processor time, ``idle_s`` idle. Where
    the system does not report the use of a process, ``idle_s`` counts all time."""

    cpu_s: float
    idle_s: float


class StallDetector:
    """Detects stalls of one worker process, from its start on."""

    def __init__(self) -> None:
        self.is_busy = False
        """Whether the worker that stalled used the processor too long; else it was idle."""
        self._heartbeats = -1
        self._checked_s: float | None = None
        self.restart()

    def restart(self) -> None:
        """Restart the count, as after a heartbeat."""
        self._silent_s = self._idle_s = self._last_cpu_s = 0.0
        self._first_cpu_s: float | None = None

    def has_stalled(
        self, now_s: float, heartbeats: int, usage: Callable[[], Usage | None], limits: StallLimits
    ) -> bool:
        """Check once, at ``now_s`` of a monotonic clock. ``heartbeats``: the worker's count. ``usage``: reads the
        processor use of the worker; None where that is not known."""
        passed_s = 0.0 if self._checked_s is None else min(now_s - self._checked_s, MAX_CHECK_S)
        self._checked_s = now_s
        if heartbeats != self._heartbeats:
            self._heartbeats = heartbeats
            self.restart()
            return False
        self._silent_s += passed_s
        if self._silent_s <= NORMAL_HEARTBEAT_S:
            return False
        used = usage()
        if used is None:
            return self._silent_s > limits.idle_s
        if self._first_cpu_s is None:
            self._first_cpu_s = self._last_cpu_s = used.cpu_s
        if not used.waits and used.cpu_s == self._last_cpu_s:
            self._idle_s += passed_s
        self._last_cpu_s = used.cpu_s
        self.is_busy = used.cpu_s - self._first_cpu_s > limits.cpu_s
        return self.is_busy or self._idle_s > limits.idle_s
