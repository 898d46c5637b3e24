"""Real-time scheduling of a process, where the system grants it."""

from __future__ import annotations

import os


def set_priority(priority: int) -> None:
    """FIFO scheduling at ``priority`` for the calling process, 0: the ordinary kind. OSError where refused."""
    if not hasattr(os, "sched_setscheduler"):
        raise OSError("this system has no POSIX real-time scheduling")
    policy = os.SCHED_FIFO if priority > 0 else os.SCHED_OTHER
    os.sched_setscheduler(0, policy, os.sched_param(priority))


def may_use_realtime() -> bool:
    """Whether this process may use FIFO scheduling; found by trying, and undone."""
    try:
        set_priority(1)
        set_priority(0)
    except OSError:
        return False
    return True
