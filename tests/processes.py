"""Processes that a test started itself, as Linux's /proc shows them: never those of others on the machine."""

from __future__ import annotations

import os
from pathlib import Path


def children(pid: int) -> set[int]:
    """Process ids of the children of ``pid``; none once it is gone."""
    found: set[int] = set()
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found |= {int(word) for word in file.read_text().split()}
        except OSError:  # a thread that ended meanwhile
            continue
    return found


def alive(pid: int) -> bool:
    """Whether ``pid`` runs; one that waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def read_command(pid: int) -> list[str]:
    """The program that ``pid`` runs, with its arguments; none once it is gone."""
    try:
        return [os.fsdecode(word) for word in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")]
    except OSError:
        return []
