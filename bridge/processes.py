"""Processes: whether one has ended and how, or may still be running."""

from __future__ import annotations

import os
import signal
import subprocess

import psutil

CLOCK_S = 60.0
"""A process that began so much later than a file was written has the number of the one that wrote it."""


def may_be_writing(pid: int, written_s: float) -> bool:
    """Whether process ``pid`` may have written what was last changed at ``written_s``, and may go on with it.

    ``written_s``: seconds since 1970. A zombie is gone; so is one whose number another process has by now.
    """
    try:
        process = psutil.Process(pid)
        return bool(process.status() != psutil.STATUS_ZOMBIE and process.create_time() <= written_s + CLOCK_S)
    except (psutil.NoSuchProcess, ValueError, OverflowError):
        return False
    except psutil.Error:  # another user's
        return True


def describe_exit(returncode: int) -> str:
    """How a process ended, by its ``returncode`` as of `subprocess.Popen`: the name of a signal, or the exit status."""
    if returncode >= 0:
        return f"exit status {returncode}"
    return signal.Signals(-returncode).name if -returncode in set(signal.Signals) else f"signal {-returncode}"


def has_exited(process: subprocess.Popen[bytes]) -> bool:
    """Whether a child has ended, without taking its number from the system: what ends its group still needs it."""
    if process.returncode is not None:
        return True
    if os.name != "posix":
        return process.poll() is not None
    try:
        return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True
