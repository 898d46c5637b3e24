"""Worker process: a Python process that runs one engine in the graph that it is given, and later in another."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress

from bridge.runtime.shared.arena import Arena
from bridge.runtime.shared.layout import Plan
from bridge.runtime.worker_channel import Assignment, SupervisorEnd
from bridge.runtime.worker_log import WorkerLog

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1") | {
    "OMP_WAIT_POLICY": "passive"
}
"""Environment of a worker: the libraries of an engine compute in its own thread alone."""


class WorkerProcess:
    """A worker for ``role``, which is started by the constructor and then waits for a plan. What it prints is logged.

    Raises:
        OSError: It cannot be started: out of memory, or of processes.
    """

    def __init__(self, role: str) -> None:
        # -P: a folder called bridge in the working folder must not shadow our module
        command = [sys.executable, "-P", "-m", "bridge.runtime.worker", str(os.getpid())]
        self._channel = SupervisorEnd()
        try:
            self._process = subprocess.Popen(
                command,
                stdin=self._channel.worker_input,
                stdout=subprocess.PIPE,  # of engines too, as what they import may print
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=os.environ | ONE_THREAD,
            )
        except OSError:
            self._channel.close()
            raise
        self._channel.open(self._process.stdin)
        if self._process.stdout is not None:
            WorkerLog(self._process.stdout, role)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """As of `subprocess.Popen`; None while it runs."""
        return self._process.poll()

    def assign(self, plan: Plan, index: int, arena: Arena) -> None:
        """Let it be worker ``index`` of ``plan`` in ``arena``. One that has ended does nothing."""
        with suppress(OSError):  # whoever looks at `exit_status` next sees it
            self._channel.send(Assignment(plan, index, arena.handle), arena)

    def wait_until_idle(self, timeout_s: float) -> bool:
        """Whether it has left its graph within ``timeout_s``, and waits for another plan."""
        return self._channel.wait_until_idle(timeout_s)

    def dismiss(self) -> None:
        """Tell it to end where it is idle."""
        self._channel.close()

    def wait(self, timeout_s: float) -> None:
        """Wait for its end, which is by force after ``timeout_s``."""
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()

    def kill(self) -> None:
        """End it at once; from any thread."""
        self._process.kill()
