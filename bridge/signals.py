"""Signal handling: Ctrl-C, SIGTERM and a closed terminal end a process at once during the start, in order once it runs.

Python runs a signal handler only between bytecodes, which can take a minute while a library compiles or waits for a
server. So during the start a thread of its own ends the process; nothing can be lost yet.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from types import FrameType, TracebackType

ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""SIGHUP: the terminal was closed. Windows has none."""


def _do_nothing() -> None:
    pass


def _is_ignored(number: int) -> bool:
    return signal.getsignal(number) is signal.SIG_IGN


class Signals:
    """A context manager for the main thread. ``on_end``: called before a process that still starts is ended."""

    def __init__(self) -> None:
        self.on_end: Callable[[], None] = _do_nothing
        self.asked = False
        """Whether a signal asked to end, once `started` was called."""
        self._starts = True
        self._lock = threading.Lock()

    def __enter__(self) -> Signals:
        self._sleeps, self._wakes = socket.socketpair()
        self._wakes.setblocking(False)
        self._fd_before = signal.set_wakeup_fd(self._wakes.fileno(), warn_on_full_buffer=False)
        # SIGHUP is ignored below nohup, and stays so
        ending = [number for number in ENDING if number in (signal.SIGINT, signal.SIGTERM) or not _is_ignored(number)]
        self._before = {number: signal.signal(number, self._set_asked) for number in ending}
        threading.Thread(target=self._watch, name="signals", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.mark_started()
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._fd_before)
        self._wakes.close()

    def mark_started(self) -> None:
        """The start is over: from here on a signal only sets `asked`."""
        with self._lock:
            self._starts = False

    def _set_asked(self, _number: int, _frame: FrameType | None) -> None:
        # a flag, no lock: the handler may run anywhere in the main thread. And the signal may reach one of JACK's
        # threads; Python then runs the handler later in the main thread, which therefore must never wait forever
        self.asked = True

    def _watch(self) -> None:
        while received := self._sleeps.recv(1):
            if received[0] not in self._before:
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
