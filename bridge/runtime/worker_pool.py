"""Worker pool: keeps worker processes from one graph to the next.

A new sample rate needs new engines, but no new processes: to start Python and import the libraries of an engine takes
most of the time until a worker is ready.
"""

from __future__ import annotations

import time
from types import TracebackType

from bridge.runtime.worker_process import WorkerProcess

LEAVE_S = 1.0
"""Seconds that all workers together get to end by themselves."""


class WorkerPool:
    """A context manager: what is kept inside ends with it. From one thread at a time."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], WorkerProcess] = {}

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def take(self, role: str, engine: str) -> WorkerProcess:
        """An idle process for ``engine`` in ``role``: one that was kept, else a new one.

        Raises:
            OSError: It cannot be started.
        """
        kept = self._kept.pop((role, engine), None)
        if kept is not None and kept.exit_status is None:
            return kept
        return WorkerProcess(role)

    def keep(self, role: str, engine: str, process: WorkerProcess) -> None:
        """Keep an idle ``process`` for the next graph."""
        self._kept[role, engine] = process

    def close(self) -> None:
        """End all that are kept."""
        kept = list(self._kept.values())
        self._kept.clear()
        for process in kept:
            process.dismiss()
        deadline_s = time.monotonic() + LEAVE_S
        for process in kept:
            process.wait(max(0.0, deadline_s - time.monotonic()))
