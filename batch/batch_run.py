"""Batch run: takes up the files one after the other, lets a pool work on them, and keeps the journal.

At no time are more than some dozen files in memory: the tree is walked as files are taken up, and what happened to
them is in the journal.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from batch.batch_journal import WORK_FOLDER, BatchJournal, TaskRow
from batch.batch_request import BatchCounts, BatchListener, BatchRefusal, BatchRequest, BatchStop
from batch.content_hash import hash_content, hash_path, read_stamp
from batch.file_pool import FilePool
from batch.file_process import remove_folder
from batch.file_task import OUT_FOLDER, FileLimits, FileReport, FileTask
from batch.result_files import are_there, choose_result, publish_results
from batch.source_tree import Source, check_roots, iterate_sources
from bridge.errors import BridgeError, ConfigError
from bridge.failures import explain, is_disk_full

AHEAD = 8
"""Files whose content is read before a worker is free for them."""
WAIT_S, HASH_WAIT_S = 0.2, 0.01
"""Time to wait for a worker, or for a free one, and where only the content of the next file is missing."""
LOST_TIMES = 5
"""A file whose worker went away so many times has failed: it may be what ends them."""
BYTES_A_SECOND = 8000.0
"""Of a song at 64 kbit/s: with fewer bytes a second hardly any song is stored."""
TOTAL_S, TIMES = 3600.0, 10.0
"""Longest work on a file: an hour, and ten times the length that its size can have."""
BUSY_TIMES = 10.0
"""A process that computes may be silent for so many times the limit of one that does not."""


@dataclass(slots=True)
class _Taken:
    """A file that was taken up. ``stamp``: see `read_stamp`; ``digest``: its content once it is known."""

    source: Source
    stamp: str
    size: int
    digest: Future[bytes] | bytes


@dataclass(slots=True)
class _Work:
    """A file that a worker has. ``copies``: files with the same content that came meanwhile."""

    taken: _Taken
    digest: bytes
    result: Path
    folder: Path
    copies: int = 0
    lost: int = 0


@dataclass(slots=True)
class BatchRun:
    """One run of a batch; ``run`` does it all.

    The journal is used by the thread that calls ``run`` alone.
    """

    request: BatchRequest
    journal: BatchJournal
    pool: FilePool
    listener: BatchListener
    counts: BatchCounts = field(default_factory=BatchCounts)
    _taken: deque[_Taken] = field(default_factory=deque)
    _ready: deque[_Work] = field(default_factory=deque)
    _working: dict[str, _Work] = field(default_factory=dict)

    def run(self) -> None:
        """Do all files that are not done.

        Raises:
            BatchStop: The disk is full, the files went away, or the command refuses its options.
            KeyboardInterrupt: As asked; what runs is ended, and the journal is right.
        """
        check_roots(self.request.roots)
        self._sweep_work_folders()
        self.counts.of = sum(1 for _ in self._iterate())
        if not self.counts.of:
            names = ", ".join(map(str, self.request.roots))
            raise ConfigError(f"{names}: no file for `sideman {self.request.kind.name}` in it", "give another folder")
        try:
            with ThreadPoolExecutor(1, "hash") as reader:
                try:
                    self._work_through(reader)
                finally:
                    for taken in self._taken:
                        if isinstance(taken.digest, Future):
                            taken.digest.cancel()
                    self._end_work()
        except (sqlite3.Error, OSError) as error:
            raise self._explain_stop(error) from error

    def _iterate(self) -> Iterator[Source]:
        return iterate_sources(self.request.roots, self.request.out, self.request.kind)

    def _work_through(self, reader: ThreadPoolExecutor) -> None:
        sources = self._iterate()
        is_over = False
        while not is_over or self._taken or self._ready or self._working:
            while not is_over and len(self._taken) + len(self._ready) < AHEAD + self.pool.workers:
                source = next(sources, None)
                if source is None:
                    is_over = True
                else:
                    self._take_up(source, reader)
                if self.counts.seen % 100 == 0:
                    self.listener.update(self.counts, self.pool)
            while self._taken and (isinstance(self._taken[0].digest, bytes) or self._taken[0].digest.done()):
                self._claim(self._taken.popleft())
            while self._ready and self.pool.free > 0:
                self._begin(self._ready.popleft())
            if self._working or self._taken or self._ready:
                for report in self.pool.wait(WAIT_S if self._working or self._ready else HASH_WAIT_S):
                    self._finish(report)
            self.listener.update(self.counts, self.pool)

    def _take_up(self, source: Source, reader: ThreadPoolExecutor) -> None:
        """Find out whether a file is done; where it has changed, or is new, its content is read."""
        try:
            stamp, size = read_stamp(source.path)
        except (OSError, BridgeError) as error:
            self._fail_unreadable(source, error)
            return
        known = self.journal.find_hash(source.path, stamp)
        taken = _Taken(source, stamp, size, known or reader.submit(hash_content, source.path))
        if known is not None and not self._taken and not self._is_open(known):
            self._claim(taken)  # most files of a batch that goes on
        else:
            self._taken.append(taken)

    def _is_open(self, digest: bytes) -> bool:
        key = make_key(digest, self.request.recipe)
        return key in self._working or any(work.digest == digest for work in self._ready)

    def _claim(self, taken: _Taken) -> None:
        """Decide about a file whose content is known: done before, a copy, failed before, or to be done."""
        path, recipe = taken.source.path, self.request.recipe
        if isinstance(taken.digest, bytes):
            digest = taken.digest
        else:
            try:
                digest = taken.digest.result()
            except (OSError, BridgeError) as error:
                self._fail_unreadable(taken.source, error)
                return
            self.journal.store_hash(path, taken.stamp, digest)
        key = make_key(digest, recipe)
        other = self._working.get(key) or next((work for work in self._ready if work.digest == digest), None)
        if other is not None:
            other.copies += 1
            return
        row = self.journal.find(digest, recipe)
        if row is not None and self._is_settled(row, path):
            return
        result = choose_result(taken.source, self.request.out, self.request.kind, self.journal)
        self.journal.add(digest, recipe, path, result, taken.size)
        self._ready.append(_Work(taken, digest, result, self.request.out / WORK_FOLDER / key))

    def _is_settled(self, row: TaskRow, path: Path) -> bool:
        """Count a file that is not to be begun: done before, with its results, or failed before."""
        if row.state == "done" and are_there(row.result, self.request.out, self.request.kind):
            if row.path == path or not row.path.exists():
                self.counts.before += 1
            else:
                self.counts.copies += 1
            return True
        if row.state == "failed" and not self.request.retry_failed:
            self.counts.failed_before += 1
            return True
        return False

    def _begin(self, work: _Work) -> None:
        key = work.folder.name
        task = self._make_task(work, key)
        self._working[key] = work
        self.journal.mark_running(work.digest, self.request.recipe)
        self.listener.begin(work.taken.source.name)
        if task.is_finished:  # by a run that died before it moved the results
            self._finish(FileReport(key, "done"))
            return
        self.pool.submit(task)

    def _make_task(self, work: _Work, key: str) -> FileTask:
        request = self.request
        limits = FileLimits(
            request.still_s,
            BUSY_TIMES * request.still_s,
            TOTAL_S + TIMES * work.taken.size / BYTES_A_SECOND,
            request.memory_bytes,
        )
        folder = work.folder.absolute()
        source = str(work.taken.source.path.absolute())
        arguments = (request.kind.name, source, "--out", str(folder / OUT_FOLDER), *request.options)
        return FileTask(key, work.taken.source.name, str(folder), request.kind.module, arguments, limits)

    def _finish(self, report: FileReport) -> None:
        """Take a report: move the results, and note it in the journal."""
        work = self._working.pop(report.key, None)
        if work is None:
            return
        name, status, error = work.taken.source.name, report.status, report.error
        if status == "done" and self._has_changed(work):
            status, error = (
                "failed",
                f"{work.taken.source.path}: changed while it was read; give the same command again",
            )
        if status == "lost":
            work.lost += 1
            if work.lost >= LOST_TIMES:
                status, error = "failed", f"its worker went away {LOST_TIMES} times: {error}"
        if status == "done":
            publish_results(work.folder, work.result, self.request.out, self.request.kind)
            self.journal.mark_done(work.digest, self.request.recipe, report.took_s, report.worker)
            self.counts.done += 1
            self.counts.copies += work.copies
            remove_folder(work.folder)
            self.listener.finish(name, "done", "")
        elif status == "failed":
            self.journal.mark_failed(work.digest, self.request.recipe, error, report.took_s, report.worker)
            self.counts.failed += 1 + work.copies
            remove_folder(work.folder)
            self.listener.finish(name, "failed", error)
            check_roots([work.taken.source.root])
        else:
            self.journal.mark_pending(work.digest, self.request.recipe)
            self.listener.finish(name, "waits", error)
            if status in ("lost", "returned"):
                self._ready.append(work)
            elif status == "disk full":
                raise self._make_full_stop()
            elif status == "refused":
                hint = f"sideman {self.request.kind.name} --help lists the options"
                raise BatchRefusal(error, hint)

    def _has_changed(self, work: _Work) -> bool:
        try:
            return read_stamp(work.taken.source.path)[0] != work.taken.stamp
        except (OSError, BridgeError):
            return False  # it is done, and gone

    def _fail_unreadable(self, source: Source, error: OSError | BridgeError) -> None:
        """Note a file that cannot be read; the batch ends where the folder itself went away."""
        check_roots([source.root])
        failure = explain(error, str(source.path))
        digest = hash_path(source.path)
        row = self.journal.find(digest, self.request.recipe)
        self.journal.add(digest, self.request.recipe, source.path, row.result if row else Path(), 0)
        self.journal.mark_running(digest, self.request.recipe)
        self.journal.mark_failed(digest, self.request.recipe, str(failure))
        self.counts.failed += 1
        self.listener.begin(source.name)
        self.listener.finish(source.name, "failed", str(failure))

    def _end_work(self) -> None:
        """End what still runs: its tasks are pending, and what a command has kept of them is used by the next run."""
        if not self._working:
            return
        for report in self.pool.end():
            if report.status in ("done", "failed"):
                self._finish(report)
        for work in self._working.values():
            self.journal.mark_pending(work.digest, self.request.recipe)
            self.listener.finish(work.taken.source.name, "waits", "")
        self._working.clear()

    def _explain_stop(self, error: sqlite3.Error | OSError) -> BatchStop:
        if is_disk_full(error) or getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL:
            return self._make_full_stop()
        what = f"{self.journal.path}: {error}" if isinstance(error, sqlite3.Error) else explain(error).message
        return BatchStop(what, "check the disk, then give the same command again: it continues")

    def _make_full_stop(self) -> BatchStop:
        free = shutil.disk_usage(self.request.out).free
        return BatchStop(
            f"{self.request.out}: the disk is full ({free / 1e6:,.0f} MB are free)",
            "free some space, then give the same command again: it continues",
        )

    def _sweep_work_folders(self) -> None:
        """Remove work folders that no task of this recipe continues."""
        folder = self.request.out / WORK_FOLDER
        kept = {make_key(digest, self.request.recipe) for digest in self.journal.list_pending_keys(self.request.recipe)}
        with os.scandir(folder) as entries:
            old = [
                Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False) and entry.name not in kept
            ]
        for path in old:
            remove_folder(path)


def make_key(digest: bytes, recipe: bytes) -> str:
    """The name of a task and its work folder."""
    return f"{digest.hex()}-{recipe.hex()[:8]}"
