"""Logging: standard library loggers everywhere, one handler on stderr."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

from bridge.streams import prepare_streams, visible

if TYPE_CHECKING:
    from bridge.printing import Printer


class Visible(logging.Formatter):
    """Shows what would steer a terminal escaped, as in a file's name."""

    def format(self, record: logging.LogRecord) -> str:
        return visible(super().format(record))


def setup(verbose: bool = False, console: Printer | None = None, level: int = logging.INFO) -> None:
    """Send the log to stderr: from ``level`` on, with ``verbose`` everything. May be called again.

    ``console``: one that shows something live, so that lines of the log go above it.
    """
    from rich.logging import RichHandler

    from bridge.printing import Printer

    handler = RichHandler(
        console=console or Printer(stderr=True), show_path=verbose, rich_tracebacks=verbose, log_time_format="[%X]"
    )
    handler.setFormatter(Visible("%(message)s"))
    root = logging.getLogger()
    for old in [h for h in root.handlers if isinstance(h, RichHandler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.DEBUG if verbose else level)
    # numba's compiler narrates every pass at DEBUG
    logging.getLogger("numba").setLevel(logging.WARNING)


LEVEL_MARKS = {logging.WARNING: "<4>", logging.ERROR: "<3>", logging.CRITICAL: "<2>"}
"""Marks of the levels in the lines of a worker, as the system log knows them (sd-daemon(3))."""


class MarkedLines(logging.Formatter):
    """Begins each line of a record with the mark of its level."""

    def format(self, record: logging.LogRecord) -> str:
        mark = LEVEL_MARKS.get(record.levelno, "")
        return "\n".join(mark + visible(line) for line in super().format(record).splitlines())


def setup_worker() -> None:
    """Send a worker's warnings, and the error that ends it, to stderr, as marked lines: whatever its encoding, and
    without Rich's libraries. `bridge.runtime.worker_log` reads them."""
    prepare_streams()
    handler = logging.StreamHandler()
    handler.setFormatter(MarkedLines("%(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    sys.excepthook = lambda *error: logging.getLogger("sideman").error("it ended by an error", exc_info=error)
