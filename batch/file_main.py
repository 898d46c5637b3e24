"""File main: the process that works on one file, ``python -m batch.file_main MEMORY PARENT FOLDER MODULE ARGUMENT…``.

It limits its memory, ends with its parent, keeps the work folder to itself, runs the module as ``python -m`` would, and
marks the folder as finished where the exit status is 0.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import runpy
import signal
import sys
import time
from pathlib import Path

from batch.file_task import FINISHED_MARK, LOCK_FILE
from chains.process.limits import limit_memory

BUSY = 75
"""Exit status where another process has the work folder (EX_TEMPFAIL of sysexits.h)."""
NO_DISPLAY = ("DISPLAY", "WAYLAND_DISPLAY")
"""Variables that the command does not get: no plugin opens a window in the night, or dies of an X error."""
LOCK_S, POLL_S = 10.0, 0.1
"""Time to wait for an earlier process of the same file, which has been asked to end."""
PR_SET_PDEATHSIG = 1
"""Option of Linux's prctl: the signal that this process gets when its parent ends."""


def end_with_parent(parent: int) -> None:
    """Let Linux kill this process when process ``parent`` ends, however it ends; elsewhere the next progress does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it ended before
            os.kill(os.getpid(), signal.SIGKILL)


def lock_work_folder(folder: Path) -> bool:
    """Lock the folder as long as this process lives; False where another one has it."""
    descriptor = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    for _ in range(round(LOCK_S / POLL_S)):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            time.sleep(POLL_S)
        except OSError as error:  # a file system without locks
            sys.stderr.write(f"{folder}: cannot be locked ({error.strerror})\n")
            return True
    return False


def run_command(module: str, arguments: list[str]) -> int:
    """Run a module as ``python -m`` would; the exit status."""
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def main() -> int:
    """Run the command; the exit status is its own."""
    memory, parent, folder, module, *arguments = sys.argv[1:]
    end_with_parent(int(parent))
    limit_memory(int(memory))
    for name in NO_DISPLAY:
        os.environ.pop(name, None)
    work_folder = Path(folder)
    if not lock_work_folder(work_folder):
        return BUSY
    if (work_folder / FINISHED_MARK).exists():
        return 0
    status = run_command(module, arguments)
    if status == 0:
        with contextlib.suppress(FileNotFoundError):  # the batch was ended and its folder removed
            (work_folder / FINISHED_MARK).touch()
    return status


if __name__ == "__main__":
    sys.exit(main())
