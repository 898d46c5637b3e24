"""Host child: the process that plugins are loaded in, its pipes, and its end; nothing of it is left behind.

It leads a session of its own, so that its end takes what plugins started with it. It ends by itself when this process
is gone: it reads the end of its requests, and Linux kills it when the lifeline pipe closes, even in the midst of a call
that never returns (`chains.hosts.host_main`).
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from dataclasses import replace
from pathlib import Path
from typing import IO

import msgspec

from bridge.cpu_usage import read_usage
from bridge.errors import BridgeError
from bridge.processes import has_exited
from chains.process.exit_verdict import HostEnd, Memory
from chains.process.messages import Failure, Reply, Request
from chains.process.step_clock import UsageAt

MODULE = "chains.hosts.host_main"
NO_DISPLAY = ("DISPLAY", "WAYLAND_DISPLAY")
"""Variables that a host process does not get: without a display no plugin opens a window, or dies of an X error."""
ONE_THREAD = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
)  # fmt: skip
"""Variables of numeric libraries: threads of their own cost address space, and gain nothing on short blocks."""
KEPT_STDERR_BYTES = 64 << 10
"""Bytes kept of what plugins print: enough for the report, and no plugin fills the memory."""
POLL_S = 0.1
"""Interval of looking at a child that does not report: a plugin may keep the pipe open in a process of its own."""
GRACE_S = 1.0
"""A child that was asked to end is killed after so long."""
DYING_S = 10.0
"""A child that closed its pipes has ended within so long, on a machine however busy."""
_IS_POSIX = os.name == "posix"
_DECODER = msgspec.json.Decoder(Reply)


class HostChild:
    """A running host process. ``memory_bytes``: its limit of address space; 0: none.

    Raises:
        BridgeError: It cannot be started.
    """

    def __init__(self, memory_bytes: int) -> None:
        self.limit_bytes = memory_bytes
        theirs, self._lifeline = os.pipe()
        variables = {name: value for name, value in os.environ.items() if name not in NO_DISPLAY}
        command = [sys.executable, "-P", "-m", MODULE, str(memory_bytes), str(theirs if _IS_POSIX else -1)]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=variables | dict.fromkeys(ONE_THREAD, "1"),
                start_new_session=_IS_POSIX,
                pass_fds=(theirs,) if _IS_POSIX else (),
            )
        except OSError as error:
            os.close(self._lifeline)
            raise BridgeError(f"no host process can be started ({error.strerror})", "end other programs") from error
        finally:
            os.close(theirs)
        self._replies: queue.SimpleQueue[Reply | None] = queue.SimpleQueue()
        self._stderr: deque[bytes] = deque()
        self._memory_bytes = 0
        self._threads = [
            threading.Thread(target=self._read_replies, args=(self._process.stdout,), daemon=True),
            threading.Thread(target=self._read_stderr, args=(self._process.stderr,), daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        """The number of the process, and of its session."""
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether the process is gone."""
        return has_exited(self._process)

    @property
    def resident_bytes(self) -> int:
        """Memory that it takes now; 0 where the system does not say, or it has ended."""
        return self._read_memory()[1]

    @property
    def memory(self) -> Memory:
        """Its address space when it was last looked at, and its limit."""
        return Memory(self._memory_bytes, self.limit_bytes)

    def read_clock(self) -> UsageAt:
        """The time now, and the processor time that it used."""
        return UsageAt(time.monotonic(), read_usage(self.pid))

    def send(self, request: Request) -> bool:
        """Send a request; false where the process is gone."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(msgspec.json.encode(request) + b"\n")
            self._process.stdin.flush()
        except OSError:
            return False
        return True

    def receive(self) -> Reply | None:
        """The next reply, or None after `POLL_S` or where `wake` was called."""
        self._memory_bytes = self._read_memory()[0] or self._memory_bytes
        try:
            return self._replies.get(timeout=POLL_S)
        except queue.Empty:
            return None

    def is_finished(self) -> bool:
        """Whether no reply can come any more: it has ended, or closed its pipe, and all replies were read."""
        reader = self._threads[0]
        if reader.is_alive() and has_exited(self._process):  # what the plugin started keeps the pipe open
            self._kill_session()
            reader.join(GRACE_S)
            return self._replies.empty()
        return not reader.is_alive() and self._replies.empty()

    def wake(self) -> None:
        """Let a waiting `receive` return None at once; from any thread."""
        self._replies.put(None)

    def kill(self) -> None:
        """End it and all that it started, now."""
        self._finish()

    def close(self) -> None:
        """Let it end in order; kill it where it does not within `GRACE_S`."""
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        self._wait(GRACE_S)
        self._finish()

    def read_end(self) -> HostEnd:
        """How it ended. Call it where `is_finished` is true."""
        has_ended = self._wait(DYING_S)
        end = self._finish()
        return end if has_ended else replace(end, returncode=0)  # it closed its pipe and went on

    def _wait(self, limit_s: float) -> bool:
        deadline_s = time.monotonic() + limit_s
        while not self.has_ended and time.monotonic() < deadline_s:
            time.sleep(POLL_S / 20)
        return self.has_ended

    def _finish(self) -> HostEnd:
        self._kill_session()  # before its number is free for another session
        returncode = self._process.wait()
        for thread in self._threads:
            thread.join(GRACE_S)  # a process that left the session may keep the pipe open
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            with contextlib.suppress(OSError):
                if pipe is not None and not any(thread.is_alive() for thread in self._threads):
                    pipe.close()
        stderr = b"".join(self._stderr)[-KEPT_STDERR_BYTES:].decode(errors="replace")
        return HostEnd(returncode, stderr, self._memory_bytes, self.limit_bytes)

    def _kill_session(self) -> None:
        if self._process.returncode is not None:
            return
        if _IS_POSIX:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        else:
            self._process.kill()

    def _read_memory(self) -> tuple[int, int]:
        """Address space and resident memory, in bytes."""
        try:
            words = Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()
            return int(words[0]) * os.sysconf("SC_PAGE_SIZE"), int(words[1]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, ValueError, IndexError):
            return 0, 0

    def _read_replies(self, pipe: IO[bytes]) -> None:
        with contextlib.suppress(OSError, ValueError):
            for line in pipe:
                try:
                    self._replies.put(_DECODER.decode(line))
                except msgspec.DecodeError as error:
                    text = line[:200].decode(errors="replace").strip()
                    hint = "the plugin may have written into the pipe itself; report it if it happens again"
                    self._replies.put(Failure(f"the host process sent no reply ({error}): {text}", hint))
        self.wake()

    def _read_stderr(self, pipe: IO[bytes]) -> None:
        size = 0
        with contextlib.suppress(OSError, ValueError):
            while chunk := os.read(pipe.fileno(), 1 << 14):
                self._stderr.append(chunk)
                size += len(chunk)
                while size - len(self._stderr[0]) >= KEPT_STDERR_BYTES:
                    size -= len(self._stderr.popleft())
