"""Shared memory arena: anonymous memory for several processes that cannot be left behind.

On POSIX it is a file without a name: created, unlinked at once, its descriptor inherited by the workers. However a
process ends, the system frees the memory with the last descriptor; there is no segment to clean up. On Windows
(untried) it is a tagged mapping of the paging file, which vanishes with its last handle too.
"""

from __future__ import annotations

import errno
import mmap
import os
import sys
import tempfile
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import DTypeLike, NDArray

from bridge.errors import BridgeError

_ALIGN = 64  # bytes of a cache line: neighbours written by different cores must not share one


def align(size: int) -> int:
    """``size`` rounded up to whole cache lines."""
    return -(-size // _ALIGN) * _ALIGN


def _reserve(fd: int, size: int) -> None:
    """Allocate ``size`` bytes for the file now: on a full file system we would be killed at the first access."""
    if sys.platform == "linux":
        os.posix_fallocate(fd, 0, size)
    else:
        os.ftruncate(fd, size)


def _make_hint(error: OSError, memory: Path) -> str:
    """What to do where there is no shared memory because of ``error``."""
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return f"make {memory} writable for you (mount -o remount,rw {memory})"
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return "close programs that hold many files open, or raise the limit (ulimit -n)"
    return f"free some in {memory}, or give it more (containers: --shm-size=256m)"


class Arena:
    """A shared mapping of ``size`` bytes. `create` makes one, `attach` opens it from another process."""

    def __init__(self, mapping: mmap.mmap, handle: str) -> None:
        self._mapping: mmap.mmap | None = mapping
        self.handle = handle

    @classmethod
    def create(cls, size: int) -> Arena:
        if sys.platform == "win32":
            tag = f"sideman-{os.getpid()}-{os.urandom(6).hex()}"
            return cls(mmap.mmap(-1, size, tagname=tag), tag)
        memory, fd = Path("/dev/shm"), -1
        try:
            fd, name = tempfile.mkstemp(prefix=f"sideman-{os.getpid()}-", dir=memory if memory.is_dir() else None)
            os.unlink(name)  # noqa: PTH108
            _reserve(fd, size)
            return cls(mmap.mmap(fd, size), str(fd))
        except OSError as error:
            if fd >= 0:
                os.close(fd)
            raise BridgeError(f"no {size / 1e6:.0f} MB of shared memory: {error}", _make_hint(error, memory)) from error

    @classmethod
    def attach(cls, handle: str, size: int) -> Arena:
        if sys.platform == "win32":
            return cls(mmap.mmap(-1, size, tagname=handle), handle)
        return cls(mmap.mmap(int(handle), size), handle)

    @property
    def descriptors(self) -> tuple[int, ...]:
        """The descriptors that another process needs to attach."""
        return () if sys.platform == "win32" else (int(self.handle),)

    def array(self, offset: int, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[np.generic]:
        """A view of the mapping, C-contiguous."""
        if self._mapping is None:
            raise ValueError("the arena is closed")
        count = int(np.prod(shape))
        return np.frombuffer(self._mapping, dtype, count, offset).reshape(shape)

    def close(self) -> None:
        """Close the descriptor. Views that still exist keep the pages alive."""
        if self._mapping is None:
            return
        if sys.platform != "win32":
            os.close(int(self.handle))
        self._mapping = None

    def __enter__(self) -> Arena:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()
