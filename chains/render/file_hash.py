"""File hash: the SHA-256 of what a render is made of: recordings, and the program code of plugins.

A plugin whose file was replaced is another one, though its parameters are the same and its host tells no version. Dates
do not count, so that a copy of a plugin is the same plugin.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from bridge.errors import ConfigError
from bridge.failures import fix_for
from chains.document.plugin_locations import list_code_files

_MOST_KEPT = 4096
"""Files whose hashes are kept as long as the process runs: a batch asks for those of its plugins for each song."""


def hash_file(path: Path) -> str:
    """SHA-256 of a file. Raises: ConfigError where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})", fix_for(error)) from error


def hash_plugin(path: Path) -> str:
    """SHA-256 of the program code of a plugin, for this system, in its file or bundle folder.

    The same for copies under other names. Sounds and pictures of the bundle are left out: they may be gigabytes.

    Raises:
        ConfigError: A file cannot be read.
    """
    hashes = []
    for file in list_code_files(path):
        try:
            status = file.stat()
        except OSError as error:
            raise ConfigError(f"{file}: cannot be read ({error.strerror})", fix_for(error)) from error
        hashes.append(_hash_version(_FileVersion(file, status.st_mtime_ns, status.st_size)))
    return hashlib.sha256("".join(sorted(hashes)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _FileVersion:
    """A file as it is now. ``changed_ns``: when it was last changed, in nanoseconds. ``bytes``: its size."""

    path: Path
    changed_ns: int
    bytes: int


@lru_cache(maxsize=_MOST_KEPT)
def _hash_version(version: _FileVersion) -> str:
    return hash_file(version.path)
