"""Sidecar process: a running ``sideman run`` of which the tests read what it prints."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

LISTENS = re.compile(r"OSC on [^\s]+:(\d+); Ctrl-C ends it")


class SidecarProcess:
    """A running ``sideman run``. ``log``: the file that it prints to."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process, self._log = process, log

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def port(self) -> int:
        """The port of its OSC; 0 before it listens."""
        found = LISTENS.search(self.output)
        return int(found[1]) if found else 0

    def is_running(self) -> bool:
        """Whether it still runs; the test fails where it ended."""
        if self.process.poll() is not None:
            pytest.fail(f"the sidecar ended with {self.process.returncode}:\n{self.output}")
        return True
