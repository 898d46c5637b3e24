"""Start display: what a sidecar that starts is doing; one line that changes on a terminal, few lines elsewhere."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from types import TracebackType

from rich.status import Status

from bridge.printing import Printer

QUARTERS = 4
TERMINAL_S = 0.5


class StartDisplay:
    """A context manager: `show` may be called inside, from any thread."""

    def __init__(self, console: Printer) -> None:
        self._console = console
        self._stack = ExitStack()
        self._status: Status | None = None
        self._shown = ("", 0)

    def __enter__(self) -> StartDisplay:
        if self._console.is_terminal:
            self._status = self._stack.enter_context(self._console.status("starting …"))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._status = None
        self._stack.close()

    def show(self, step: str, done: int = 0, of: int = 0) -> None:
        """``step`` is being done; ``done`` parts ``of`` all where they can be counted."""
        done = min(done, of)
        counted = f"{step}: {done} of {of}" if of else step
        if self._status is not None:
            self._status.update(counted)
            return
        quarter = QUARTERS * done // of if of else 0
        if (step, quarter) > self._shown or step != self._shown[0]:
            self._shown = (step, quarter)
            self._console.say(counted)

    def end(self) -> None:
        """Leave the terminal as it was, from a thread that ends the process, and soon: nobody waits for a terminal."""
        status = self._status
        if status is not None:
            stopping = threading.Thread(target=status.stop, daemon=True)
            stopping.start()
            stopping.join(TERMINAL_S)
            self._console.show_cursor()
