"""Logging: standard library loggers everywhere, one handler on stderr."""

from __future__ import annotations

import logging
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


def setup_worker() -> None:
    """Send a worker's warnings to stderr, as plain lines: whatever its encoding, and without Rich's libraries."""
    prepare_streams()
    handler = logging.StreamHandler()
    handler.setFormatter(Visible("%(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
