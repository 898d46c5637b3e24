"""Local pool: files are worked on by processes of this machine."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from types import FrameType, TracebackType

import psutil

from batch.file_process import POLL_S, FileProcess
from batch.file_task import FileProgress, FileReport, FileTask
from bridge.errors import BridgeError

BYTES_A_WORKER = 3 << 29
"""Memory of the work on a song with the shipped models, rounded up: `accompany --audio` has a resident set of 1.0 GB
for five minutes of music, `separate` 0.7 GB (`python -m bench.batch_speed --command`)."""
END_S = 8.0
"""Time for the last checkpoints; a sidecar whose job the batch is waits for two seconds more."""


def count_workers() -> int:
    """As many workers as there are cores for them, and memory: each command computes with one thread."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    cores = min(int(psutil.cpu_count(logical=False) or 1), allowed)
    return max(1, min(cores, int(psutil.virtual_memory().total) // BYTES_A_WORKER))


class LocalPool:
    """Processes of this machine, ``workers`` at a time; looked at by the thread that waits."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._running: dict[str, FileProcess] = {}
        self._reports: list[FileReport] = []
        self._before: Callable[[int, FrameType | None], object] | int | None = None

    @property
    def free(self) -> int:
        """How many tasks it takes now."""
        return max(0, self.workers - len(self._running))

    def __enter__(self) -> LocalPool:
        if hasattr(signal, "SIGTSTP"):
            self._before = signal.signal(signal.SIGTSTP, self._stand_still)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for process in self._running.values():
            process.kill()
        self._running.clear()
        if hasattr(signal, "SIGTSTP"):
            signal.signal(signal.SIGTSTP, self._before)

    def submit(self, task: FileTask) -> None:
        """Start the process of a task. Raises: OSError where its folder cannot be made."""
        try:
            self._running[task.key] = FileProcess(task, time.monotonic())
        except BridgeError as error:
            self._reports.append(FileReport(task.key, "lost", str(error)))

    def wait(self, limit_s: float) -> Sequence[FileReport]:
        """Wait for reports, at most so long, and return those that came."""
        end_s = time.monotonic() + limit_s
        while True:
            now_s = time.monotonic()
            for key, process in list(self._running.items()):
                if (report := process.update(now_s)) is not None:
                    del self._running[key]
                    self._reports.append(report)
            if self._reports or now_s >= end_s:
                reports, self._reports = self._reports, []
                return reports
            time.sleep(min(POLL_S, end_s - now_s))

    def list_progress(self) -> Sequence[FileProgress]:
        """How far the present tasks are."""
        return [process.progress for process in self._running.values()]

    def end(self) -> Sequence[FileReport]:
        """Ask all processes to end, and wait for it; the reports of what ended."""
        began_s = time.monotonic()
        for process in self._running.values():
            process.end(began_s)
        reports: list[FileReport] = []
        while self._running and time.monotonic() < began_s + END_S:
            reports += self.wait(POLL_S)
        return reports

    def _stand_still(self, _number: int, _frame: FrameType | None) -> None:
        """Ctrl-Z: the work stands still with the batch, and goes on with it."""
        for process in self._running.values():
            process.stop()
        os.kill(os.getpid(), signal.SIGSTOP)
        for process in self._running.values():
            process.go_on()
