"""Job process: the command of a job in a process group of its own, which can be stopped, continued and ended.

Stopping works by SIGSTOP and SIGCONT. On systems without them (Windows, untried) the process alone is suspended.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil

from bridge.errors import DriverError
from bridge.processes import has_exited
from bridge.progress_channel import CHANNEL_VARIABLE, FINISHED_VARIABLE, ProgressEvent, parse_event

log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-P", "-m", "bridge")
"""Command of a job, before its kind. -P: the working folder is no place for modules."""
GRACE_S = 10.0
"""A command that was asked to end (SIGTERM) has so long for its last checkpoint; then it is killed."""
LONGEST_LINE = 1 << 25
"""Bytes of an event. The list of a hundred thousand songs has 10 MB."""
LOG_COLUMNS = "400"
"""Width of what the command prints: an error is one line."""
_CHUNK = 1 << 16
_IS_POSIX = os.name == "posix"


class JobProcess:
    """A running command. ``arguments``: its kind and arguments. ``folder``: its working folder.

    ``stop_signal``: lets it stand still; SIGTSTP for a command that lets its own children stand still, too.

    Raises:
        DriverError: It cannot be started.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        folder: Path,
        log_path: Path,
        finished_path: Path,
        nice: int,
        command: Sequence[str] = COMMAND,
        stop_signal: str = "SIGSTOP",
    ) -> None:
        self._stop_signal = stop_signal
        variables = {CHANNEL_VARIABLE: "stdout", FINISHED_VARIABLE: str(finished_path), "COLUMNS": LOG_COLUMNS}
        self._descriptor, written = os.pipe()
        try:
            with log_path.open("wb") as output:
                self._process = subprocess.Popen(
                    [*command, *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=written,
                    stderr=output,
                    cwd=folder,
                    env=os.environ | variables,
                    process_group=0 if _IS_POSIX else None,
                )
        except (OSError, ValueError) as error:
            os.close(self._descriptor)
            raise DriverError(f"the command cannot be started ({error})", "free some memory, then retry") from error
        finally:
            os.close(written)
        os.set_blocking(self._descriptor, False)
        self._rest = b""
        self._kill_at_s = float("inf")
        self.is_stopped = False
        """Whether it stands still."""
        lower_priority(self.pid, nice)

    @property
    def pid(self) -> int:
        """The number of the process, and of its group."""
        return self._process.pid

    @property
    def is_ending(self) -> bool:
        """Whether it was asked to end."""
        return self._kill_at_s < float("inf")

    def read_events(self) -> list[ProgressEvent]:
        """The events since the last call."""
        events = []
        while chunk := self._read():
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            events += [event for line in lines if (event := parse_event(line)) is not None]
            if len(self._rest) > LONGEST_LINE:
                self._rest = b""
        return events

    def _read(self) -> bytes:
        try:
            return os.read(self._descriptor, _CHUNK)
        except BlockingIOError:
            return b""

    def stop(self) -> None:
        """Let it stand still."""
        if not self.is_stopped and not self.is_ending:
            self.is_stopped = True
            self._signal(self._stop_signal)

    def go_on(self) -> None:
        """Let it go on after `stop`."""
        if self.is_stopped:
            self.is_stopped = False
            self._signal("SIGCONT")

    def end(self, now_s: float) -> None:
        """Ask it to end; `poll` kills it where it does not. ``now_s``: of any monotonic clock."""
        if not self.is_ending:
            self._kill_at_s = now_s + GRACE_S
            self._signal("SIGTERM")
        self.go_on()

    def poll(self, now_s: float) -> int | None:
        """Its exit status, negative for a signal; None while it runs. What it started is then killed, too."""
        if now_s >= self._kill_at_s:
            self._signal("SIGKILL")
        if not has_exited(self._process):
            return None
        # before its number is free for another group
        self._signal("SIGKILL")
        return self._process.wait()

    def close(self) -> None:
        """Kill it, if it still runs, and release the pipe."""
        self._signal("SIGKILL")
        self._process.wait()
        os.close(self._descriptor)

    def _signal(self, name: str) -> None:
        if self._process.returncode is None:
            signal_group(self.pid, name)


def signal_group(pid: int, name: str) -> None:
    """Send a signal, by its name, to the process group ``pid``; nothing where it is gone."""
    try:
        if _IS_POSIX:
            os.killpg(pid, getattr(signal, name))
            return
        process = psutil.Process(pid)
        stops = dict.fromkeys(("SIGSTOP", "SIGTSTP"), process.suspend)
        (stops | {"SIGCONT": process.resume}).get(name, process.kill)()
    except (ProcessLookupError, psutil.NoSuchProcess):
        return
    except (PermissionError, psutil.AccessDenied) as error:
        # macOS refuses signals to a group whose only member is a zombie
        log.debug("process group %d takes no %s: %s", pid, name, error)


def lower_priority(pid: int, nice: int) -> None:
    """Let other processes have the processor first; ``nice``: 0 to 19."""
    try:
        process = psutil.Process(pid)
        if _IS_POSIX:
            process.nice(max(nice, process.nice()))
        elif nice:
            process.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    except psutil.Error as error:
        log.debug("process %d keeps its priority: %s", pid, error)


def is_running(pid: int, arguments: Sequence[str]) -> bool:
    """Whether process ``pid`` runs a command with these arguments: one that an earlier sidecar left behind."""
    try:
        process = psutil.Process(pid)
        line = process.cmdline()
        return bool(process.status() != psutil.STATUS_ZOMBIE and line[-len(arguments) :] == list(arguments))
    except (psutil.Error, ValueError, OverflowError):
        return False
