"""Job progress: how far a job and each of its songs are, from the events of its command."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bridge.progress_channel import (
    UNKNOWN_S,
    Began,
    Counted,
    Ended,
    Listed,
    Progressed,
    ProgressEvent,
    ProgressRate,
    Reported,
)
from bridge.streams import one_line
from bridge.toml import shorten

MAX_FILES = 200
"""Songs of a job that are shown, around the present one: a list of thousands is of no use, and slow to send."""
LONGEST_NAME, LONGEST_DETAIL = 200, 400
"""Characters of a reading's texts."""
SHARE_DIGITS = 4

FileRow = tuple[str, str, float, str]
"""Name, state, share and detail of a song."""


@dataclass(slots=True)
class SongProgress:
    """How far a song is. ``state``: waits, runs, done or failed."""

    file: str
    state: str = "waits"
    share: float = 0.0
    detail: str = ""


class JobProgress:
    """How far a job is. ``finished``: the songs that an earlier run finished. Times: of any monotonic clock."""

    def __init__(self, finished: Iterable[str] = ()) -> None:
        self._before = [SongProgress(file, "done", 1.0) for file in sorted(finished)]
        self._songs: list[SongProgress] = []
        self._names = make_names([song.file for song in self._before])
        self._at = -1
        self._rate = ProgressRate()
        self.speed = 0.0
        """Seconds of audio per second."""

    def feed(self, event: ProgressEvent, now_s: float) -> str:
        """Take an event; the song that it says is finished, else an empty text."""
        if isinstance(event, Listed):
            self._songs = [SongProgress(file) for file in event.files]
            self._names = make_names([song.file for song in (*self._before, *self._songs)])
            return ""
        if isinstance(event, Counted | Reported) or not 1 <= event.file <= len(self._songs):
            return ""  # of a command that did not list its songs
        song = self._songs[event.file - 1]
        if isinstance(event, Began):
            self._at, song.state, self.speed = event.file - 1, "runs", 0.0
        elif isinstance(event, Progressed):
            song.share, song.detail, self.speed = min(max(event.share, 0.0), 1.0), event.step, event.speed
        elif isinstance(event, Ended):
            song.state = "failed" if event.status == "failed" else "done"
            song.share = song.share if song.state == "failed" else 1.0
            song.detail = "existed" if event.status == "skipped" else event.detail
            self.speed = 0.0
        self._rate.update(self.share, now_s)
        return song.file if isinstance(event, Ended) and song.state == "done" else ""

    def stop(self) -> None:
        """The process stands still, or has ended: speed and time left are unknown."""
        self._rate, self.speed = ProgressRate(), 0.0

    @property
    def share(self) -> float:
        """From 0 to 1; a song that failed counts as done with."""
        count = len(self._before) + len(self._songs)
        if not count:
            return 0.0
        done = sum(1.0 if song.state in ("done", "failed") else song.share for song in self._songs)
        return round((len(self._before) + done) / count, SHARE_DIGITS)

    @property
    def done(self) -> int:
        """How many songs are finished."""
        return len(self._before) + sum(song.state == "done" for song in self._songs)

    @property
    def of(self) -> int:
        """How many songs there are; 0 before the command listed them."""
        return len(self._before) + len(self._songs)

    @property
    def left_s(self) -> float:
        """Seconds to the end, by the speed of the last half minute; -1 where it is not known."""
        speed = self._rate.per_second
        return round((1.0 - self.share) / speed, 1) if speed > 0.0 else UNKNOWN_S

    @property
    def detail(self) -> str:
        """The present song and step."""
        if not 0 <= self._at < len(self._songs):
            return ""
        song, name = self._songs[self._at], self._names[len(self._before) + self._at]
        return f"{name}: {song.detail}" if song.state == "runs" and song.detail else name

    @property
    def failed(self) -> int:
        """How many songs have failed."""
        return sum(song.state == "failed" for song in self._songs)

    @property
    def first_failure(self) -> str:
        """What is wrong with the first song that failed: its sentence, which names the file; empty without one."""
        return next((clean_text(song.detail) for song in self._songs if song.state == "failed"), "")

    def fail_present(self, detail: str) -> None:
        """The command ended before the present song did."""
        if 0 <= self._at < len(self._songs) and self._songs[self._at].state == "runs":
            self._songs[self._at].state, self._songs[self._at].detail = "failed", detail

    def list_rows(self, job_state: str) -> list[FileRow]:
        """The songs around the present one; one that runs has the state of its job."""
        songs = [*self._before, *self._songs]
        present = len(self._before) + max(self._at, 0)
        first = max(0, min(present - MAX_FILES // 2, len(songs) - MAX_FILES))
        shown = zip(self._names[first : first + MAX_FILES], songs[first : first + MAX_FILES], strict=True)
        return [
            (
                name,
                job_state if song.state == "runs" else song.state,
                round(song.share, SHARE_DIGITS),
                clean_text(song.detail, LONGEST_DETAIL),
            )
            for name, song in shown
        ]


def make_names(files: Sequence[str]) -> list[str]:
    """The names to show: paths below the folder that all are in. No two are the same."""
    folders = {os.path.dirname(file) for file in files if os.path.isabs(file)}  # noqa: PTH117, PTH120 - text, not files
    common = os.path.commonpath(folders) if folders else ""
    names: dict[str, None] = {}
    for file in files:
        below = os.path.relpath(file, common) if common and os.path.isabs(file) else file  # noqa: PTH117 - as above
        name = clean_text(below)
        number = 1
        while name in names:
            number += 1
            name = f"{clean_text(below)} ({number})"
        names[name] = None
    return list(names)


def clean_text(text: str, longest: int = LONGEST_NAME) -> str:
    """``text`` as one line that every client can show; bytes that are no UTF-8 become escapes."""
    return shorten(one_line(text), longest)
