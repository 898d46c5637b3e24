"""Processes of the app: it ends with the guard that started it."""

from __future__ import annotations

import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""Of prctl(2): the signal that this process gets when its parent ends."""


def end_with_parent() -> None:
    """Get SIGTERM when the process that started this one ends, also where that is killed. On Linux only."""
    if sys.platform != "linux":
        return
    import ctypes

    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it ended meanwhile
        os.kill(os.getpid(), signal.SIGTERM)
