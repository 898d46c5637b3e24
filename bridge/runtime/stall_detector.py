"""Stall detector: tells a worker that will never answer from one that the machine does not let run.

Wall time alone cannot: on a busy machine a healthy worker may wait seconds for the processor. So two things count while
its heart stands still. Processor time: a worker that used so much of it without a beat is in a loop that does not end.
And idle time: how long it was seen asleep, stopped or deadlocked, neither running nor ready to run. Time for which the
one who looks did not run himself counts as one short look.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bridge.runtime.cpu_usage import Usage

LOOK_S = 0.1
"""The most that one look counts."""
REST_S = 0.3
"""A heart that stands still for so long is normal between two beats; what the process uses is asked from then on."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds without a beat after which a worker has stalled: ``cpu_s`` of processor time, ``idle_s`` idle. Where the
    system does not say what a process uses, ``idle_s`` counts all time."""

    cpu_s: float
    idle_s: float


class StallDetector:
    """For one worker process, from its start on."""

    def __init__(self) -> None:
        self._beats = -1
        self._looked_s: float | None = None
        self.expect()

    def expect(self) -> None:
        """Count anew, as if the heart had just beaten."""
        self._still_s = self._idle_s = self._last_cpu_s = 0.0
        self._first_cpu_s: float | None = None

    def has_stalled(self, now_s: float, beats: int, usage: Callable[[], Usage | None], limits: Limits) -> bool:
        """Look once, at ``now_s`` on a clock that never goes back. ``beats``: the heart's count. ``usage``: what the
        process used until now; None where that is not known."""
        passed_s = 0.0 if self._looked_s is None else min(now_s - self._looked_s, LOOK_S)
        self._looked_s = now_s
        if beats != self._beats:
            self._beats = beats
            self.expect()
            return False
        self._still_s += passed_s
        if self._still_s <= REST_S:
            return False
        used = usage()
        if used is None:
            return self._still_s > limits.idle_s
        if self._first_cpu_s is None:
            self._first_cpu_s = self._last_cpu_s = used.cpu_s
        if not used.waits and used.cpu_s == self._last_cpu_s:
            self._idle_s += passed_s
        self._last_cpu_s = used.cpu_s
        return self._idle_s > limits.idle_s or used.cpu_s - self._first_cpu_s > limits.cpu_s
