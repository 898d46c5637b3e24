"""Ctrl-C and SIGTERM: obeyed at once while something starts, in order once it runs.

Python runs a signal's handler between two of its own steps, and while a library compiles or waits for a server there
is none for a minute. So while something starts a thread of its own ends the process: what has only begun loses nothing.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from types import FrameType, TracebackType

ENDING = (signal.SIGINT, signal.SIGTERM)


def _nothing() -> None:
    pass


class Signals:
    """A context manager for the main thread. ``on_end``: called before a process that still starts is ended."""

    def __init__(self) -> None:
        self.on_end: Callable[[], None] = _nothing
        self.asked = False
        """Whether a signal asked to end, once `started` was called."""
        self._starts = True
        self._lock = threading.Lock()

    def __enter__(self) -> Signals:
        self._sleeps, self._wakes = socket.socketpair()
        self._wakes.setblocking(False)
        self._fd_before = signal.set_wakeup_fd(self._wakes.fileno(), warn_on_full_buffer=False)
        self._before = [signal.signal(number, self._note) for number in ENDING]
        threading.Thread(target=self._watch, name="signals", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.started()
        for number, handler in zip(ENDING, self._before, strict=True):
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._fd_before)
        self._wakes.close()

    def started(self) -> None:
        """From here on a signal only sets `asked`."""
        with self._lock:
            self._starts = False

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        # a flag, no lock: the handler may run anywhere in the main thread. And a signal may be given to one of JACK's
        # threads; Python then runs the handler when the main thread comes round, so that one never waits without end
        self.asked = True

    def _watch(self) -> None:
        while received := self._sleeps.recv(1):
            if received[0] not in ENDING:
                continue
            with self._lock:
                if self._starts:
                    self._end(received[0])
        self._sleeps.close()

    def _end(self, number: int) -> None:
        try:
            self.on_end()
            sys.stderr.write("stopped\n")
            sys.stderr.flush()
        finally:
            os._exit(128 + number)
