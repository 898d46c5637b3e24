"""Job queue: which jobs run, wait or stand still, and what follows when a command ends. Times: any monotonic clock."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from bridge.errors import BridgeError, ConfigError, ControlError
from bridge.jobs.batch_progress import BatchProgress
from bridge.jobs.job import ENDED_STATES, Job
from bridge.jobs.job_process import COMMAND, GRACE_S, JobProcess, is_running, signal_group
from bridge.jobs.job_progress import JobProgress
from bridge.jobs.job_request import JobRequest, parse_request
from bridge.jobs.job_store import JobRecord, JobState, JobStore
from bridge.settings import JobSettings

log = logging.getLogger(__name__)

MAX_ENDED = 100
"""Jobs that have ended and are kept in the list; the oldest go first."""
LATE, TURN, EARLIER = "callbacks come late: it goes on by itself", "its turn", "its earlier run to end"
"""Reasons for which a job waits."""
_HINTS = {"runs": "pause or cancel it", "waits": "pause or cancel it", "paused": "resume or cancel it"}
"""Actions that a job allows, by its state."""


class JobQueue:
    """The jobs of a locked `JobStore`. ``command``: what comes before the kind and the arguments of a job."""

    def __init__(self, store: JobStore, settings: JobSettings, command: Sequence[str] = COMMAND) -> None:
        self._store, self._settings, self._command = store, settings, command
        self.jobs: dict[int, Job] = {}
        self._removed: list[Job] = []
        """Out of the list, and their commands still end."""
        self._is_late = False
        self._problem = ""

    @property
    def is_busy(self) -> bool:
        """Whether a command runs, or is to be started."""
        return any(job.process is not None or job.orphan or job.is_startable for job in self._all)

    @property
    def _all(self) -> list[Job]:
        return [*self.jobs.values(), *self._removed]

    def load(self, now_s: float) -> None:
        """Take over what earlier sidecars left: their jobs wait, and commands that still run are ended.

        Raises:
            ConfigError: The folder cannot be read.
        """
        for record in self._store.load():
            try:
                job = make_job(record)
            except ControlError as error:
                log.warning("job %d is left out: %s", record.number, error)
                continue
            if record.pid and is_running(record.pid, job.command):
                job.orphan, job.kill_orphan_at_s = record.pid, now_s + GRACE_S
                for name in ("SIGCONT", "SIGTERM"):
                    signal_group(record.pid, name)
            if job.state == "runs":
                job.state = "waits"
            self.jobs[job.number] = job

    def add(self, request: JobRequest) -> Job:
        """Add a job. Raises: ConfigError where it cannot be written."""
        job = Job(self._store.find_free_number(), request)
        self._store.forget_finished(job.number)
        self._store.save(job.make_record())
        self.jobs[job.number] = job
        ended = [one for one in self.jobs.values() if one.state in ENDED_STATES and one.process is None]
        for old in ended[: max(0, len(ended) - MAX_ENDED)]:
            self._forget(old)
        return job

    def cancel(self, number: int, now_s: float) -> None:
        """End a job; what is finished stays. Raises: ControlError where it has ended."""
        job = self._find(number, "waits", "runs", "paused")
        job.note_progress()
        job.progress.fail_present("cancelled")
        job.state = "cancelled"
        if job.process is not None:
            job.process.end(now_s)
        self._save(job)

    def pause(self, number: int) -> None:
        """Let a job stand still until `resume`. Raises: ControlError where it neither runs nor waits."""
        job = self._find(number, "waits", "runs")
        job.state = "paused"
        if job.process is not None:
            job.process.stop()
            job.progress.stop()
        self._save(job)

    def resume(self, number: int) -> None:
        """Let a paused job go on, in its turn. Raises: ControlError where it is not paused."""
        job = self._find(number, "paused")
        job.state = "waits"
        self._save(job)

    def retry(self, number: int) -> None:
        """Run a job again that has ended: what failed or was left; all of it where all was done.

        Raises:
            ControlError: It has not ended.
        """
        job = self._find(number, *ENDED_STATES)
        if job.state == "done":
            self._store.forget_finished(job.number)
            job.share, job.done = 0.0, 0
        job.request = job.request.make_retry()
        job.state, job.detail = "waits", ""
        self._save(job)

    def remove(self, number: int) -> None:
        """Take a job that has ended from the list; its results stay. Raises: ControlError where it has not."""
        job = self._find(number, *ENDED_STATES)
        if job.process is not None or job.orphan:
            self._removed.append(job)
        self._forget(job)

    def read_log(self, number: int) -> list[str]:
        """The last lines that a job's command printed. Raises: ControlError where there is no such job."""
        return self._store.read_log(self._find(number).number)

    def update(self, now_s: float, is_late: bool) -> None:
        """Take what the commands report, and start, stop and continue them. ``is_late``: no job is to run now."""
        self._is_late = is_late
        self._follow_all(now_s)
        free = self._settings.parallel - sum(1 for job in self._all if job.process and job.process.is_ending)
        # those that run first, so that an older job that is tried again does not stop them
        for job in sorted(self.jobs.values(), key=lambda one: (one.state != "runs", one.number)):
            if job.is_startable:
                self._run(job) if free > 0 and not is_late else self._hold(job)
                free -= 1

    def explain_wait(self, job: Job) -> str:
        """What a job waits for."""
        if job.orphan or (job.process is not None and job.process.is_ending):
            return EARLIER
        return LATE if self._is_late else TURN

    def end_all(self, now_s: float) -> None:
        """Ask all commands to end. Their jobs wait for the next sidecar."""
        for job in self._all:
            if job.process is not None:
                job.process.end(now_s)

    def follow_ends(self, now_s: float) -> bool:
        """Take what the commands report while they end, and start none; whether any still runs."""
        self._follow_all(now_s)
        return any(job.process is not None for job in self._all)

    def _run(self, job: Job) -> None:
        if job.process is not None:
            job.process.go_on()
        else:
            number, store = job.number, self._store
            job.progress = BatchProgress() if job.request.is_batch else JobProgress(store.read_finished(number))
            paths = (store.folder, store.get_log_path(number), store.get_finished_path(number))
            try:
                job.process = JobProcess(job.command, *paths, self._settings.nice, self._command, job.stop_signal)
            except BridgeError as error:
                job.state, job.detail = "failed", str(error)
                self._save(job)
                return
        if job.state != "runs":
            job.state = "runs"
            self._save(job)

    def _hold(self, job: Job) -> None:
        if job.process is not None:
            job.process.stop()
            job.progress.stop()
        if job.state != "waits":
            job.state = "waits"
            self._save(job)

    def _follow_all(self, now_s: float) -> None:
        for job in self._all:
            self._follow_orphan(job, now_s)
            if job.process is not None:
                self._follow(job, job.process, now_s)
        self._removed = [job for job in self._removed if job.process is not None or job.orphan]

    def _follow(self, job: Job, process: JobProcess, now_s: float) -> None:
        """Take the events of a command, and its end."""
        status = process.poll(now_s)
        for event in process.read_events():
            if finished := job.progress.feed(event, now_s):
                self._note_finished(job, finished)
        if job.state != "cancelled":
            job.note_progress()
        if status is None:
            return
        was_ending = process.is_ending
        process.close()
        job.process = None
        if not was_ending:
            job.finish(status, self._store.read_log(job.number))
            log.info("job %d (%s): %s", job.number, job.request.kind, job.detail or job.state)
        elif job.state == "runs":
            job.state = "waits"  # this sidecar ends
        self._save(job)

    def _note_finished(self, job: Job, file: str) -> None:
        job.note_progress()
        if self.jobs.get(job.number) is job:
            try:
                self._store.add_finished(job.number, file)
            except ConfigError as error:
                self._log_once(error)
        self._save(job)

    def _follow_orphan(self, job: Job, now_s: float) -> None:
        if not job.orphan:
            return
        if not is_running(job.orphan, job.command):
            job.orphan = 0
        elif now_s >= job.kill_orphan_at_s:
            signal_group(job.orphan, "SIGKILL")

    def _find(self, number: int, *states: JobState) -> Job:
        """The job with this number, in one of these states, or in any."""
        job = self.jobs.get(number)
        if job is None:
            known = ", ".join(map(str, self.jobs)) or "none"
            raise ControlError(f"there is no job {number}", f"the jobs are: {known}")
        if states and job.state not in states:
            words = job.state if job.state in ("runs", "waits") else f"is {job.state}"
            raise ControlError(f"job {number} {words}", _HINTS.get(job.state, "retry runs it again"))
        return job

    def _forget(self, job: Job) -> None:
        self.jobs.pop(job.number, None)
        self._store.remove(job.number)

    def _save(self, job: Job) -> None:
        """Write the job's file, unless it was removed. A full disk must not end the others."""
        if self.jobs.get(job.number) is not job:
            return
        try:
            self._store.save(job.make_record())
        except ConfigError as error:
            self._log_once(error)

    def _log_once(self, error: ConfigError) -> None:
        if str(error) != self._problem:
            log.warning("jobs: %s", error)
        self._problem = str(error)


def make_job(record: JobRecord) -> Job:
    """The job of a record. Raises: ControlError where its request is not one of today's."""
    request = parse_request(record.kind, record.arguments)
    return Job(record.number, request, record.state, record.detail, record.share, record.done, record.of)
