"""Folder lock: keeps a folder of results to one run at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bridge.errors import ConfigError


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Make ``folder`` and lock it against other runs; a killed run releases it.

    A folder that was made here and that is empty behind the run is removed.
    """
    was_there = folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise ConfigError(
            f"{folder}: cannot be made ({error.strerror})", "give another --out, or its permissions"
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigError(
                f"{folder}: another run is at work in it", "wait for it, or give another --out"
            ) from error
        yield
    finally:
        if not was_there:
            with suppress(OSError):  # what is in it, is kept
                folder.rmdir()
        os.close(descriptor)
