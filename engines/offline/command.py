"""What a command that works on songs does around its work: one after the other, each failure its own, a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from rich.console import RenderableType

from bridge.errors import BridgeError, ConfigError
from bridge.printing import Printer
from bridge.streams import write_json
from engines.offline.progress import Screen
from engines.offline.songs import songs_in

FAILED, STOPPED = 1, 130

Told = Callable[[str, int, int, int], None]
"""Is told as a job goes: what it does ("resuming", "separating", "writing"), frames done, frames in all (0: not
known), Hz."""


class Outcome(Protocol):
    """What became of a song; ``status``: done, skipped or failed."""

    status: str
    notes: list[str]


Became = TypeVar("Became", bound=Outcome)


def each_song(
    files: Sequence[Path], out: Path, work: Callable[[Path, Told], Became],
    failed: Callable[[Path, BridgeError], Became], report: Callable[[Sequence[Became]], None], stopped: str,
) -> int:  # fmt: skip
    """Do ``work`` to every song of ``files``, into ``out``; the exit status.

    A song that fails is said at once and is not the next one's failure. ``stopped`` is said when the user stops it;
    ``report`` is given what became of all that were begun.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"--out {out}: cannot be made ({error.strerror})", "give another folder") from error
    songs = songs_in(files, out)
    console = Printer(stderr=True)
    outcomes: list[Became] = []
    try:
        with Screen(console, len(songs)) as screen:
            for number, song in enumerate(songs, 1):
                screen.begin(number, song.name)
                try:
                    outcome = work(song, screen.told)
                except BridgeError as error:
                    screen.say(str(error))
                    outcome = failed(song, error)
                for note in outcome.notes if outcome.status == "done" else ():
                    screen.say(f"{song.name}: {note}")
                outcomes.append(outcome)
    except KeyboardInterrupt:
        console.say(stopped)
        report(outcomes)
        return STOPPED
    report(outcomes)
    return FAILED if any(outcome.status == "failed" for outcome in outcomes) else 0


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
