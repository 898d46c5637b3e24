"""Batch runner for commands that work on songs: one song after the other, each failure its own, a table at the end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Protocol, TypeVar

from rich.console import RenderableType
from rich.text import Text

from bridge.errors import BridgeError, ConfigError
from bridge.failures import explain, is_disk_full
from bridge.printing import Printer, one_line
from bridge.progress_channel import DISK_FULL, open_channel
from bridge.streams import write_json
from engines.offline.progress import ProgressDisplay
from engines.offline.songs import check_reachable, find_songs

FAILED, STOPPED, ENDED = 1, 130, 143
"""Exit statuses. The last two are a shell's for a program that SIGINT and SIGTERM ended."""

ProgressCallback = Callable[[str, int, int, int], None]
"""Receives a job's progress: the pass ("resuming", "separating", "writing"), frames done, frames in all (0: not known),
sampling rate in Hz."""


class SongResult(Protocol):
    """Result of one song. ``status``: done, skipped or failed."""

    status: str
    notes: list[str]


AnyResult = TypeVar("AnyResult", bound=SongResult)


def process_songs(
    files: Sequence[Path], out: Path, work: Callable[[Path, ProgressCallback], AnyResult],
    failed: Callable[[Path, BridgeError], AnyResult], report: Callable[[Sequence[AnyResult]], None], stopped: str,
    find: Callable[[Sequence[Path], Path], list[Path]] = find_songs,
) -> int:  # fmt: skip
    """Do ``work`` to every song of ``files``, into ``out``; the exit status.

    A song's failure, of whatever error, is printed at once and does not stop the others. ``stopped`` is printed when
    Ctrl-C or SIGTERM stops the batch. ``report`` receives the results of all songs that were done, in any case.
    ``find``: finds the songs in ``files``, without those in ``out``.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"--out {out}: cannot be made ({error.strerror})", "give another folder") from error
    channel = open_channel()
    songs = [song for song in find(files, out) if str(song) not in channel.finished]
    console = Printer(stderr=True)
    results: list[AnyResult] = []
    try:
        with raise_on_sigterm(), ProgressDisplay(console, len(songs)) as screen:
            channel.list_files(songs)
            for number, song in enumerate(songs, 1):
                screen.begin(number, song.name)
                channel.begin(number)
                try:
                    check_reachable(song)
                    result = work(song, join_progress(screen.update, channel.update))
                except Exception as error:  # noqa: BLE001 - printed, kept and counted; a batch outlives any song
                    failure = explain(error, str(song))
                    screen.say(str(failure))
                    channel.end("failed", str(failure), find_cause(error))
                    result = failed(song, failure)
                else:
                    channel.end(result.status)
                for note in result.notes if result.status == "done" else ():
                    screen.say(f"{song.name}: {note}")
                results.append(result)
    except KeyboardInterrupt as stop:
        console.say(stopped)
        report(results)
        return to_exit_status(stop)
    report(results)
    return FAILED if any(result.status == "failed" for result in results) else 0


def find_cause(error: BaseException) -> str:
    """What is to blame for a failure where it is not the song, for the progress channel; else empty."""
    return DISK_FULL if is_disk_full(error) else ""


def format_failure(source: Path, error: str, hint: str, is_only: bool, what: str = "") -> Text:
    """The line of a failed source in a table: with what to do, since the table may be far from where it was said.

    ``is_only``: the error of an only source stands just above, and is not said twice. ``what``: failed, and how.
    """
    line = Text.assemble(f"{one_line(source.name)}: ", (f"failed{': ' if what else ''}{what}", "bold red"))
    if is_only:
        return line
    message = error.removeprefix(f"{source}: ")
    return line.append(f": {one_line(f'{message}; {hint}' if hint else message)}")


def join_progress(*callbacks: ProgressCallback) -> ProgressCallback:
    """A callback that calls all of these."""

    def update(step: str, done: int, total: int, rate: int) -> None:
        for callback in callbacks:
            callback(step, done, total, rate)

    return update


class Terminated(KeyboardInterrupt):
    """SIGTERM was received: the batch ends as after Ctrl-C."""


def to_exit_status(stop: KeyboardInterrupt) -> int:
    """The exit status after ``stop``."""
    return ENDED if isinstance(stop, Terminated) else STOPPED


@contextmanager
def raise_on_sigterm() -> Iterator[None]:
    """Context in which SIGTERM raises Terminated in the main thread.

    In other threads no handler may be set, and SIGTERM ends the process.
    """

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise Terminated

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def make_reporter(
    make_table: Callable[[Sequence[AnyResult]], RenderableType],
    to_dict: Callable[[AnyResult], dict[str, object]],
    as_json: bool,
) -> Callable[[Sequence[AnyResult]], None]:
    """A function that prints results: a table or JSON."""

    def report(results: Sequence[AnyResult]) -> None:
        if as_json:
            write_json([to_dict(result) for result in results])
        elif results:
            Printer().print(make_table(results))

    return report
