"""Processor use of another process, as the system accounts for it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_UTIME, _STIME = 11, 12  # of what follows the command's name in /proc/PID/stat, whose first field is the state


@dataclass(frozen=True, slots=True)
class Usage:
    """``cpu_s``: processor time used since the process began. ``waits``: whether it could go on if the machine let it:
    one of its threads is ready to run, or waits for a disk."""

    cpu_s: float
    waits: bool


def usage_of(pid: int) -> Usage | None:
    """What process ``pid`` uses; None where the system does not say (no Linux), or where it is gone."""
    try:
        fields = _fields(_PROC / str(pid) / "stat")
        states = {_fields(thread / "stat")[0] for thread in (_PROC / str(pid) / "task").iterdir()}
    except (OSError, IndexError):
        return None
    return Usage((int(fields[_UTIME]) + int(fields[_STIME])) / _TICKS_A_SECOND, not states.isdisjoint("RD"))


def _fields(stat: Path) -> list[str]:
    """What follows the name, which may hold spaces and brackets."""
    return stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
