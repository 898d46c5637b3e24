"""Shared worker pool: keeps worker processes from one sidecar of a test process to the next.

To start one takes most of a second of a processor, and the tests start hundreds. The product keeps them in the same way
from one sample rate to the next.
"""

from __future__ import annotations

import os

from bridge.runtime.worker_pool import LEAVE_S, WorkerPool
from bridge.runtime.worker_process import WorkerProcess

MOST_KEPT = 6
"""Processes that are kept: each takes about 200 MB."""
TEST_NAME_VARIABLE = "PYTEST_CURRENT_TEST"
"""Variable that is another one in each test; no worker reads it."""


class SharedWorkerPool(WorkerPool):
    """Stays open while sidecars come and go; `end` ends the processes. They are kept for the same environment alone."""

    def __init__(self) -> None:
        super().__init__()
        self._environment = _read_environment()

    def take(self, role: str, engine: str) -> WorkerProcess:
        if (present := _read_environment()) != self._environment:
            self.end()
            self._environment = present
        return super().take(role, engine)

    def keep(self, role: str, engine: str, process: WorkerProcess) -> None:
        superfluous = self._kept.pop((role, engine), None)  # two sidecars at a time
        super().keep(role, engine, process)
        if len(self._kept) > MOST_KEPT:
            superfluous = self._kept.pop(next(iter(self._kept)))
        if superfluous is not None:
            superfluous.dismiss()
            superfluous.wait(LEAVE_S)

    def close(self) -> None:
        """A sidecar ends: its processes are kept."""

    def end(self) -> None:
        """End all that are kept."""
        super().close()


def _read_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != TEST_NAME_VARIABLE}
