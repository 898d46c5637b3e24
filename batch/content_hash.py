"""Content hash: which music a file has, whatever its name, and a stamp that says whether it may have changed."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from bridge.errors import ConfigError
from engines.offline.songs import check_reachable

BLOCK_BYTES = 1 << 20
HASH_BYTES = 16


def read_stamp(path: Path) -> tuple[str, int]:
    """Stamp and size in bytes of a file, or of all files of a folder of stems.

    A file with the same stamp has not changed: size, time of the last change in nanoseconds, inode.

    Raises:
        OSError: It cannot be read.
        ConfigError: It is neither, or a broken link.
    """
    check_reachable(path)
    files = list_files(path)
    stats = [file.stat() for file in files]
    return " ".join(f"{one.st_size}.{one.st_mtime_ns}.{one.st_ino}" for one in stats), sum(one.st_size for one in stats)


def list_files(path: Path) -> list[Path]:
    """The file itself, or the files in a folder, sorted.

    Raises: ConfigError where it is neither; a pipe would be waited for, without end.
    """
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        with os.scandir(path) as entries:
            return sorted(path / entry.name for entry in entries if entry.is_file() and not entry.name.startswith("."))
    if not stat.S_ISREG(mode):
        raise ConfigError(f"{path}: no plain file", "give a file of audio or MIDI")
    return [path]


def hash_content(path: Path) -> bytes:
    """BLAKE2b of a file, or of names and contents of a folder of stems. Raises: OSError, ConfigError."""
    digest = hashlib.blake2b(digest_size=HASH_BYTES)
    files = list_files(path)
    for file in files:
        if len(files) > 1 or file != path:
            digest.update(os.fsencode(file.name) + b"\0")
        with file.open("rb") as opened:
            while block := opened.read(BLOCK_BYTES):
                digest.update(block)
    return digest.digest()


def hash_path(path: Path) -> bytes:
    """Stands for the content of a file that cannot be read."""
    return hashlib.blake2b(b"path " + os.fsencode(path.absolute()), digest_size=HASH_BYTES).digest()
