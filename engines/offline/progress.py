"""Progress display: how far a song is and how long it will take; a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType

from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TaskProgressColumn
from rich.text import Text

from bridge.printing import Printer, one_line, progress_text
from bridge.progress_channel import ProgressRate

LINE_S = 10.0
"""Time between two plain lines."""
MAIN_PASSES = ("separating", "rendering")
"""Passes that are nearly all of the work on a song, and whose speed is shown."""


def format_duration(seconds: float) -> str:
    """Seconds as m:ss or h:mm:ss."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class _TimeLeftColumn(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(str(task.fields.get("left", "")), style="cyan")


class ProgressDisplay:
    """Shows one song after the other. ``clock``: seconds, from anywhere."""

    def __init__(self, console: Printer, songs: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._console, self._songs, self._clock = console, songs, clock
        self._bar: Progress | None = None
        if console.is_terminal:
            text = progress_text("{task.description}")
            self._bar = Progress(
                text, BarColumn(), TaskProgressColumn(), _TimeLeftColumn(), console=console, transient=True
            )
        self._task: TaskID | None = None
        self._name, self._rate, self._pass, self._speed, self._line_s = "", 1, "", ProgressRate(), 0.0

    def __enter__(self) -> ProgressDisplay:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def begin(self, number: int, name: str) -> None:
        """Start the display of the next song."""
        self._name = one_line(f"{name} ({number} of {self._songs})" if self._songs > 1 else name)
        self._pass, self._line_s = "", self._clock()
        if self._bar is not None:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._task = self._bar.add_task(self._name, total=None)

    def say(self, line: str) -> None:
        """Print a line that stays."""
        self._console.say(line)

    def update(self, pass_: str, done: int, total: int, rate: int) -> None:
        """Show ``done`` of ``total`` frames (0: not known) at ``rate``; a `ProgressCallback`."""
        if pass_ == "resuming":
            self.say(f"{self._name}: continues at {format_duration(done / rate)}")
            return
        now_s = self._clock()
        if pass_ != self._pass:
            self._pass, self._speed = pass_, ProgressRate()
        self._speed.update(done, now_s)
        speed = self._speed.per_second
        left = f"{format_duration((total - done) / speed)} left" if speed and total > done else ""
        times = f"{speed / rate:.1f} x real time" if speed and pass_ in MAIN_PASSES else ""
        if self._bar is not None and self._task is not None:
            shown = "  ".join(part for part in (left, times) if part)
            text = self._name if pass_ in MAIN_PASSES else f"{self._name}: {pass_}"
            self._bar.update(
                self._task, description=text, completed=min(done, total or done), total=total or None, left=shown
            )
        elif now_s - self._line_s >= LINE_S:
            self._line_s = now_s
            at = f"{100 * min(done, total) // total} %" if total else f"{format_duration(done / rate)} done"
            self.say(", ".join(part for part in (f"{self._name}: {pass_}, {at}", left, times) if part))
