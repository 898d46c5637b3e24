"""Batch journal: what is done, has failed and is to be done, by content and recipe, in a SQLite file of the results.

It is the truth about a batch: whoever opens it next goes on. Paths are stored as the bytes that the system gives.
"""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from batch.content_hash import hash_path
from batch.source_tree import JOURNAL_FILE
from bridge.errors import ConfigError
from bridge.names import fold_name

WORK_FOLDER = ".batch"
"""Folder in the results for work that is not finished, and for the lock."""
LOCK_FILE = "lock"
SCHEMA = 1
BUSY_S = 10.0
"""Time to wait for another process, such as ``sideman batch status``, to let go of the file."""
TaskState: TypeAlias = Literal["pending", "running", "done", "failed"]
_TABLES = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (
    path BLOB PRIMARY KEY, stamp TEXT, hash BLOB, result BLOB, folded TEXT UNIQUE) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS files_hash ON files (hash);
CREATE TABLE IF NOT EXISTS tasks (
    hash BLOB, recipe BLOB, path BLOB, result BLOB, state TEXT, attempts INTEGER DEFAULT 0, error TEXT DEFAULT '',
    took_s REAL DEFAULT 0, bytes INTEGER DEFAULT 0, worker TEXT DEFAULT '', PRIMARY KEY (hash, recipe)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tasks_state ON tasks (recipe, state);
CREATE INDEX IF NOT EXISTS tasks_result ON tasks (result);
"""


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task of the journal. ``result``: name of its results, below the results' folder, without a suffix."""

    path: Path
    result: Path
    state: TaskState
    attempts: int
    error: str
    took_s: float


@contextmanager
def lock_results(out: Path) -> Iterator[None]:
    """Make the folder of results, and keep it to this process.

    Raises:
        ConfigError: It cannot be made, or another batch has it; the message has the number of its process.
    """
    folder = out / WORK_FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise ConfigError(f"--out {out}: cannot be made ({error.strerror})", "give another folder") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EACCES):
                owner = os.pread(descriptor, 40, 0).decode("ascii", "replace").strip()
                who = f"process {owner}" if owner else "another process"
                raise ConfigError(f"--out {out}: {who} runs a batch in it", "wait for it, or end it") from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


