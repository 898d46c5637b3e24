"""Progress channel: lines of JSON by which a command that works on files says how far it is.

``SIDEMAN_PROGRESS=stdout sideman separate …`` writes them to standard output, and what the command would print there
goes to standard error. ``SIDEMAN_FINISHED`` names a file with songs to leave out, a JSON string a line. The commands
write, the jobs of the sidecar read; docs/jobs.md describes the lines.

Names of files are as the system gives them: bytes that are no UTF-8 are surrogates, which JSON writes as escapes.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

CHANNEL_VARIABLE, FINISHED_VARIABLE = "SIDEMAN_PROGRESS", "SIDEMAN_FINISHED"
UPDATE_S = 0.2
"""Least time between two lines about one step: a person reads no faster."""
SPEED_S = 30.0
"""Window of the speed: long enough to be steady, short enough to follow a busy machine."""
UNKNOWN_S = -1.0
DISK_FULL = "disk full"
"""Cause of a failure that no song is to blame for: every other one would fail, too."""
STEPS: Mapping[str, tuple[float, float]] = {
    "measuring": (0.0, 0.05), "analysing": (0.0, 0.95), "separating": (0.0, 0.95), "resuming": (0.0, 0.95),
    "reading": (0.0, 0.05), "rendering": (0.05, 0.85), "mastering": (0.85, 0.95),
    "playing": (0.95, 0.98), "mixing": (0.98, 1.0), "writing": (0.95, 1.0), "drawing": (0.95, 1.0),
}  # fmt: skip
"""Share of the work on a song of each step, from and to. Reading and the model, or the plugins, are most of it."""


class Listed(msgspec.Struct, frozen=True, tag="files"):
    """The songs to come, in order."""

    files: list[str]


class Began(msgspec.Struct, frozen=True, tag="begin"):
    """Work on a song begins. ``file``: its number in `Listed`, from 1."""

    file: int


class Progressed(msgspec.Struct, frozen=True, tag="progress"):
    """How far a song is. ``share``: 0 to 1. ``speed``: seconds of audio per second. ``left_s``: -1 where unknown."""

    file: int
    step: str
    share: float
    speed: float = 0.0
    left_s: float = UNKNOWN_S


class Ended(msgspec.Struct, frozen=True, tag="end"):
    """Work on a song has ended. ``status``: done, skipped or failed. ``detail``: why it failed, and the fix.

    ``cause``: `DISK_FULL` where the song is not at fault; empty for all else.
    """

    file: int
    status: str
    detail: str = ""
    cause: str = ""


class Counted(msgspec.Struct, frozen=True, tag="count"):
    """The songs of a batch, which may be too many for a list: in all, finished now or before, and failed."""

    of: int
    done: int
    failed: int


class Reported(msgspec.Struct, frozen=True, tag="song"):
    """A song of a batch, by name. ``state``: runs, done, failed, or waits. ``detail``: its step, or why it failed."""

    name: str
    state: str
    share: float = 0.0
    detail: str = ""


ProgressEvent: TypeAlias = Listed | Began | Progressed | Ended | Counted | Reported


class ChannelClosedError(KeyboardInterrupt):
    """Nobody reads any more: the batch ends as after Ctrl-C, and goes on when it is started again."""


def parse_event(line: bytes) -> ProgressEvent | None:
    """The event in a line; None where it is something else, such as what a library prints."""
    try:
        event: ProgressEvent = msgspec.convert(json.loads(line), ProgressEvent)
    except (ValueError, RecursionError):
        return None
    return event


class ProgressRate:
    """Speed from the latest progress reports."""

    def __init__(self) -> None:
        self._reports: deque[tuple[float, float]] = deque()

    def update(self, done: float, now_s: float) -> None:
        """Add a report: ``done`` units at ``now_s``."""
        if self._reports and done < self._reports[-1][1]:
            self._reports.clear()
        self._reports.append((now_s, done))
        while len(self._reports) > 2 and now_s - self._reports[1][0] > SPEED_S:
            self._reports.popleft()

    @property
    def per_second(self) -> float:
        """Units a second; 0 where nothing is known yet."""
        if len(self._reports) < 2:
            return 0.0
        (began_s, first), (now_s, last) = self._reports[0], self._reports[-1]
        return (last - first) / (now_s - began_s) if now_s > began_s else 0.0


class ProgressChannel:
    """Writes events. ``write``: takes a line; ``finished``: songs to leave out; ``clock``: seconds, from anywhere.

    Raises: ChannelClosedError, from all methods, where nobody reads any more.
    """

    def __init__(
        self,
        write: Callable[[bytes], object],
        finished: frozenset[str] = frozenset(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.finished = finished
        self._write, self._clock = write, clock
        self._file, self._step, self._share, self._written_s = 0, "", 0.0, float("-inf")
        self._rate = ProgressRate()

    def list_files(self, files: Sequence[Path | str]) -> None:
        """Say which songs come, in their order."""
        self._send(Listed([str(file) for file in files]))

    def begin(self, number: int) -> None:
        """Say that work on the song with this number, from 1, begins."""
        self._file, self._step, self._share = number, "", 0.0
        self._send(Began(number))

    def update(self, step: str, done: int, total: int, rate: int) -> None:
        """Say that ``done`` of ``total`` frames (0: not known) at ``rate`` are through a step."""
        now_s = self._clock()
        begins = step != self._step
        if begins:
            self._step, self._rate = step, ProgressRate()
        self._rate.update(done, now_s)
        if not begins and now_s - self._written_s < UPDATE_S:
            return
        self._written_s = now_s
        first, last = STEPS.get(step, (self._share, self._share))
        part = min(done / total, 1.0) if total else 0.0
        self._share = max(self._share, first + (last - first) * part)
        speed = self._rate.per_second
        left_s = (total - done) / speed if speed and total > done else UNKNOWN_S
        times = speed / rate if rate else 0.0
        self._send(Progressed(self._file, step, round(self._share, 4), round(times, 2), round(left_s, 1)))

    def end(self, status: str, detail: str = "", cause: str = "") -> None:
        """Say how the song that was begun has ended."""
        self._send(Ended(self._file, status, detail, cause))

    def count(self, of: int, done: int, failed: int) -> None:
        """Say how many songs a batch has, and how many of them are done and have failed."""
        self._send(Counted(of, done, failed))

    def report(self, name: str, state: str, share: float = 0.0, detail: str = "") -> None:
        """Say how far a song of a batch is."""
        self._send(Reported(name, state, round(share, 4), detail))

    def _send(self, event: ProgressEvent) -> None:
        try:
            self._write(json.dumps(msgspec.to_builtins(event)).encode("ascii") + b"\n")
        except OSError as error:
            raise ChannelClosedError from error


def open_channel() -> ProgressChannel:
    """The channel that the environment asks for; one that writes nothing where it asks for none.

    Standard output becomes standard error. Call it once a process, before anything is printed.
    """
    if os.environ.pop(CHANNEL_VARIABLE, "") != "stdout":
        return ProgressChannel(ignore_line)
    sys.stdout.flush()
    descriptor = os.dup(1)
    os.dup2(2, 1)
    return ProgressChannel(lambda line: _write_all(descriptor, line), read_finished())


def ignore_line(_line: bytes) -> None:
    """Write nothing."""


def read_finished() -> frozenset[str]:
    """The songs to leave out that SIDEMAN_FINISHED lists; a line that was cut short by a crash is none."""
    name = os.environ.pop(FINISHED_VARIABLE, "")
    return parse_finished(Path(name)) if name else frozenset()


def parse_finished(path: Path) -> frozenset[str]:
    """The songs in a list of finished ones; none where it cannot be read."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return frozenset()
    return frozenset(name for name in map(_parse_line, lines) if isinstance(name, str))


def format_finished(file: str) -> bytes:
    """The line of a list of finished songs."""
    return json.dumps(file).encode("ascii") + b"\n"


def _parse_line(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _write_all(descriptor: int, line: bytes) -> None:
    while line:
        line = line[os.write(descriptor, line) :]
