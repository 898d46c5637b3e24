"""File pool: the protocol of what does the work on files, here or on other machines."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Protocol

from batch.file_task import FileProgress, FileReport, FileTask


class FilePool(Protocol):
    """Workers that take tasks, and report the end of each once."""

    @property
    def workers(self) -> int:
        """How many files are worked on at a time; 0 while no worker is there."""

    @property
    def free(self) -> int:
        """How many tasks it takes now."""

    def __enter__(self) -> FilePool:
        """Start the workers. Raises: BridgeError where they cannot be started or reached."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        """End all work at once; what is not finished can be continued."""

    def submit(self, task: FileTask) -> None:
        """Take a task."""

    def wait(self, limit_s: float) -> Sequence[FileReport]:
        """Wait for reports, at most so long, and return those that came."""

    def list_progress(self) -> Sequence[FileProgress]:
        """How far the present tasks are, as far as it is known."""

    def end(self) -> Sequence[FileReport]:
        """Ask all work to end, and wait for it; the reports of what ended."""
