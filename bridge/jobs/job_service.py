"""Job service: the jobs of a running sidecar, with their actions and readings.

A thread looks at the jobs, which are processes, and publishes; nothing of it is in the audio path. Of several sidecars
of one user the first runs the jobs, and another takes over when it ends.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType

from bridge.control.bus import ActionHandler, Bus, Row
from bridge.errors import BridgeError, ControlError
from bridge.jobs.job_process import COMMAND, GRACE_S
from bridge.jobs.job_progress import LONGEST_DETAIL, clean_text
from bridge.jobs.job_queue import JobQueue
from bridge.jobs.job_request import parse_request
from bridge.jobs.job_rows import JobRows
from bridge.jobs.job_store import JobStore
from bridge.jobs.late_watch import LateWatch
from bridge.runtime.service import Service
from bridge.settings import JobSettings

log = logging.getLogger(__name__)

BUSY_S, IDLE_S = 0.1, 1.0
"""Time between two looks while a command runs, and while none does."""
END_S = 0.02
"""The same while the sidecar ends, and waits for the last checkpoints."""
LONGEST_END_S = GRACE_S + 2.0
"""By then all commands are killed; one that waits for a disk survives even that, until the next sidecar."""


class JobService(Service):
    """Service of the jobs on files. At its end the commands are asked to end, and the next sidecar goes on.

    ``command``: what comes before the kind and the arguments of a job. All methods are thread-safe.
    """

    def __init__(self, bus: Bus, settings: JobSettings, command: Sequence[str] = COMMAND) -> None:
        self._bus, self._settings, self._command = bus, settings, command
        self._lock = threading.RLock()
        self._store: JobStore | None = None
        self._queue: JobQueue | None = None
        """None while another sidecar has the jobs."""
        self._watch = LateWatch(bus.registry.get_reading("counters").fields)
        self._rows = JobRows(bus)
        self._problem = ""
        self._stop, self._wake = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> JobService:
        if self._settings.enabled:
            self._try_update()
            self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)
            self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
        self.close()

    def handlers(self) -> dict[str, ActionHandler]:
        """The handlers of the actions, by name."""
        return {
            "jobs.start": self.start,
            "jobs.cancel": lambda job: self._act(job, lambda queue, number: queue.cancel(number, time.monotonic())),
            "jobs.pause": lambda job: self._act(job, JobQueue.pause),
            "jobs.resume": lambda job: self._act(job, JobQueue.resume),
            "jobs.retry": lambda job: self._act(job, JobQueue.retry),
            "jobs.remove": lambda job: self._act(job, JobQueue.remove),
            "jobs.log": self.read_log,
        }

    def start(self, kind: str, *arguments: str) -> Iterable[Row]:
        """Add a job; returns a row with its number.

        Raises:
            BridgeError: The arguments are wrong, another sidecar has the jobs, or the job cannot be written.
        """
        request = parse_request(kind, arguments)
        with self._lock:
            number = self._get_queue().add(request).number
            self._publish()
        self._wake.set()
        return [(number,)]

    def read_log(self, job: str) -> Iterable[Row]:
        """The last lines that a job's command printed, a row each. Raises: ControlError where there is no such job."""
        with self._lock:
            lines = self._get_queue().read_log(parse_number(job))
        return [(clean_text(line, LONGEST_DETAIL),) for line in lines]

    def update(self, now_s: float) -> None:
        """Take what the commands report, start and stop them, publish. ``now_s``: of any monotonic clock.

        Raises:
            ConfigError: The folder of the jobs cannot be made or read.
        """
        with self._lock:
            queue = self._queue or self._open_queue(now_s)
            if queue is not None:
                is_late = self._watch.update(self._bus.get_latest("counters"), now_s)
                queue.update(now_s, is_late and self._settings.pause_when_late)
                self._publish()

    def close(self) -> None:
        """End all commands, and leave the jobs to the next sidecar."""
        with self._lock:
            if self._queue is not None:
                now_s = time.monotonic()
                self._queue.end_all(now_s)
                while self._queue.follow_ends(time.monotonic()) and time.monotonic() < now_s + LONGEST_END_S:
                    time.sleep(END_S)
                self._publish()
            if self._store is not None:
                self._store.unlock()
            self._queue = self._store = None

    def abandon(self) -> None:
        """Ask all commands to end, and wait for none: this process ends at once."""
        if (queue := self._queue) is not None:
            queue.end_all(time.monotonic())

    def _act(self, job: str, act: Callable[[JobQueue, int], None]) -> None:
        with self._lock:
            act(self._get_queue(), parse_number(job))
            self._publish()
        self._wake.set()

    def _get_queue(self) -> JobQueue:
        if self._queue is not None:
            return self._queue
        if not self._settings.enabled:
            raise ControlError("this sidecar runs no jobs", "set enabled = true under [jobs] in sideman.toml")
        owner = self._store.owner if self._store is not None else ""
        who = f"process {owner}" if owner else "another sidecar"
        raise ControlError(f"the jobs belong to {who}", "use that sidecar, or end it")

    def _open_queue(self, now_s: float) -> JobQueue | None:
        self._store = self._store or JobStore()
        if not self._store.lock():
            return None
        queue = JobQueue(self._store, self._settings, self._command)
        queue.load(now_s)
        self._queue = queue
        return queue

    def _publish(self) -> None:
        if (queue := self._queue) is not None:
            self._rows.withdraw_others(set(queue.jobs))
            for job in queue.jobs.values():
                self._rows.publish(job, queue.explain_wait(job))

    def _run(self) -> None:
        while not self._stop.is_set():
            with self._lock:
                is_busy = self._queue is not None and self._queue.is_busy
            self._wake.wait(BUSY_S if is_busy else IDLE_S)
            self._wake.clear()
            if not self._stop.is_set():
                self._try_update()

    def _try_update(self) -> None:
        """Update; an error is logged once, and does not end the thread."""
        try:
            self.update(time.monotonic())
        except Exception as error:
            if str(error) != self._problem:
                log.warning("jobs: %s", error, exc_info=not isinstance(error, BridgeError))
            self._problem = str(error)


def parse_number(job: str) -> int:
    """The number of a job, as an argument of an action. Raises: ControlError."""
    if not job.isascii() or not job.isdecimal() or len(job) > 9:
        raise ControlError(f"{clean_text(repr(job), 40)} is no number of a job", "/jobs lists them")
    return int(job)
