"""Batch progress: how far a batch is, from counts and the songs that run; of 100,000 songs only some are known."""

from __future__ import annotations

from bridge.jobs.job_progress import (
    LONGEST_DETAIL,
    MAX_FILES,
    SHARE_DIGITS,
    FileRow,
    SongProgress,
    clean_text,
)
from bridge.progress_channel import UNKNOWN_S, Counted, ProgressEvent, ProgressRate, Reported

MAX_DONE = MAX_FILES // 4
"""Songs that are done and still shown; the rest is for those that run, and that failed."""


class BatchProgress:
    """How far a batch is. It is a `JobProgress` for other events. Times: of any monotonic clock."""

    def __init__(self) -> None:
        self._counts = Counted(0, 0, 0)
        self._songs: dict[str, SongProgress] = {}
        self._first_failure = ""
        self._rate = ProgressRate()
        self.speed = 0.0
        """Seconds of audio per second: not known of songs that run at a time."""

    def feed(self, event: ProgressEvent, now_s: float) -> str:
        """Take an event. The text is empty: a batch has a journal, and no list of finished songs."""
        if isinstance(event, Counted):
            self._counts = event
            self._rate.update(self.share, now_s)  # between two counts, a song that has ended is in none of both
        elif isinstance(event, Reported):
            self._note_song(event)
        return ""

    def _note_song(self, event: Reported) -> None:
        name = clean_text(event.name)
        self._songs.pop(name, None)  # the latest is the last
        share = min(max(event.share, 0.0), 1.0)
        self._songs[name] = SongProgress(name, event.state, share, event.detail)
        if event.state == "failed" and not self._first_failure:
            self._first_failure = clean_text(event.detail)
        for state, most in (("done", MAX_DONE), ("waits", MAX_DONE), ("failed", MAX_FILES // 2)):
            names = [one.file for one in self._songs.values() if one.state == state]
            for old in names[: max(0, len(names) - most)]:
                del self._songs[old]

    def stop(self) -> None:
        """The process stands still, or has ended: the time left is unknown."""
        self._rate = ProgressRate()

    @property
    def share(self) -> float:
        """From 0 to 1; a song that failed counts as done with."""
        counts = self._counts
        if not counts.of:
            return 0.0
        present = sum(song.share for song in self._songs.values() if song.state == "runs")
        return round(min((counts.done + counts.failed + present) / counts.of, 1.0), SHARE_DIGITS)

    @property
    def done(self) -> int:
        """How many songs are finished."""
        return self._counts.done

    @property
    def of(self) -> int:
        """How many songs there are; 0 before the batch has counted them."""
        return self._counts.of

    @property
    def failed(self) -> int:
        """How many songs have failed."""
        return self._counts.failed

    @property
    def left_s(self) -> float:
        """Seconds to the end, by the speed of the last half minute; -1 where it is not known."""
        speed = self._rate.per_second
        return round((1.0 - self.share) / speed, 1) if speed > 0.0 else UNKNOWN_S

    @property
    def detail(self) -> str:
        """The songs that run, and their steps."""
        running = [song for song in self._songs.values() if song.state == "runs"]
        return ", ".join(f"{song.file}: {song.detail}" if song.detail else song.file for song in running)

    @property
    def first_failure(self) -> str:
        """The sentence of the first song that failed; empty without one."""
        return self._first_failure

    def fail_present(self, detail: str) -> None:
        """The batch ended before the present songs did: they are begun again."""
        for song in self._songs.values():
            if song.state == "runs":
                song.state, song.detail = "waits", detail

    def list_rows(self, job_state: str) -> list[FileRow]:
        """The songs that run, and the latest that ended; one that runs has the state of its job."""
        return [
            (
                name,
                job_state if song.state == "runs" else song.state,
                round(song.share, SHARE_DIGITS),
                clean_text(song.detail, LONGEST_DETAIL),
            )
            for name, song in self._songs.items()
        ]
