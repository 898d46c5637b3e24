"""File process: the command for one file in a process of its own, from its start to a report, within limits."""

from __future__ import annotations

import os
import platform
import shutil
import signal
import sys
import time
from pathlib import Path

from batch.file_clock import FileClock, read_work_s
from batch.file_main import BUSY
from batch.file_task import LOG_FILE, OUT_FOLDER, FileProgress, FileReport, FileStatus, FileTask
from bridge.errors import BridgeError
from bridge.jobs.job import find_error
from bridge.jobs.job_process import JobProcess
from bridge.processes import describe_exit
from bridge.progress_channel import DISK_FULL, Ended, Listed, Progressed, ProgressEvent

MODULE = "batch.file_main"
NICE = 10
"""Priority of the work: what the user does beside it comes first."""
LOOK_S = 1.0
"""Time between two looks at the processor time."""
POLL_S = 0.05
LOG_BYTES = 1 << 14
FULL_SHARE = 0.9
"""Share of the limit of memory from which on a crash is one for want of memory."""


class FileProcess:
    """Running work on one file. Times: of any monotonic clock.

    Raises:
        BridgeError: The process cannot be started.
        OSError: The work folder cannot be made.
    """

    def __init__(self, task: FileTask, now_s: float) -> None:
        self.task = task
        self._folder = Path(task.work_folder)
        self._log = self._folder / LOG_FILE
        (self._folder / OUT_FOLDER).mkdir(parents=True, exist_ok=True)
        command = (
            sys.executable, "-P", "-m", MODULE, str(task.limits.memory_bytes), str(os.getpid()), task.work_folder,
            task.module,
        )  # fmt: skip
        self._process = JobProcess(
            task.arguments, self._folder, self._log, self._folder / "nothing", NICE, command=command
        )
        self._clock, self._look_s, self._began_s = FileClock(task.limits, now_s), now_s, now_s
        self._memory_bytes = 0
        self._is_listed, self._end, self._step, self._share = False, Ended(0, ""), "", 0.0

    @property
    def pid(self) -> int:
        """The number of the process, and of its group."""
        return self._process.pid

    @property
    def progress(self) -> FileProgress:
        """How far it is."""
        return FileProgress(self.task.key, self.task.name, self._step, self._share)

    def update(self, now_s: float) -> FileReport | None:
        """Look at the process; the report once it has ended, or was given up."""
        status = self._process.poll(now_s)
        for event in self._process.read_events():
            self._feed(event)
        if status is not None:
            was_ended = self._process.is_ending
            self._process.close()
            return self._report_end(status, was_ended, now_s)
        if now_s - self._look_s >= LOOK_S:
            self._look_s = now_s
            self._memory_bytes = max(self._memory_bytes, read_address_space(self.pid))
            if reason := self._clock.update(now_s, read_work_s(self.pid), self._share):
                self._process.close()
                return self._report(
                    "failed", f"{reason}{self._describe_step()}; given up, --time-limit allows more", now_s
                )
        return None

    def stop(self) -> None:
        """Let it stand still."""
        self._process.stop()

    def go_on(self) -> None:
        """Let it go on after `stop`."""
        self._process.go_on()

    def end(self, now_s: float) -> None:
        """Ask it to end; it is killed where it does not."""
        self._process.end(now_s)

    def kill(self) -> None:
        """End it now."""
        self._process.close()

    def _feed(self, event: ProgressEvent) -> None:
        if isinstance(event, Listed):
            self._is_listed = True
        elif isinstance(event, Progressed):
            self._step, self._share = event.step, max(self._share, event.share)
        elif isinstance(event, Ended):
            self._end = event

    def _report(self, status: FileStatus, error: str, now_s: float) -> FileReport:
        worker = f"{platform.node()}:{os.getpid()}"
        return FileReport(self.task.key, status, error, round(now_s - self._began_s, 3), worker)

    def _report_end(self, status: int, was_ended: bool, now_s: float) -> FileReport:
        if self.task.is_finished:
            return self._report("done", "", now_s)
        if was_ended:
            return self._report("stopped", "", now_s)
        if status == BUSY:
            return self._report("returned", "another process is at work on it", now_s)
        lines = read_end(self._log)
        if status < 0:
            return self._report("failed", self._describe_crash(status, lines), now_s)
        if self._end.cause == DISK_FULL:
            return self._report("disk full", self._end.detail, now_s)
        if self._end.status == "failed":
            return self._report("failed", self._end.detail, now_s)
        error = find_error(lines) or f"the command ended with status {status} and said nothing"
        return self._report("failed" if self._is_listed else "refused", error, now_s)

    def _describe_crash(self, status: int, lines: list[str]) -> str:
        limit = self.task.limits.memory_bytes
        if limit and self._memory_bytes > FULL_SHARE * limit:
            return (
                f"it needed more memory than its limit of {limit / 1e9:.1f} GB{self._describe_step()};"
                " --memory-limit allows more"
            )
        if status == -signal.SIGKILL:
            what = "killed from outside (SIGKILL): the system had no memory left, or somebody ended it"
        else:
            what = f"crashed ({describe_exit(status)})"
        last = lines[-1][:200] if lines else ""
        return what + self._describe_step() + (f": {last}" if last else "")

    def _describe_step(self) -> str:
        return f" while {self._step} (at {100 * self._share:.0f} %)" if self._step else ""


def read_end(log: Path) -> list[str]:
    """The last lines of what a command printed."""
    try:
        with log.open("rb") as opened:
            opened.seek(max(0, opened.seek(0, os.SEEK_END) - LOG_BYTES))
            text = opened.read().decode("utf-8", "backslashreplace")
    except OSError:
        return []
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def read_address_space(pid: int) -> int:
    """Address space of a process in bytes; 0 where the system does not say."""
    try:
        words = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()
        return int(words[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def run_file(task: FileTask) -> FileReport:
    """Do the work on a file and wait for its end; for a worker of a cluster, where a file may say to stop."""
    try:
        if task.is_finished:
            return FileReport(task.key, "done")
        if task.stop_file.exists():
            return FileReport(task.key, "stopped")
        process = FileProcess(task, time.monotonic())
    except (BridgeError, OSError) as error:
        return FileReport(task.key, "lost", f"it cannot be started on {platform.node()} ({error})")
    look_s = time.monotonic()
    try:
        while (report := process.update(now_s := time.monotonic())) is None:
            if now_s - look_s >= LOOK_S:
                look_s = now_s
                if task.stop_file.exists():
                    process.end(now_s)
            time.sleep(POLL_S)
    except BaseException:
        process.kill()
        raise
    return report


def remove_folder(folder: Path) -> None:
    """Remove a work folder; what cannot be removed stays, and harms nobody."""
    shutil.rmtree(folder, ignore_errors=True)
