"""Confined session: a user's model run in a child process, within limits of processor time and memory."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TypeAlias

import msgspec
import psutil

from bridge.errors import ModelError
from engines.separation.models.child import GraphTensors
from engines.separation.models.manifest import LIMIT_S
from engines.separation.models.onnx_graph import NodeInfo, OnnxGraph
from engines.separation.models.pipe_messages import Array, MessageHeader, read_message, write_message

POLL_S = 0.05
"""Interval of checks on a child that has not answered; meanwhile it can take a few hundred MB."""
IDLE_POLLS = 2400
"""Checks in a row, two minutes, without any processor time of the child."""
SHARE_OF_MEMORY = 0.75
DYING_S = 60.0
"""Time that a child may take to end after it closed its output."""
_CHILD = "engines.separation.models.child"

Message: TypeAlias = tuple[MessageHeader, dict[str, Array]]


def _get_memory_limit() -> int:
    return int(SHARE_OF_MEMORY * psutil.virtual_memory().total)


@dataclass(frozen=True)
class ProcessLimits:
    """Limits of one run, or the opening, of a graph: processor seconds of all threads, and resident bytes."""

    cpu_s: float = LIMIT_S
    memory_bytes: int = field(default_factory=_get_memory_limit)


def open_confined(path: Path, limits: ProcessLimits | None = None) -> OnnxGraph:
    """Open the graph at ``path`` in a child process, within ``limits``.

    Raises: ModelError where it is no file, or cannot be opened within the limits.
    """
    if not path.is_file():
        raise ModelError(f"{path}: no such file", "add the model again")
    return OnnxGraph(path, ConfinedSession(path, limits or ProcessLimits()))


class ConfinedSession:
    """A session in a child process. A child that exceeds its limits is ended; the next run starts another."""

    def __init__(self, path: Path, limits: ProcessLimits) -> None:
        self._path, self._limits = path, limits
        self._child, tensors = self._start_child()
        self.inputs: tuple[NodeInfo, ...] = tensors.inputs
        self.outputs: tuple[NodeInfo, ...] = tensors.outputs

    def run(self, feeds: Mapping[str, Array]) -> Sequence[Array]:
        """Run the graph; every output in order. Raises: ModelError where it fails, dies or exceeds its limits."""
        if self._child.ended:
            self._child, _ = self._start_child()
        return list(self._child.request(feeds)[1].values())

    def _start_child(self) -> tuple[_Child, GraphTensors]:
        child = _Child(self._path, self._limits)
        header, _ = child.receive()
        return child, msgspec.msgpack.decode(header.payload, type=GraphTensors)


class _Child:
    """The child process, and the thread that reads its messages."""

    def __init__(self, path: Path, limits: ProcessLimits) -> None:
        self._path, self._limits = path, limits
        command = [sys.executable, "-P", "-m", _CHILD, str(os.getpid()), str(path)]
        pipe = subprocess.PIPE
        try:
            self._complaints: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the child
            self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=self._complaints)
        except OSError as error:
            message = f"{path}: no process for it can be started ({error.strerror})"
            raise ModelError(message, "end other programs, or free some space for temporary files") from error
        self._end = weakref.finalize(self, _end_process, self._process, self._complaints)
        self._watched = psutil.Process(self._process.pid)
        self._answers: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        if self._process.stdout is not None:
            threading.Thread(target=_read_messages, args=(self._process.stdout, self._answers), daemon=True).start()

    @property
    def ended(self) -> bool:
        """Whether the process has ended, for any reason."""
        return not self._end.alive or self._process.poll() is not None

    def request(self, feeds: Mapping[str, Array]) -> Message:
        """Run the graph on ``feeds``; the answer has the outputs by number."""
        try:
            if self._process.stdin is not None:
                write_message(self._process.stdin, MessageHeader(), feeds)
        except OSError as error:
            raise self._make_death_error() from error
        except BaseException:
            self._end()
            raise
        return self.receive()

    def receive(self) -> Message:
        """The next message. Raises: ModelError where it reports an error, where none comes, or beyond the limits."""
        try:
            frame = self._wait_for_message()
        except BaseException:  # Ctrl-C, too: nothing else ends a graph in an endless loop
            self._end()
            raise
        if frame is None:
            raise self._make_death_error()
        header = frame[0]
        if header.error:
            raise ModelError(header.error, header.fix)
        return frame

    def _wait_for_message(self) -> Message | None:
        began_s, last_s, idle = self._measure_cpu_s(), -1.0, 0
        while True:
            try:
                return self._answers.get(timeout=POLL_S)
            except queue.Empty:
                now_s = self._measure_cpu_s()
                idle = idle + 1 if now_s == last_s else 0
                last_s = now_s
                self._check_limits(now_s - began_s, idle)

    def _check_limits(self, spent_s: float, idle: int) -> None:
        limits = self._limits
        if spent_s > limits.cpu_s or idle > IDLE_POLLS:
            reason = f"took more than {limits.cpu_s:g} s of processor time" if idle <= IDLE_POLLS else "stands still"
            fix = "it may never end; if it is only slow, allow more: limit_s in its manifest, or --limit-s"
            raise ModelError(f"{self._path}: {reason} and was ended", fix)
        taken = self._sum_over_processes(lambda process: process.memory_info().rss)
        if taken > limits.memory_bytes:
            message = f"{self._path}: took more than {limits.memory_bytes / 1e9:.1f} GB of memory and was ended"
            raise ModelError(message, "give shorter pieces (piece in its manifest), or use another model")

    def _measure_cpu_s(self) -> float:
        return self._sum_over_processes(lambda process: sum(process.cpu_times()[:2]))

    def _sum_over_processes(self, of: Callable[[psutil.Process], float]) -> float:
        """Sum over the child and, on Windows, its children: there a venv's python starts another process."""
        try:
            return float(sum(map(of, [self._watched, *(self._watched.children() if os.name == "nt" else [])])))
        except psutil.Error:  # it has just died, which the end of its output will show
            return 0.0

    def _make_death_error(self) -> ModelError:
        try:
            status = self._process.wait(DYING_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        self._complaints.seek(0)
        lines = self._complaints.read(1 << 16).decode(errors="replace").strip().splitlines()
        self._end()
        name = signal.Signals(-status).name if -status in set(signal.Signals) else f"exit status {status}"
        reason = f"{name}: {lines[-1][:200]}" if lines else name
        return ModelError(f"{self._path}: its process died ({reason})", "the file is broken, or memory ran out")


def _read_messages(file: IO[bytes], answers: queue.SimpleQueue[Message | None]) -> None:
    """Queue every message of ``file``, then None; after an invalid message nothing more can be read."""
    while True:
        try:
            answers.put(read_message(file))
        except (EOFError, OSError, ValueError, MemoryError):
            answers.put(None)
            return


def _end_process(process: subprocess.Popen[bytes], complaints: IO[bytes]) -> None:
    process.kill()
    process.wait()
    for file in (process.stdin, process.stdout, complaints):
        if file is not None:
            try:
                file.close()
            except OSError:  # unsent data is of no use to a dead process
                continue
