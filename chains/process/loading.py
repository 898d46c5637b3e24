"""Loading journal: the plugin that each host process is loading now, in a file, written before it is touched.

If the whole machine or Sideman dies with it, the next start finds the file of a process that is gone, and so the
culprit.
"""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

import msgspec

from bridge.config import state_dir, write_atomic
from bridge.errors import ConfigError
from bridge.processes import may_be_writing
from chains.process.plugin_file import PluginFile

log = logging.getLogger(__name__)

FOLDER = "loading"
_ENDING = ".json"


class LoadingEntry(msgspec.Struct, frozen=True):
    """A plugin that process ``pid`` is loading. ``since_s``: seconds since 1970.

    ``owner``: the process that started it, and decides what its end says as long as it runs itself; 0: none.
    """

    plugin: PluginFile
    pid: int
    since_s: float
    owner: int = 0


class LoadingJournal:
    """The entries of all processes of one user. ``folder``: where they lie; one file a process."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or state_dir() / FOLDER

    def begin(self, plugin: PluginFile, pid: int | None = None, now_s: float | None = None, owner: int = 0) -> None:
        """Write that this process is about to load ``plugin``, in the place of what it loaded before.

        Raises:
            ConfigError: It cannot be written.
        """
        pid = os.getpid() if pid is None else pid
        entry = LoadingEntry(plugin, pid, time.time() if now_s is None else now_s, owner)
        write_atomic(self._find_path(pid), msgspec.json.encode(entry))

    def end(self, pid: int | None = None) -> None:
        """Remove the entry of a process: what it loaded is loaded, or it was ended on purpose.

        Raises:
            ConfigError: It cannot be removed.
        """
        try:
            self._find_path(os.getpid() if pid is None else pid).unlink(missing_ok=True)
        except OSError as error:
            raise ConfigError(f"{self.folder}: cannot be changed ({error.strerror})", "check permissions") from error

    def note_begin(self, plugin: PluginFile, owner: int) -> None:
        """As `begin`; what cannot be written is logged: a full disk is no reason to load nothing."""
        try:
            self.begin(plugin, owner=owner)
        except ConfigError as error:
            log.warning("%s", error)

    def note_end(self, pid: int | None = None) -> None:
        """As `end`; what cannot be removed is logged."""
        try:
            self.end(pid)
        except ConfigError as error:
            log.warning("%s", error)

    def find(self, pid: int) -> LoadingEntry | None:
        """What a process is loading; None where it loads nothing."""
        return _read_entry(self._find_path(pid))

    def take_left_over(self) -> list[LoadingEntry]:
        """The entries of processes that are gone, and their owners too, which are removed: they ended while they loaded
        the plugin, and nobody knows why."""
        found = []
        for path in sorted(self.folder.glob("*" + _ENDING)) if self.folder.is_dir() else []:
            entry = _read_entry(path)
            if entry is None or any(may_be_writing(pid, entry.since_s) for pid in (entry.pid, entry.owner) if pid):
                continue
            try:
                path.unlink()
            except OSError:  # another process has taken it
                continue
            found.append(entry)
        return found

    def _find_path(self, pid: int) -> Path:
        return self.folder / f"{pid}{_ENDING}"


def _read_entry(path: Path) -> LoadingEntry | None:
    """The entry in a file; None where it is gone, or of a newer version."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=LoadingEntry)
    except (OSError, msgspec.DecodeError):
        return None
