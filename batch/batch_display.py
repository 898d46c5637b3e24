"""Batch display: how far a batch is, as a bar on a terminal, as plain lines elsewhere, and as events for jobs."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType

from rich.progress import BarColumn, Progress, TaskID
from rich.text import Text

from batch.batch_request import BatchCounts, BatchListener
from batch.file_pool import FilePool
from bridge.printing import Printer, one_line, progress_text
from bridge.progress_channel import ProgressChannel, ProgressRate
from engines.offline.progress import format_duration

LINE_S, EVENT_S, REDRAW_S = 10.0, 0.5, 0.2
"""Time between two plain lines, two events about the same, two changes of the bar."""
MOST_FAILURES = 20
"""Failures that are printed at once; `sideman batch status` lists all."""


class BatchDisplay(BatchListener):
    """Shows a batch. ``channel``: takes the events. ``clock``: seconds, from anywhere."""

    def __init__(self, console: Printer, channel: ProgressChannel, clock: Callable[[], float] = time.monotonic) -> None:
        self._console, self._channel, self._clock = console, channel, clock
        self._rate = ProgressRate()
        self._counts, self._shares = BatchCounts(), {"": 0.0}
        self._shown_s = self._line_s = self._event_s = clock()
        self._failures = 0
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> BatchDisplay:
        if self._console.is_terminal:
            text = progress_text("{task.description}")
            self._bar = Progress(
                text, BarColumn(20), progress_text("{task.fields[times]}"), console=self._console, transient=True
            )
            self._bar.start()
            self._task = self._bar.add_task("reading the folder", total=None, times="")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()

    def say(self, line: str | Text) -> None:
        """Print a line that stays."""
        self._console.say(line)

    def update(self, counts: BatchCounts, pool: FilePool) -> None:
        """Show how many files are done; now and then, as often as a person reads."""
        now_s = self._clock()
        if now_s - self._shown_s < REDRAW_S:
            return
        self._shown_s, self._counts = now_s, counts
        present = pool.list_progress()
        self._rate.update(counts.done + counts.failed + sum(one.share for one in present), now_s)
        if now_s - self._event_s >= EVENT_S:
            self._event_s = now_s
            self._send_counts()
            for one in present:
                if self._shares.get(one.name) != one.share:
                    self._shares[one.name] = one.share
                    self._channel.report(one.name, "runs", one.share, one.step)
        if self._bar is not None and self._task is not None:
            names = ", ".join(one.name for one in present)
            self._bar.update(
                self._task,
                description=self.describe(),
                total=counts.of,
                completed=counts.seen,
                times=one_line(names)[:30],
            )
        elif now_s - self._line_s >= LINE_S:
            self._line_s = now_s
            self.say(self.describe())

    def describe(self) -> str:
        """How far it is, such as ``512 of 1,000, 3 failed, 120 files/h, 4:10 left``."""
        counts, speed = self._counts, self._rate.per_second
        failed = counts.failed + counts.failed_before
        parts = [f"{counts.seen:,} of {counts.of:,}"] + ([f"{failed:,} failed"] if failed else [])
        if speed > 0:
            left = (counts.of - counts.seen) / speed
            parts += [f"{3600 * speed:,.0f} files/h", f"{format_duration(left)} left"]
        return ", ".join(parts)

    def begin(self, name: str) -> None:
        """Work on a file begins."""
        self._channel.report(name, "runs")

    def finish(self, name: str, state: str, detail: str) -> None:
        """Work on a file has ended; failures are printed, as long as they are not too many."""
        self._shares.pop(name, None)
        self._channel.report(name, state, float(state == "done"), detail)
        if state != "failed":
            return
        self._failures += 1
        if self._failures <= MOST_FAILURES:
            self.say(format_failure_line(name, detail))
        if self._failures == MOST_FAILURES:
            self.say("more failures are not printed here; sideman batch status lists them all")

    def close(self, counts: BatchCounts) -> None:
        """Send the last counts."""
        self._counts = counts
        self._send_counts()

    def _send_counts(self) -> None:
        counts = self._counts
        done = counts.done + counts.before + counts.copies
        self._channel.count(counts.of, done, counts.failed + counts.failed_before)


def format_failure_line(name: str, error: str) -> Text:
    """A line with a file and why it failed; the path in front of the sentence is not said twice."""
    place, colon, rest = error.partition(": ")
    said = rest if colon and place.endswith(name.rpartition("/")[2]) else error
    return Text.assemble(f"{one_line(name)}: ", ("failed", "bold red"), f": {one_line(said)}")
