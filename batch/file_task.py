"""File task and file report: what a worker gets to do for one file, and what it answers; both are small and plain."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

FileStatus: TypeAlias = Literal["done", "failed", "refused", "disk full", "lost", "returned", "stopped"]
"""State of the work on a file that has ended. refused: no file can be worked on, for want of a right option for one.
lost: the worker went away, perhaps because of the file. returned: it is not at fault, and is to be begun again.
stopped: we ended it."""

OUT_FOLDER = "out"
"""Folder of the command's results, in the work folder of a file."""
FINISHED_MARK = "finished"
"""File that says that all results of a work folder are whole."""
LOG_FILE = "log"
LOCK_FILE = "lock"


@dataclass(frozen=True, slots=True)
class FileLimits:
    """Limits of the work on one file.

    Attributes:
        still_s: Seconds without progress and without processor time.
        busy_s: Seconds of work without progress.
        total_s: Seconds in all; 0: no limit.
        memory_bytes: Address space of the process (RLIMIT_AS); 0: no limit.
    """

    still_s: float
    busy_s: float
    total_s: float = 0.0
    memory_bytes: int = 0


@dataclass(frozen=True, slots=True)
class FileTask:
    """Work on one file.

    Attributes:
        key: Name of the task, and of its work folder: of content, command and options.
        name: Name of the file for people: its path below the folder.
        work_folder: What is in it before it is finished, is nobody's result.
        module: Module that runs as ``python -m``; its ``arguments``.
        attempt: Number by which the work can be stopped; 0: it cannot.
    """

    key: str
    name: str
    work_folder: str
    module: str
    arguments: tuple[str, ...]
    limits: FileLimits
    attempt: int = 0

    @property
    def stop_file(self) -> Path:
        """File whose existence ends this attempt, on whatever machine it runs."""
        return Path(self.work_folder) / f"stop.{self.attempt}"

    @property
    def is_finished(self) -> bool:
        """Whether an earlier run has finished the work; its results are only to be moved."""
        return (Path(self.work_folder) / FINISHED_MARK).is_file()


@dataclass(frozen=True, slots=True)
class FileReport:
    """End of the work on a file. ``error``: a sentence that names the cause. ``worker``: where it ran."""

    key: str
    status: FileStatus
    error: str = ""
    took_s: float = 0.0
    worker: str = ""


@dataclass(frozen=True, slots=True)
class FileProgress:
    """How far the work on a file is. ``share``: 0 to 1."""

    key: str
    name: str
    step: str = ""
    share: float = 0.0
