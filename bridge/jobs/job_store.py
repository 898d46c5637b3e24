"""Job store: the folder with a file for each job, its log and the songs that are finished, and a lock on it."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import msgspec

from bridge.config import SCHEMA, state_dir, write_atomic
from bridge.errors import ConfigError
from bridge.progress_channel import format_finished, parse_finished

log = logging.getLogger(__name__)

FOLDER = "jobs"
LOG_BYTES = 1 << 16
"""Bytes of the end of a log that are read."""
LOG_LINES = 200
_RECORD = re.compile(r"(\d{1,9})\.json")


Count = Annotated[int, msgspec.Meta(ge=0)]
JobState: TypeAlias = Literal["waits", "runs", "paused", "done", "failed", "cancelled"]


class JobRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is kept of a job. ``pid``: its process while it runs, 0 where none does."""

    schema: int
    number: Count
    kind: str
    arguments: tuple[str, ...]
    state: JobState
    detail: str = ""
    share: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)] = 0.0
    done: Count = 0
    of: Count = 0
    pid: Count = 0


@dataclass(slots=True)
class JobStore:
    """The jobs of one user. Nobody else writes to the folder while it is locked."""

    folder: Path = field(default_factory=lambda: state_dir() / FOLDER)
    _descriptor: int = -1

    def lock(self) -> bool:
        """Lock the folder; False where another process has it. The end of a process unlocks it, however it ends.

        Raises:
            ConfigError: The folder cannot be made.
        """
        if self._descriptor >= 0:
            return True
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ConfigError(f"{self.folder}: cannot be made ({error.strerror})", "check its permissions") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return False
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        self._descriptor = descriptor
        return True

    def unlock(self) -> None:
        """Release the lock."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    @property
    def owner(self) -> str:
        """The number of the process that has the lock; empty where it is not known."""
        try:
            return (self.folder / "lock").read_text(encoding="ascii").strip()[:10]
        except (OSError, ValueError):
            return ""

    def load(self) -> list[JobRecord]:
        """All jobs in order of their numbers. A file that is no job is left alone, with a warning.

        Raises:
            ConfigError: The folder cannot be read.
        """
        try:
            names = sorted(path.name for path in self.folder.iterdir())
        except OSError as error:
            raise ConfigError(f"{self.folder}: cannot be read ({error.strerror})", "check its permissions") from error
        records = []
        for name in names:
            if _RECORD.fullmatch(name):
                try:
                    records.append(_read_record(self.folder / name))
                except (OSError, ValueError, RecursionError) as error:
                    log.warning("%s is no job and is left out (%s)", self.folder / name, error)
        return sorted(records, key=lambda record: record.number)

    def find_free_number(self) -> int:
        """A number that no job has, not even one whose file is broken."""
        found = [match[1] for path in self.folder.iterdir() if (match := _RECORD.fullmatch(path.name))]
        return 1 + max(map(int, found), default=0)

    def save(self, record: JobRecord) -> None:
        """Write a job's file. Raises: ConfigError."""
        write_atomic(self._get_path(record.number), json.dumps(msgspec.to_builtins(record), indent=1))

    def remove(self, number: int) -> None:
        """Remove a job's files."""
        for path in (self._get_path(number), self.get_log_path(number), self.get_finished_path(number)):
            path.unlink(missing_ok=True)

    def get_log_path(self, number: int) -> Path:
        """What the command printed."""
        return self.folder / f"{number}.log"

    def get_finished_path(self, number: int) -> Path:
        """The songs that are finished."""
        return self.folder / f"{number}.finished"

    def read_finished(self, number: int) -> frozenset[str]:
        """The songs that are finished."""
        return parse_finished(self.get_finished_path(number))

    def add_finished(self, number: int, file: str) -> None:
        """Note that a song is finished. Raises: ConfigError."""
        path = self.get_finished_path(number)
        try:
            with path.open("ab") as opened:
                opened.write(b"\n" + format_finished(file))  # after a line that a crash cut short, too
        except OSError as error:
            raise ConfigError(f"{path}: cannot be written ({error.strerror})", "check free space") from error

    def forget_finished(self, number: int) -> None:
        """Forget which songs are finished: the next run does all of them."""
        self.get_finished_path(number).unlink(missing_ok=True)

    def read_log(self, number: int) -> list[str]:
        """The last lines that the command printed."""
        try:
            with self.get_log_path(number).open("rb") as opened:
                opened.seek(max(0, opened.seek(0, os.SEEK_END) - LOG_BYTES))
                text = opened.read().decode("utf-8", "backslashreplace")
        except OSError:
            return []
        return [line.rstrip() for line in text.splitlines() if line.strip()][-LOG_LINES:]

    def _get_path(self, number: int) -> Path:
        return self.folder / f"{number}.json"


def _read_record(path: Path) -> JobRecord:
    record = msgspec.convert(json.loads(path.read_bytes()), JobRecord)
    if record.schema != SCHEMA or f"{record.number}.json" != path.name:
        raise ValueError(f"schema {record.schema}, number {record.number}")
    return record
