"""Processes of the app: it ends with the guard that started it, and with its terminal."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time

PR_SET_PDEATHSIG = 1
"""Option of prctl(2): the signal that this process gets when its parent ends."""
LOOK_S = 1.0
"""Interval at which the watch looks whether guard and terminal are there."""
GRACE_S = 3.0
"""The app has so long to end in order. It cannot where it waits for a terminal that takes nothing any more."""
HUNG_UP = 128 + 1
"""Exit status of a program that SIGHUP ended, as a shell says it."""


def end_with_parent() -> None:
    """Get SIGTERM when the process that started this one ends, also where that is killed. On Linux only."""
    if sys.platform != "linux":
        return
    import ctypes

    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it ended meanwhile
        os.kill(os.getpid(), signal.SIGTERM)


def has_hung_up(descriptor: int) -> bool:
    """Whether the terminal behind ``descriptor`` is gone: its window was closed, or the connection lost."""
    poller = select.poll()
    poller.register(descriptor, 0)  # hang-up and errors are always reported
    return any(event & select.POLLHUP for _, event in poller.poll(0))


def watch_terminal(descriptor: int = 0) -> None:
    """End this process, from a thread, some seconds after its terminal or its guard has gone, whatever it waits for.

    Textual's writer ends when the terminal is gone; its queue fills, and the event loop waits for room in it for ever.
    """
    if not hasattr(select, "poll"):
        return
    threading.Thread(target=_watch, args=(descriptor, os.getppid()), name="terminal-watch", daemon=True).start()


def _watch(descriptor: int, guard: int) -> None:
    while os.getppid() == guard and not has_hung_up(descriptor):
        time.sleep(LOOK_S)
    time.sleep(GRACE_S)
    os._exit(HUNG_UP)
