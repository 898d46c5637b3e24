"""Render pulse: progress of a render that is one long call, for as long as it computes.

DawDreamer renders a whole song in one call, which a parent that waits for progress takes for a hang. A thread reports
while the call uses the processor. One that stands still is noticed at once, one that computes for ever behind a budget.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType

INTERVAL_S = 1.0
"""Between two reports: well within any limit."""
BUSY_SHARE = 0.05
"""Share of an interval for which the process has to compute: a busy machine leaves it little."""
LEAST_BUDGET_S = 10.0
"""Processor time that any render may take without other progress."""


class RenderPulse:
    """Reports while a call computes; a context manager around that call.

    ``report``: called from a thread of its own. ``length_s``: of the audio: a plugin may be as slow as real time.
    ``read_cpu_s``: the processor time of this process.
    """

    def __init__(
        self, report: Callable[[], None], length_s: float, read_cpu_s: Callable[[], float] = time.process_time
    ) -> None:
        self._report, self._read_cpu_s = report, read_cpu_s
        self._budget_s = max(length_s, LEAST_BUDGET_S)
        self._begin_s = self._last_s = read_cpu_s()
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def beat(self) -> bool:
        """Report if the call has computed since the last beat and is within its budget; whether it did."""
        now_s = self._read_cpu_s()
        is_alive = now_s - self._last_s >= BUSY_SHARE * INTERVAL_S and now_s - self._begin_s < self._budget_s
        self._last_s = now_s
        if is_alive:
            self._report()
        return is_alive

    def _run(self) -> None:
        while not self._ends.wait(INTERVAL_S):
            self.beat()

    def __enter__(self) -> RenderPulse:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ends.set()
        self._thread.join()
