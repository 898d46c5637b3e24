"""Insert process: starts the worker of an insert point, and says how it ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

import msgspec

from bridge.processes import describe_exit
from bridge.runtime.insert_worker import REFUSED, InsertPlan
from bridge.runtime.shared.arena import Arena
from bridge.runtime.worker_log import WorkerLog

LONGEST_REASON = 4096  # bytes of what a worker says about a refused insert; a pipe holds sixteen times that
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
_SCREENS = ("DISPLAY", "WAYLAND_DISPLAY")
"""Variables that a worker does not get: with a display a plugin may open a window while it is loaded, and an X error
ends the process."""

FROM_OUTSIDE = {-signal.SIGKILL, -signal.SIGTERM}
"""Exit statuses of a process that was killed: by the user, or by the system where memory ran out. No plugin does it."""


@dataclass(frozen=True, slots=True)
class WorkerEnd:
    """How a worker ended by itself. ``reason``: why, for the user. ``returncode``: as of `subprocess.Popen`."""

    kind: Literal["refused", "killed", "crashed"]
    reason: str
    returncode: int


class InsertProcess:
    """A worker process; it runs from construction on. What it prints is logged.

    Raises:
        OSError: It cannot be started: out of memory, or of processes.
    """

    def __init__(self, plan: InsertPlan, arena: Arena) -> None:
        # -P: a folder called bridge in the working folder must not shadow our module
        command = [sys.executable, "-P", "-m", "bridge.runtime.insert_worker", arena.handle, str(os.getpid())]
        env = {name: value for name, value in os.environ.items() if name not in _SCREENS}
        self._report, to_us = os.pipe()
        try:
            self._process = subprocess.Popen(
                [*command, str(to_us)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,  # what plugins print must not end up in the output of `sideman`
                stderr=subprocess.STDOUT,
                pass_fds=(*arena.descriptors, to_us),
                start_new_session=True,
                env=env | _ONE_THREAD | {"OMP_WAIT_POLICY": "passive"},
            )
        except OSError:
            os.close(self._report)
            raise
        finally:
            os.close(to_us)
        assert self._process.stdout is not None
        self._log = WorkerLog(self._process.stdout, f"insert {plan.point}")
        if self._process.stdin is not None:
            # one that died at once closes its input; the next check finds it dead
            with suppress(BrokenPipeError), self._process.stdin as stream:
                stream.write(msgspec.json.encode(plan))

    @property
    def pid(self) -> int:
        return self._process.pid

    def find_end(self) -> WorkerEnd | None:
        """How it ended; None while it runs."""
        status = self._process.poll()
        if status is None:
            return None
        if status == REFUSED and (reason := os.read(self._report, LONGEST_REASON)):
            return WorkerEnd("refused", reason.decode(errors="replace"), status)
        kind: Literal["killed", "crashed"] = "killed" if status in FROM_OUTSIDE else "crashed"
        return WorkerEnd(kind, describe_exit(status), status)

    def read_stderr(self) -> str:
        """What it printed last, once it has ended."""
        return self._log.close()

    def close(self, patience_s: float = 0.0) -> None:
        """End it, after ``patience_s`` by force, and all that it started."""
        try:
            self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()
        if self._report >= 0:
            os.close(self._report)
            self._report = -1

    def kill(self) -> None:
        """End it and all that it started at once; from any thread."""
        with suppress(ProcessLookupError):
            if self._process.poll() is None:
                os.killpg(self._process.pid, signal.SIGKILL)
