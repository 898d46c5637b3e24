"""A program in a terminal of its own, for tests: what it shows, and which modes it leaves set."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import termios
import time
from collections.abc import Mapping, Sequence

from tests.waiting import HANG_S

_MODE = re.compile(rb"\x1b\[\?([\d;]+)([hl])")
SHOWN_AT_REST = {7, 25}
"""Modes that are set in a terminal at rest: line wrap and the cursor."""


class TerminalProcess:
    """``command`` in a terminal of 80×24. ``shown``: all that was written to it.

    Attributes:
        pid: Of the process.
        descriptor: The terminal's other end.
        before: Its attributes before.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        self.shown = b""
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.execve(command[0], list(command), {**os.environ, "TERM": "xterm-256color", **(environment or {})})
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(self.descriptor)

    def read_until(self, pattern: bytes) -> re.Match[bytes]:
        """Read until ``pattern`` was shown."""
        deadline_s = time.monotonic() + HANG_S
        while not (found := re.search(pattern, self.shown)):
            left_s = max(deadline_s - time.monotonic(), 0.0)
            assert select.select([self.descriptor], [], [], left_s)[0], (
                f"{pattern!r} was not shown: {self.shown[-9999:]!r}"
            )
            self.shown += os.read(self.descriptor, 65536)
        return found

    def press(self, keys: bytes) -> None:
        """Type ``keys``; what was shown so far is forgotten."""
        self.shown = b""
        os.write(self.descriptor, keys)

    def end(self) -> int:
        """Wait for the end, and read what is left; returns the exit status."""
        while True:  # a process that writes must not wait for us
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            while select.select([self.descriptor], [], [], 0.05)[0]:
                try:
                    self.shown += os.read(self.descriptor, 65536)
                except OSError:
                    break
            if pid:
                return os.waitstatus_to_exitcode(status)

    @property
    def modes(self) -> set[int]:
        """The modes that are set now."""
        found = set(SHOWN_AT_REST)
        for numbers, end in _MODE.findall(self.shown):
            for number in map(int, numbers.split(b";")):
                (found.add if end == b"h" else found.discard)(number)
        return found

    def close(self) -> None:
        """Close the terminal."""
        os.close(self.descriptor)
