"""Log handler of the Bus: the log's lines become the reading ``log``.

A line may be logged anywhere, also while the Bus delivers or a lock is held, so it is queued, and published later by
the thread that publishes readings.
"""

from __future__ import annotations

import logging
from collections import deque

from bridge.control.bus import Bus

MAX_LINES = 1000
"""Lines that wait to be published; of more the oldest are dropped."""
MAX_CHARACTERS = 500
"""Longest text of a line: an OSC datagram must hold it."""


class BusLog(logging.Handler):
    """Queues log records until `publish` is called. Add it to the root logger."""

    def __init__(self, bus: Bus) -> None:
        super().__init__()
        self._bus = bus
        self._waiting: deque[tuple[int, str, str, str]] = deque(maxlen=MAX_LINES)

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a record."""
        text = record.getMessage().replace("\n", " ")
        if len(text) > MAX_CHARACTERS:
            text = text[: MAX_CHARACTERS - 1] + "…"
        self._waiting.append((round(record.created * 1000), record.levelname.lower(), record.name, text))

    def publish(self) -> None:
        """Publish what was logged since the last call."""
        while self._waiting:
            self._bus.publish("log", *self._waiting.popleft())
