"""Worker channel: hands plans to a worker process, one after the other, each with the shared memory it is for.

On POSIX the worker's standard input is a socket, because a descriptor of memory made later cannot be inherited. On
Windows (untried) it is a pipe, and the memory has a name.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import msgspec

from bridge.runtime.shared.arena import Arena
from bridge.runtime.shared.layout import Plan, size_of

END = b"\n"
"""Last byte of an assignment: JSON of msgspec has none inside."""
IDLE = b"."
"""Answer of a worker that has left the memory of its plan, and waits for the next."""
LONGEST_READ = 1 << 16
"""Bytes read at once; an assignment has some thousand."""


class Assignment(msgspec.Struct, frozen=True):
    """Worker ``index`` of ``plan``. ``handle``: of its memory, where no descriptor comes along."""

    plan: Plan
    index: int
    handle: str


class SupervisorEnd:
    """The end of the channel that sends assignments. ``worker_input``: the standard input for the process."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._theirs: socket.socket | None = None
        self._pipe: IO[bytes] | None = None
        if sys.platform != "win32":
            self._socket, self._theirs = socket.socketpair()

    @property
    def worker_input(self) -> int:
        return subprocess.PIPE if self._theirs is None else self._theirs.fileno()

    def open(self, pipe: IO[bytes] | None) -> None:
        """Keep our end alone. ``pipe``: to the process, where its standard input is one."""
        self._pipe = pipe
        if self._theirs is not None:
            self._theirs.close()

    def send(self, assignment: Assignment, arena: Arena) -> None:
        """Hand the worker its next plan. Raises: OSError where it has ended."""
        line = msgspec.json.encode(assignment) + END
        if self._socket is not None:
            sent = socket.send_fds(self._socket, [line], arena.descriptors)
            self._socket.sendall(line[sent:])
        elif self._pipe is not None:
            self._pipe.write(line)
            self._pipe.flush()

    def wait_until_idle(self, timeout_s: float) -> bool:
        """Whether the worker waits for another plan within ``timeout_s``; never on Windows."""
        if self._socket is None:
            return False
        self._socket.settimeout(max(timeout_s, 1e-3))  # 0 would mean not to wait at all
        try:
            return self._socket.recv(len(IDLE)) == IDLE
        except OSError:  # a timeout is one too
            return False
        finally:
            self._socket.settimeout(None)

    def close(self) -> None:
        """Tell a worker that waits for another plan to end."""
        for end in (self._socket, self._theirs, self._pipe):
            if end is not None:
                end.close()


def receive_assignments() -> Iterator[tuple[Assignment, Arena]]:
    """The assignments of this worker process until its supervisor closes the channel, each with its memory.

    Behind each, the worker counts as idle: nothing of the memory may be in use any more.

    Raises:
        msgspec.DecodeError: The supervisor ended while it wrote one.
    """
    if sys.platform == "win32":
        for line in sys.stdin.buffer:
            assignment = msgspec.json.decode(line, type=Assignment)
            with Arena.attach(assignment.handle, size_of(assignment.plan)) as arena:
                yield assignment, arena
        return
    with _take_standard_input() as channel:
        line, descriptors = _read_line(channel)
        while line:
            assignment = msgspec.json.decode(line, type=Assignment)
            with Arena.attach(str(descriptors[0]), size_of(assignment.plan)) as arena:
                yield assignment, arena
            try:
                channel.sendall(IDLE)
                line, descriptors = _read_line(channel)
            except ConnectionError:  # the supervisor ended meanwhile
                return


@contextmanager
def _take_standard_input() -> Iterator[socket.socket]:
    """The socket that is our standard input, which then is empty: what an engine starts must not read from it."""
    with socket.socket(fileno=os.dup(0)) as channel:
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        yield channel


def _read_line(channel: socket.socket) -> tuple[bytes, list[int]]:
    """The next line and the descriptors that came with it; empty where the supervisor closed the channel."""
    line, descriptors, _, _ = socket.recv_fds(channel, LONGEST_READ, 1)
    while line and not line.endswith(END) and (more := channel.recv(LONGEST_READ)):
        line += more
    return line, descriptors