class BatchJournal:
    """The journal of a folder of results, for one thread.

    Raises:
        ConfigError: It cannot be opened, is broken, or is that of another command.
        sqlite3.Error: From all methods, where the disk fails or is full.
    """

    def __init__(self, out: Path, kind: str = "", is_read_only: bool = False) -> None:
        self.path = out / JOURNAL_FILE
        if is_read_only and not self.path.is_file():
            raise ConfigError(f"{out}: no batch has written into this folder", "give the --out of a batch")
        try:
            self._base = sqlite3.connect(self.path, timeout=BUSY_S, isolation_level=None)
            self._base.execute("PRAGMA journal_mode = WAL")
            self._base.execute("PRAGMA synchronous = NORMAL")
            self._base.executescript(_TABLES)
            self.kind = self._read_setting("kind") or self._begin(kind)
            schema = self._read_setting("schema")
        except sqlite3.Error as error:
            raise ConfigError(
                f"{self.path}: cannot be used ({error})",
                "check space and permissions, or remove the file and its results",
            ) from error
        if schema != str(SCHEMA):
            raise ConfigError(f"{self.path}: written by another version", "use that version, or give another --out")
        if kind and kind != self.kind:
            message = f"--out {out}: has the results of `sideman batch {self.kind}`"
            raise ConfigError(message, f"give another folder for `sideman batch {kind}`")

    def _begin(self, kind: str) -> str:
        for name, value in (("schema", str(SCHEMA)), ("kind", kind)):
            self._base.execute("INSERT INTO settings VALUES (?, ?)", (name, value))
        return kind

    def _read_setting(self, name: str) -> str:
        row = self._base.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    def __enter__(self) -> BatchJournal:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(sqlite3.Error):
            self._base.close()

    def begin_run(self, recipe: bytes, words: str) -> None:
        """Note the recipe of this run; what a run that died left as running is pending again."""
        for name, value in (("recipe", recipe.hex()), ("options", words)):
            self._base.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))
        self._base.execute("UPDATE tasks SET state = 'pending' WHERE state = 'running'")

    @property
    def recipe(self) -> bytes:
        """The recipe of the last run."""
        return bytes.fromhex(self._read_setting("recipe"))

    @property
    def options(self) -> str:
        """The options of the last run, as typed."""
        return self._read_setting("options")

    def find_hash(self, path: Path, stamp: str) -> bytes | None:
        """The content hash of a file that has not changed since; None where it is to be computed."""
        row = self._base.execute(
            "SELECT hash FROM files WHERE path = ? AND stamp = ?", (os.fsencode(path), stamp)
        ).fetchone()
        return bytes(row[0]) if row and row[0] is not None else None

    def store_hash(self, path: Path, stamp: str, digest: bytes) -> None:
        """Keep the content hash of a file."""
        self._base.execute(
            "INSERT INTO files (path, stamp, hash) VALUES (?, ?, ?)"
            " ON CONFLICT (path) DO UPDATE SET stamp = excluded.stamp, hash = excluded.hash",
            (os.fsencode(path), stamp, digest),
        )
        self._base.execute("DELETE FROM tasks WHERE hash = ?", (hash_path(path),))

    def find_result(self, path: Path) -> Path | None:
        """The name of the results of a file; None where it has none yet."""
        row = self._base.execute("SELECT result FROM files WHERE path = ?", (os.fsencode(path),)).fetchone()
        return Path(os.fsdecode(row[0])) if row and row[0] is not None else None

    def reserve_result(self, path: Path, result: Path) -> bool:
        """Give a file's results a name, forever; False where another file has it, in whatever case."""
        try:
            self._base.execute(
                "UPDATE files SET result = ?, folded = ? WHERE path = ?",
                (
                    os.fsencode(result),
                    fold_name(os.fsencode(result).decode("utf-8", "backslashreplace")),
                    os.fsencode(path),
                ),
            )
        except sqlite3.IntegrityError:
            return False
        return True

    def find(self, digest: bytes, recipe: bytes) -> TaskRow | None:
        """The task of a content and a recipe."""
        row = self._base.execute(
            "SELECT path, result, state, attempts, error, took_s FROM tasks WHERE hash = ? AND recipe = ?",
            (digest, recipe),
        ).fetchone()
        return _to_task_row(row) if row else None

    def add(self, digest: bytes, recipe: bytes, path: Path, result: Path, size: int) -> None:
        """Note a task that is to be done, with the attempts that it had."""
        self._base.execute(
            "INSERT INTO tasks (hash, recipe, path, result, state, bytes) VALUES (?, ?, ?, ?, 'pending', ?)"
            " ON CONFLICT (hash, recipe)"
            " DO UPDATE SET path = excluded.path, result = excluded.result, state = 'pending'",
            (digest, recipe, os.fsencode(path), os.fsencode(result), size),
        )

    def mark_running(self, digest: bytes, recipe: bytes) -> None:
        """Work on a task begins: an attempt more."""
        self._base.execute(
            "UPDATE tasks SET state = 'running', attempts = attempts + 1 WHERE hash = ? AND recipe = ?",
            (digest, recipe),
        )

    def mark_pending(self, digest: bytes, recipe: bytes) -> None:
        """Work on a task ended through no fault of the file: the attempt does not count."""
        self._base.execute(
            "UPDATE tasks SET state = 'pending', attempts = max(attempts - 1, 0) WHERE hash = ? AND recipe = ?",
            (digest, recipe),
        )

    def mark_done(self, digest: bytes, recipe: bytes, took_s: float, worker: str) -> None:
        """A task is done. Others whose results had that name are gone with them."""
        self._base.execute("BEGIN")
        self._base.execute(
            "UPDATE tasks SET state = 'done', error = '', took_s = ?, worker = ? WHERE hash = ? AND recipe = ?",
            (took_s, worker, digest, recipe),
        )
        self._base.execute(
            "DELETE FROM tasks WHERE (hash != ?1 OR recipe != ?2)"
            " AND result = (SELECT result FROM tasks WHERE hash = ?1 AND recipe = ?2)",
            (digest, recipe),
        )
        self._base.execute("COMMIT")

    def mark_failed(self, digest: bytes, recipe: bytes, error: str, took_s: float = 0.0, worker: str = "") -> None:
        """A task has failed, with the sentence that names the cause."""
        text = error.encode("utf-8", "backslashreplace").decode()
        self._base.execute(
            "UPDATE tasks SET state = 'failed', error = ?, took_s = ?, worker = ? WHERE hash = ? AND recipe = ?",
            (text, took_s, worker, digest, recipe),
        )

    def count(self, recipe: bytes) -> dict[str, int]:
        """How many tasks of a recipe have each state."""
        rows = self._base.execute("SELECT state, count(*) FROM tasks WHERE recipe = ? GROUP BY state", (recipe,))
        return {str(state): int(count) for state, count in rows}

    def count_copies(self, recipe: bytes) -> int:
        """How many files have the content of another one that is done."""
        query = (
            "SELECT count(*) FROM files JOIN tasks USING (hash)"
            " WHERE recipe = ? AND state = 'done' AND files.path != tasks.path"
        )
        return int(self._base.execute(query, (recipe,)).fetchone()[0])

    def list_failures(self, recipe: bytes) -> Iterator[TaskRow]:
        """The tasks that failed, by path, and the copies of their files."""
        query = (
            "SELECT files.path, tasks.result, state, attempts, error, took_s FROM tasks JOIN files USING (hash)"
            " WHERE recipe = ?1 AND state = 'failed' UNION"
            " SELECT path, result, state, attempts, error, took_s FROM tasks WHERE recipe = ?1 AND state = 'failed'"
            " ORDER BY 1"
        )
        yield from map(_to_task_row, self._base.execute(query, (recipe,)))

    def list_pending_keys(self, recipe: bytes) -> set[bytes]:
        """The content of the tasks that a run began or was to begin, and did not end."""
        query = "SELECT hash FROM tasks WHERE recipe = ? AND state IN ('pending', 'running')"
        return {bytes(row[0]) for row in self._base.execute(query, (recipe,))}


def _to_task_row(row: tuple[bytes, bytes, TaskState, int, str, float]) -> TaskRow:
    path, result, state, attempts, error, took_s = row
    return TaskRow(Path(os.fsdecode(path)), Path(os.fsdecode(result)), state, attempts, error, took_s)
