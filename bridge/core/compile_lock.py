"""Compile lock: of several processes that need the same machine code at once, one compiles it.

The others wait and load what it stored. The system releases the lock with the process that holds it, however that
ends. On Windows it is a lock on one byte of the file (untested).
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

log = logging.getLogger(__name__)

FILE = "compiling.lock"
LOCKED_BYTE = 64
"""Byte of the file that Windows locks: behind the number of the process, so that others can read it."""


def _try_to_lock(descriptor: int) -> bool:
    """Lock the file unless another process has. Raises: OSError where its file system has no locks."""
    try:
        if sys.platform == "win32":
            os.lseek(descriptor, LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _wait_to_lock(descriptor: int) -> None:
    """Lock the file once no other process has. Raises: OSError where its file system has no locks."""
    if sys.platform == "win32":
        locked = False
        while not locked:
            os.lseek(descriptor, LOCKED_BYTE, os.SEEK_SET)
            with contextlib.suppress(OSError):  # it tries for ten seconds
                msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
                locked = True
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def _read_owner(descriptor: int) -> int:
    """The number of the process that wrote it into the file last; 0 where none did."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    words = os.read(descriptor, LOCKED_BYTE).split()
    return int(words[0]) if words and words[0].isdigit() else 0


@contextlib.contextmanager
def lock_compiling(folder: Path | None, on_wait: Callable[[int], object]) -> Iterator[None]:
    """Inside, no other process compiles the code of ``folder``; None: it is stored nowhere, and nobody is waited for.

    ``on_wait``: called before it waits for another process, with its number, 0 where that is not known. Where the lock
    cannot be had, each process compiles for itself.
    """
    with contextlib.ExitStack() as opened:
        try:
            if folder is not None:
                descriptor = os.open(folder / FILE, os.O_RDWR | os.O_CREAT, 0o600)
                opened.callback(os.close, descriptor)
                if not _try_to_lock(descriptor):
                    on_wait(_read_owner(descriptor))
                    _wait_to_lock(descriptor)
                os.ftruncate(descriptor, 0)
                os.lseek(descriptor, 0, os.SEEK_SET)
                os.write(descriptor, f"{os.getpid()}\n".encode())
        except OSError as error:
            log.debug("%s cannot be locked (%s): processes that start at once compile the same", folder, error)
        yield
