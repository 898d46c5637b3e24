"""Job rig: a Bus and a job service whose commands are real processes, with a clock of its own."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bridge.control.bus import Bus, Row
from bridge.control.sidecar import make_sidecar_registry
from bridge.jobs.job_service import JobService
from bridge.settings import JobSettings
from tests.waiting import until

SCRIPTED = (sys.executable, str(Path(__file__).with_name("scripted_command.py")))


class JobRig:
    """A job service without its thread: `until` updates it. ``ahead_s`` moves its clock."""

    def __init__(self, settings: JobSettings | None = None, command: Sequence[str] = SCRIPTED) -> None:
        self.bus = Bus(make_sidecar_registry({}))
        self.ahead_s = 0.0
        self.service = JobService(self.bus, settings or JobSettings(), command)
        for action, handler in self.service.handlers().items():
            self.bus.add_handler(action, handler)
        self.update()

    def update(self) -> None:
        self.service.update(time.monotonic() + self.ahead_s)

    def start(self, kind: str, *arguments: str) -> int:
        ((number,),) = self.bus.trigger("jobs.start", kind, *arguments)
        return int(number)

    def call(self, action: str, number: int) -> tuple[Row, ...]:
        return self.bus.trigger(f"jobs.{action}", str(number))

    def get(self, number: int) -> dict[str, object]:
        """The row of a job, by field."""
        reading = self.bus.registry.get_reading("jobs")
        rows = {row[0]: row for row in self.bus.get_rows("jobs")}
        return dict(zip(reading.fields, rows[number], strict=True)) if number in rows else {}

    def get_files(self, number: int) -> dict[str, Row]:
        """State, share and detail of the songs of a job, by name."""
        return {str(row[0]).partition("/")[2]: row[2:] for row in self.bus.get_rows("jobs.file") if row[1] == number}

    def wait(self, what: str, holds: Callable[[], bool]) -> None:
        """Update until ``holds`` is true."""

        def has_come() -> bool:
            self.update()
            return holds()

        until(what, has_come)

    def until(self, number: int, state: str, *states: str) -> dict[str, object]:
        """Update until a job has this state; the test fails at another state that is an end."""

        def has_come() -> bool:
            self.update()
            now = self.get(number)
            ended = now["state"] in ("done", "failed", "cancelled") and now["state"] not in (state, *states)
            assert not ended, now
            return now["state"] in (state, *states)

        until(f"job {number} {state}", has_come)
        return self.get(number)

    def until_working(self, number: int) -> None:
        """Update until the command of a job has said how far it is."""

        self.wait(f"job {number} reports", lambda: "separating" in str(self.get(number)["detail"]))
