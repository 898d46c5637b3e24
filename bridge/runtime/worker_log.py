"""Worker log: what a worker process prints, in the log of this process, line by line.

It would else stand in the midst of a line that shows progress, without time and level.
"""

from __future__ import annotations

import logging
import re
import threading
from collections import deque
from contextlib import suppress
from typing import IO

from bridge.log import LEVEL_MARKS
from bridge.streams import visible

log = logging.getLogger(__name__)

LONGEST_LINE = 4096
"""Bytes after which a line is cut: a plugin may print without any newline."""
MOST_PRINTED = 100
"""Lines without a level that are logged of one worker: a plugin that prints in each block must not fill the disk."""
KEPT_LINES = 20
"""Last lines that are kept for the report on a worker's end."""
END_S = 0.5
"""Seconds to wait for the last lines of a worker that has ended: what it started may keep the pipe open."""
_LEVELS = {mark: level for level, mark in LEVEL_MARKS.items()}
_MARKED = re.compile(r"<(\d)>")


class WorkerLog:
    """Logs what comes out of ``pipe`` until it ends. ``name``: of the worker, before each line."""

    def __init__(self, pipe: IO[bytes], name: str) -> None:
        self._pipe, self._name = pipe, name
        self._last: deque[str] = deque(maxlen=KEPT_LINES)
        self._printed = 0
        self._thread = threading.Thread(target=self._read, name=f"log of {name}", daemon=True)
        self._thread.start()

    def close(self) -> str:
        """The last lines, once the worker has ended."""
        self._thread.join(END_S)
        return "\n".join(self._last)

    def _read(self) -> None:
        with suppress(OSError, ValueError), self._pipe:
            while line := self._pipe.readline(LONGEST_LINE):
                self._log(line.decode(errors="replace").rstrip())

    def _log(self, line: str) -> None:
        marked = _MARKED.match(line)
        level = _LEVELS.get(marked.group(), logging.INFO) if marked else logging.INFO
        text = line[marked.end() :] if marked else line
        if not text:
            return
        self._last.append(text)
        if not marked:
            self._printed += 1
            if self._printed > MOST_PRINTED:
                return
        log.log(level, "%s: %s", self._name, visible(text))
        if not marked and self._printed == MOST_PRINTED:
            log.info("%s: prints more; it is left out", self._name)
