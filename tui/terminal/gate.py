"""Gate: whether the terminal has taken what was written to it. Frames that it does not take are left out.

Textual writes through a queue of 30 entries, and waits where it is full: with a terminal that is slow or stands still,
keys would wait for seconds. So nothing is drawn while anything is in the queue.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from textual.app import App


class Gate:
    """The gate of an app. Between `hold` and `release` Textual draws nothing by itself either."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._batch: ExitStack | None = None

    @property
    def is_free(self) -> bool:
        """Whether the terminal has taken everything so far."""
        driver = self._app._driver
        writer = getattr(driver, "_writer_thread", None)
        queue = getattr(writer, "_queue", None)
        return queue is None or bool(queue.empty())

    def hold(self) -> None:
        """Let nothing be drawn until `release`."""
        if self._batch is None:
            self._batch = ExitStack()
            self._batch.enter_context(self._app.batch_update())

    def release(self) -> None:
        """Let frames be drawn again."""
        if self._batch is not None:
            batch, self._batch = self._batch, None
            batch.close()
