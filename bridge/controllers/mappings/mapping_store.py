"""Mapping store: all mappings as they were last read without an error, and what is wrong with the others."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from bridge import file_stamps
from bridge.config import user_dir
from bridge.control.registry import Registry
from bridge.controllers.mappings.mapping import Mapping as ControllerMapping
from bridge.controllers.mappings.mapping_lookup import FOLDER, SHIPPED, SUFFIX, MappingEntry, list_mappings
from bridge.controllers.mappings.mapping_reader import read_mapping
from bridge.errors import ConfigError

log = logging.getLogger(__name__)

Stamp = tuple[str, int, int, int]
"""Of a file: path, time of its last change in ns, size, inode."""


class MappingStore:
    """The mappings by the names of their files. Thread-safe.

    A file that is refused leaves the mapping that was read of it before; at first that of the shipped file of the same
    name. ``is_known``: whether a control, action or reading that ``registry`` lacks belongs to an engine that is off.
    """

    def __init__(self, registry: Registry, is_known: Callable[[str], bool]) -> None:
        self._registry, self._is_known = registry, is_known
        self._lock = threading.Lock()
        self._stamps: dict[str, Stamp] = {}
        self._watched: tuple[file_stamps.Stamp, ...] | None = None
        self._revision = registry.revision
        self._has_read = False
        self.mappings: Mapping[str, ControllerMapping] = {}
        """Replaced as a whole, so any thread may read it. A mapping that did not change stays the same object."""
        self.problems: Mapping[str, str] = {}
        """By name of the file, what is wrong with it, where, and the fix. Replaced as a whole."""

    def update(self) -> bool:
        """Read files of the user that are new or have changed since the last call; whether any has.

        All files where the registry has changed: a mapping holds the controls with their choices.
        """
        with self._lock:
            watched, revision = _stamp_user_files(), self._registry.revision
            if watched == self._watched and revision == self._revision:
                return False
            is_replaced, self._watched, self._revision = revision != self._revision, watched, revision
            return self._read_changed(force=is_replaced)

    def reload(self) -> bool:
        """Read all files again; whether any mapping or problem is another one now."""
        with self._lock:
            self._watched = _stamp_user_files()
            return self._read_changed(force=True)

    def _read_changed(self, force: bool) -> bool:
        try:
            # the user's first: of two that fit a device equally well, the first one has it
            listed = sorted(list_mappings(), key=lambda entry: entry.origin != "user")
        except ConfigError as error:
            return self._replace(dict(self.mappings), {**self.problems, FOLDER: str(error)})
        entries = {entry.name: entry for entry in listed}
        mappings, problems = dict[str, ControllerMapping](), dict[str, str]()
        for name, entry in entries.items():
            stamp = _stamp(entry.path)
            if not force and stamp == self._stamps.get(name):
                if name in self.mappings:
                    mappings[name] = self.mappings[name]
                if name in self.problems:
                    problems[name] = self.problems[name]
                continue
            self._stamps[name] = stamp
            try:
                mappings[name] = self._read(entry)
            except ConfigError as error:
                problems[name] = str(error)
                if (last := self.mappings.get(name) or self._read_shipped(entry)) is not None:
                    mappings[name] = last
        self._stamps = {name: stamp for name, stamp in self._stamps.items() if name in entries}
        return self._replace(mappings, problems)

    def _replace(self, mappings: dict[str, ControllerMapping], problems: dict[str, str]) -> bool:
        for name, problem in problems.items():
            if problem != self.problems.get(name):
                kept = "; the last good one stays" if name in mappings else ""
                log.warning("mapping %s is refused: %s%s", name, problem, kept)
        for name, mapping in mappings.items():
            was_refused = name in self.problems and name not in problems
            if mapping != self.mappings.get(name) or was_refused:
                self._log_change(name, "read again" if name in self.mappings or was_refused else "read")
            if mapping == self.mappings.get(name):
                mappings[name] = self.mappings[name]
        for name in self.mappings.keys() - mappings.keys() - problems.keys():
            self._log_change(name, "removed")
        self._has_read = True
        changed = mappings != self.mappings or problems != self.problems
        self.mappings, self.problems = mappings, problems
        return changed

    def _log_change(self, name: str, what: str) -> None:
        """Log what happened to a file; nothing at the start, when all are read."""
        if self._has_read:
            log.info("mapping %s: %s", name, what)

    def _read(self, entry: MappingEntry) -> ControllerMapping:
        if entry.problem:
            raise ConfigError(entry.problem)
        return read_mapping(entry.path, self._registry, self._is_known)

    def _read_shipped(self, entry: MappingEntry) -> ControllerMapping | None:
        """The shipped mapping in whose place a user's file is refused; None where there is none."""
        shipped = resources.files(SHIPPED) / f"{entry.name}{SUFFIX}"
        if entry.origin == "shipped" or not shipped.is_file():
            return None
        try:
            return read_mapping(shipped, self._registry, self._is_known)
        except ConfigError as error:
            log.warning("the shipped mapping %s is refused as well: %s", entry.name, error)
            return None


def _stamp_user_files() -> tuple[file_stamps.Stamp, ...]:
    """The stamps of the files in the user's folder, which are all that change while Sideman runs."""
    return file_stamps.stamp_files(user_dir(FOLDER), SUFFIX)


def _stamp(path: Path | Traversable) -> Stamp:
    if not isinstance(path, Path):
        return str(path), 0, 0, 0  # in an archive: it does not change
    try:
        found = path.stat()
    except OSError:
        return str(path), -1, -1, -1
    return str(path), found.st_mtime_ns, found.st_size, found.st_ino
