"""CPU usage of another process, as the system accounts for it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_UTIME, _STIME = 11, 12  # fields behind the command's name in /proc/PID/stat; the first one is the state


@dataclass(frozen=True, slots=True)
class Usage:
    """``cpu_s``: processor time used since the process began. ``waits``: whether one of its threads is ready to run, or
    waits for a disk: a process that would go on on a less busy machine. ``starved_s``: how long its main thread was
    ready to run and had no processor, since it began; 0 where the kernel does not count it."""

    cpu_s: float
    waits: bool
    starved_s: float = 0.0


def read_usage(pid: int) -> Usage | None:
    """The CPU usage of process ``pid``; None where the system does not report it (no Linux), or the process ended."""
    try:
        fields = _read_fields(_PROC / str(pid) / "stat")
        states = {_read_fields(thread / "stat")[0] for thread in (_PROC / str(pid) / "task").iterdir()}
    except (OSError, IndexError):
        return None
    cpu_s = (int(fields[_UTIME]) + int(fields[_STIME])) / _TICKS_A_SECOND
    starved_s = _read_starved_s(_PROC / str(pid) / "task" / str(pid) / "schedstat")
    return Usage(cpu_s, not states.isdisjoint("RD"), starved_s)


def _read_starved_s(schedstat: Path) -> float:
    """Run-queue delay of a thread: the second of three numbers, in nanoseconds."""
    try:
        return int(schedstat.read_text(encoding="ascii").split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


def _read_fields(stat: Path) -> list[str]:
    """The fields behind the name, which may hold spaces and brackets."""
    return stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
