"""What a command that works on songs does around its work: one after the other, each failure its own, a table."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Protocol, TypeVar

from rich.console import RenderableType

from bridge.errors import BridgeError, ConfigError
from bridge.failures import explain
from bridge.printing import Printer
from bridge.streams import write_json
from engines.offline.progress import Screen
from engines.offline.songs import check_reachable, songs_in

FAILED, STOPPED, ENDED = 1, 130, 143
"""Exit statuses. The last two are what a shell says of a program that SIGINT and SIGTERM ended."""

ProgressCallback = Callable[[str, int, int, int], None]
"""Is told as a job goes: what it does ("resuming", "separating", "writing"), frames done, frames in all (0: not
known), Hz."""


class SongResult(Protocol):
    """What became of a song; ``status``: done, skipped or failed."""

    status: str
    notes: list[str]


Became = TypeVar("Became", bound=SongResult)


def each_song(
    files: Sequence[Path], out: Path, work: Callable[[Path, ProgressCallback], Became],
    failed: Callable[[Path, BridgeError], Became], report: Callable[[Sequence[Became]], None], stopped: str,
) -> int:  # fmt: skip
    """Do ``work`` to every song of ``files``, into ``out``; the exit status.

    A song that fails, of whatever error, is said at once and is not the next one's failure. ``stopped`` is said when
    Ctrl-C or SIGTERM stops it; ``report`` is given what became of all that were done, in any case.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"--out {out}: cannot be made ({error.strerror})", "give another folder") from error
    songs = songs_in(files, out)
    console = Printer(stderr=True)
    outcomes: list[Became] = []
    try:
        with stopped_by_sigterm(), Screen(console, len(songs)) as screen:
            for number, song in enumerate(songs, 1):
                screen.begin(number, song.name)
                try:
                    check_reachable(song)
                    outcome = work(song, screen.told)
                except Exception as error:  # noqa: BLE001 - said, kept and counted; a batch outlives any song
                    failure = explain(error, str(song))
                    screen.say(str(failure))
                    outcome = failed(song, failure)
                for note in outcome.notes if outcome.status == "done" else ():
                    screen.say(f"{song.name}: {note}")
                outcomes.append(outcome)
    except KeyboardInterrupt as stop:
        console.say(stopped)
        report(outcomes)
        return status_of(stop)
    report(outcomes)
    return FAILED if any(outcome.status == "failed" for outcome in outcomes) else 0


class Terminated(KeyboardInterrupt):
    """SIGTERM has come: all ends as after Ctrl-C."""


def status_of(stop: KeyboardInterrupt) -> int:
    """The exit status after ``stop``."""
    return ENDED if isinstance(stop, Terminated) else STOPPED


@contextmanager
def stopped_by_sigterm() -> Iterator[None]:
    """Within, SIGTERM raises Terminated in the main thread; elsewhere, where no handler may be set, it ends all."""

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


def report_of(
    table: Callable[[Sequence[Became]], RenderableType], as_dict: Callable[[Became], dict[str, object]], as_json: bool
) -> Callable[[Sequence[Became]], None]:
    """Prints a table for people or a list for machines."""

    def report(outcomes: Sequence[Became]) -> None:
        if as_json:
            write_json([as_dict(outcome) for outcome in outcomes])
        elif outcomes:
            Printer().print(table(outcomes))

    return report
