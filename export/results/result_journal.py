"""Result journal: which files of a folder are results of which song, so that they are not made twice.

A file that the user changed, such as a band that was edited in a DAW, is used as it is and never written over.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bridge.config import write_atomic

JOURNAL_FILE = ".export.json"
SCHEMA = 1

FileStamp = tuple[int, int]
"""Size in bytes, and time of the last change in nanoseconds."""


class ResultRecord(msgspec.Struct, frozen=True):
    """A result. ``key``: a hash of what it was made from. ``files``: by their path from the folder."""

    key: str
    files: dict[str, FileStamp]


@dataclass(frozen=True, slots=True)
class FoundResult:
    """A result that is there. ``is_changed``: a file of it was changed since it was made."""

    key: str
    files: tuple[Path, ...]
    is_changed: bool


class ResultJournal:
    """The journal of ``folder``, which may not exist yet."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._records = _load(folder / JOURNAL_FILE)

    def find(self, name: str) -> FoundResult | None:
        """The result called ``name``; None where one of its files is missing."""
        record = self._records.get(name)
        if record is None:
            return None
        files = {path: read_stamp(self._folder / path) for path in record.files}
        if None in files.values():
            return None
        return FoundResult(record.key, tuple(self._folder / path for path in files), files != record.files)

    def is_known(self, name: str) -> bool:
        """Whether ``name`` was noted, whatever became of its files."""
        return name in self._records

    def list_files(self, beginning: str) -> list[Path]:
        """The files of all results whose name begins so, there or not."""
        records = [record for name, record in self._records.items() if name.startswith(beginning)]
        return [self._folder / path for record in records for path in record.files]

    def note_files(self, name: str, key: str, files: Iterable[Path]) -> None:
        """Note the finished ``files`` of a result. Raises: ConfigError where the journal cannot be written."""
        self.note(name, key, {path.relative_to(self._folder).as_posix(): read_stamp(path) for path in files})

    def note(self, name: str, key: str, stamps: Mapping[str, FileStamp | None]) -> None:
        """Note a result by the stamps that its files have or will have, by their path from the folder.

        Raises:
            ConfigError: The journal cannot be written.
        """
        self._records[name] = ResultRecord(key, {path: stamp for path, stamp in stamps.items() if stamp is not None})
        content = {"schema": SCHEMA, "results": msgspec.to_builtins(self._records)}
        write_atomic(self._folder / JOURNAL_FILE, json.dumps(content, indent=1) + "\n")


def make_key(*values: object) -> str:
    """A hash of ``values``, of JSON's types."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def read_stamp(path: Path) -> FileStamp | None:
    """The stamp of a plain file; None where there is none."""
    try:
        stat = os.stat(path)  # noqa: PTH116 - as path.stat(), in one shape with the rest
    except OSError:
        return None
    return (stat.st_size, stat.st_mtime_ns) if path.is_file() else None


def _load(file: Path) -> dict[str, ResultRecord]:
    try:
        content = json.loads(file.read_bytes())
        if content["schema"] != SCHEMA:
            return {}
        return msgspec.convert(content["results"], dict[str, ResultRecord])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}
