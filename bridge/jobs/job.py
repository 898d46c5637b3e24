"""Job: a request, its state, and the process that does it while there is one."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field

from bridge.config import SCHEMA
from bridge.core.control import Value
from bridge.jobs.batch_progress import BatchProgress
from bridge.jobs.job_process import JobProcess
from bridge.jobs.job_progress import LONGEST_DETAIL, JobProgress, clean_text
from bridge.jobs.job_request import JobRequest
from bridge.jobs.job_store import JobRecord, JobState
from bridge.progress_channel import UNKNOWN_S

ENDED_STATES: frozenset[JobState] = frozenset({"done", "failed", "cancelled"})
PROGRAM = "sideman: "
"""Beginning of an error of the command."""
FRAME = " ─│╭╮╰╯|+-"
"""Characters of the frame that is drawn around what is wrong with an option."""


@dataclass(slots=True, eq=False)
class Job:
    """A job of the queue.

    Attributes:
        number: Its name.
        state: Paused: by the user. One that waits may have a process, too, which stands still.
        detail: Why it failed; while it runs, `JobProgress` says more.
        share: How much of it is done, 0 to 1, when it ran last; likewise ``done`` and ``of`` (songs).
        process: What does it, also while it stands still or ends.
        orphan: The process of an earlier sidecar that still ends; 0 where there is none.
    """

    number: int
    request: JobRequest
    state: JobState = "waits"
    detail: str = ""
    share: float = 0.0
    done: int = 0
    of: int = 0
    process: JobProcess | None = None
    orphan: int = 0
    kill_orphan_at_s: float = 0.0
    progress: JobProgress | BatchProgress = field(default_factory=JobProgress)

    @property
    def command(self) -> tuple[str, ...]:
        """The words after ``sideman``."""
        return self.request.kind, *self.request.arguments

    @property
    def stop_signal(self) -> str:
        """The signal that lets the command stand still; a batch passes it on."""
        return "SIGTSTP" if self.request.is_batch else "SIGSTOP"

    @property
    def is_startable(self) -> bool:
        """Whether it is to run, and nothing of an earlier run is left."""
        return self.state in ("waits", "runs") and not self.orphan and not (self.process and self.process.is_ending)

    def note_progress(self) -> None:
        """Keep how far it is. The share does not fall while a command finds out where it was."""
        if self.progress.of:
            self.share = max(self.share, self.progress.share)
            self.done, self.of = self.progress.done, self.progress.of

    def make_record(self) -> JobRecord:
        """What the store keeps."""
        return JobRecord(
            schema=SCHEMA,
            number=self.number,
            kind=self.request.kind,
            arguments=self.request.arguments,
            state=self.state,
            detail=self.detail,
            share=self.share,
            done=self.done,
            of=self.of,
            pid=self.orphan if self.process is None else self.process.pid,
        )

    def make_row(self, waits_for: str) -> tuple[Value, ...]:
        """The row of the reading ``jobs``; ``waits_for``: why it waits."""
        is_running = self.state == "runs"
        detail = {"runs": self.progress.detail, "waits": waits_for}.get(self.state, self.detail)
        return (
            self.number,
            self.request.kind,
            clean_text(self.request.title),
            self.state,
            self.share,
            self.done,
            self.of,
            self.progress.left_s if is_running else UNKNOWN_S,
            round(self.progress.speed, 1) if is_running else 0.0,
            clean_text(self.request.folder, LONGEST_DETAIL),
            clean_text(detail, LONGEST_DETAIL),
        )

    def finish(self, status: int, log_lines: list[str]) -> None:
        """The command has ended by itself with this exit status, negative for a signal."""
        self.progress.stop()
        failed, first = self.progress.failed, self.progress.first_failure
        if status == 0:
            self.state, self.share, self.detail = "done", 1.0, ""
            return
        self.state = "failed"
        if status < 0:
            self.detail = f"{find_signal_name(-status)} ended the command; retry continues it"
        elif first:
            more = f" ({failed} of {self.progress.of} songs failed)" if self.progress.of > 1 else ""
            self.detail = first + more
        elif failed:
            self.detail = f"{failed} of {self.progress.of} songs failed before; retry tries them again"
        else:
            self.detail = find_error(log_lines) or f"the command ended with status {status}; its log has more"
        self.progress.fail_present(self.detail)


def find_error(lines: list[str]) -> str:
    """The last error in what a command printed, else its last line of text, out of its frame; empty without one."""
    errors = [line.removeprefix(PROGRAM) for line in lines if line.startswith(PROGRAM)]
    texts = (line.strip(FRAME) for line in reversed(lines))
    return errors[-1] if errors else next((text for text in texts if any(map(str.isalnum, text))), "")


def find_signal_name(number: int) -> str:
    """The name of a signal."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
