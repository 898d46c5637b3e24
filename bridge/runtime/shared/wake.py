"""Worker wake-up: semaphores that the callback posts, or polling where there are none."""

from __future__ import annotations

import ctypes
import logging
import sys
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

log = logging.getLogger(__name__)

POLL_S = 0.0005  # where semaphores are missing: a quarter of the shortest hop


def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def has_semaphores() -> bool:
    """Whether this system has process-shared, unnamed POSIX semaphores with a timed wait (macOS has not)."""
    return sys.platform.startswith("linux")


def make_semaphore(word: NDArray[np.int64]) -> int:
    """Make a semaphore in shared memory, shape (8,); returns its address, 0 where that is refused."""
    address = int(word.ctypes.data)
    if not has_semaphores() or _libc().sem_init(ctypes.c_void_p(address), 1, 0) != 0:
        return 0
    return address


def post_semaphore(address: int) -> None:
    """Post the semaphore at ``address``."""
    _libc().sem_post(ctypes.c_void_p(address))


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class SemaphoreSleep:
    """Sleeps until the semaphore is posted."""

    def __init__(self, word: NDArray[np.int64]) -> None:
        self._address = ctypes.c_void_p(int(word.ctypes.data))
        self._libc = _libc()
        self._deadline = _Timespec()

    def __call__(self, seconds: float) -> None:
        """Return when posted or after ``seconds``; posts that piled up count once."""
        nanoseconds = time.clock_gettime_ns(time.CLOCK_REALTIME) + int(seconds * 1e9)
        self._deadline.seconds, self._deadline.nanoseconds = divmod(nanoseconds, 1_000_000_000)
        if self._libc.sem_timedwait(self._address, ctypes.byref(self._deadline)) == 0:
            while self._libc.sem_trywait(self._address) == 0:
                pass


class PollSleep:
    """Sleeps for POLL_S at most: the portable method."""

    def __call__(self, seconds: float) -> None:
        time.sleep(min(seconds, POLL_S))
