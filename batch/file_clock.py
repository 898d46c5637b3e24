"""File clock: how long the work on a file has made no progress, and whether that is too long.

Time in which nobody looked does not count (the batch stood still), nor time in which the process was ready to run and
had no processor.
"""

from __future__ import annotations

from collections.abc import Iterable

import psutil

from batch.file_task import FileLimits
from bridge.cpu_usage import read_usage

LONGEST_LOOK_S = 2.0
"""Time between two looks that counts at most."""
IDLE_SHARE = 0.05
"""Processor time in real time, below which a process does nothing: a loop that sleeps 10 ms at a time has 0.01."""


def read_work_s(pid: int) -> float | None:
    """Processor time of a process and all that it started, and time that they waited for a processor.

    None where the system does not say.
    """
    try:
        children: Iterable[psutil.Process] = psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return None
    usages = [read_usage(one) for one in (pid, *(child.pid for child in children))]
    known = [usage for usage in usages if usage is not None]
    return sum(usage.cpu_s + usage.starved_s for usage in known) if known else None


class FileClock:
    """Times one file. Times: of any monotonic clock."""

    def __init__(self, limits: FileLimits, now_s: float) -> None:
        self._limits = limits
        self._at_s = now_s
        self._work_s: float | None = None
        self._share = -1.0
        self.still_s = self.busy_s = self.total_s = 0.0
        """Without progress and work, without progress, and in all."""

    def update(self, now_s: float, work_s: float | None, share: float) -> str:
        """Why the work is given up; empty where it goes on.

        ``work_s``: as `read_work_s` gives it. ``share``: how much is done, 0 to 1.
        """
        passed_s = min(max(now_s - self._at_s, 0.0), LONGEST_LOOK_S)
        used_s = passed_s if work_s is None or self._work_s is None else work_s - self._work_s
        self._at_s, self._work_s = now_s, work_s
        self.total_s += passed_s
        if 0 < self._limits.total_s < self.total_s:
            return f"it takes more than {self._limits.total_s / 3600:.1f} hours, too long for its size"
        if share > self._share:
            self._share, self.still_s, self.busy_s = share, 0.0, 0.0
            return ""
        self.busy_s += passed_s
        # less work than before: a process that it had started has ended
        self.still_s = 0.0 if not 0.0 <= used_s < IDLE_SHARE * passed_s else self.still_s + passed_s
        if self.still_s > self._limits.still_s:
            return f"no progress and no processor time for {self._limits.still_s:g} s"
        if self.busy_s > self._limits.busy_s:
            return f"no progress for {self._limits.busy_s:g} s, although it computes"
        return ""
