"""Instant pool: does simulated work in this process, at once, so that only the batch itself is measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from batch.file_task import FINISHED_MARK, OUT_FOLDER, FileProgress, FileReport, FileTask


class InstantPool:
    """A pool whose work is a small file. ``fails_each``: each so manieth file fails; 0: none."""

    def __init__(self, workers: int = 2, fails_each: int = 0) -> None:
        self.workers, self._fails_each = workers, fails_each
        self._tasks: list[FileTask] = []
        self.finished = 0

    @property
    def free(self) -> int:
        """How many tasks it takes now."""
        return self.workers - len(self._tasks)

    def __enter__(self) -> InstantPool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._tasks.clear()

    def submit(self, task: FileTask) -> None:
        """Take a task."""
        self._tasks.append(task)

    def wait(self, limit_s: float) -> Sequence[FileReport]:
        """Do all tasks, and report them, whatever the limit."""
        del limit_s
        reports = [self._work(task) for task in self._tasks]
        self._tasks.clear()
        return reports

    def _work(self, task: FileTask) -> FileReport:
        self.finished += 1
        if self._fails_each and self.finished % self._fails_each == 0:
            return FileReport(task.key, "failed", f"{task.name}: simulated failure")
        out = Path(task.work_folder) / OUT_FOLDER
        out.mkdir(parents=True)
        (out / f"{Path(task.name).stem}.txt").write_text("simulated", encoding="ascii")
        (out.parent / FINISHED_MARK).touch()
        return FileReport(task.key, "done", took_s=0.001, worker="simulated")

    def list_progress(self) -> Sequence[FileProgress]:
        """Nothing: the work is done at once."""
        return ()

    def end(self) -> Sequence[FileReport]:
        """Nothing to end."""
        return ()
