"""Job rows: the readings of jobs and of their songs, published where they change."""

from __future__ import annotations

from bridge.control.bus import Bus, Row
from bridge.jobs.job import Job

JOBS, FILES = "jobs", "jobs.file"


class JobRows:
    """What was published last. The songs of a job are shown while it runs, and until it is removed where one failed."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._jobs: dict[int, Row] = {}
        self._files: dict[int, dict[str, Row]] = {}

    def publish(self, job: Job, waits_for: str) -> None:
        """Publish what has changed of a job."""
        row = job.make_row(waits_for)
        if self._jobs.get(job.number) != row:
            self._jobs[job.number] = row
            self._bus.publish("jobs", *row)
        self._publish_files(job)

    def withdraw_others(self, numbers: set[int]) -> None:
        """Withdraw the rows of jobs that are not among ``numbers``."""
        for number in self._jobs.keys() - numbers:
            del self._jobs[number]
            self._replace_files(number, {})
            self._bus.withdraw(JOBS, number)

    def _publish_files(self, job: Job) -> None:
        has_ended = job.process is None and job.state != "failed"
        listed = [] if has_ended else job.progress.list_rows(job.state)
        rows: dict[str, Row] = {}
        for name, state, share, detail in listed:
            key = f"{job.number}/{name}"
            rows[key] = (key, job.number, state, share, detail)
        self._replace_files(job.number, rows)

    def _replace_files(self, number: int, rows: dict[str, Row]) -> None:
        before = self._files.pop(number, {})
        if rows:
            self._files[number] = rows
        for key in before.keys() - rows.keys():
            self._bus.withdraw(FILES, key)
        for key, row in rows.items():
            if before.get(key) != row:
                self._bus.publish("jobs.file", *row)
