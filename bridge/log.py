"""Where log lines go: standard library loggers everywhere, one Rich handler on stderr."""

from __future__ import annotations

import logging

from rich.logging import RichHandler

from bridge.printing import Printer


def setup(verbose: bool = False, console: Printer | None = None, level: int = logging.INFO) -> None:
    """Send the log to stderr: from ``level`` on, with ``verbose`` everything. May be called again.

    ``console``: one that shows something live, so that lines of the log go above it.
    """
    handler = RichHandler(
        console=console or Printer(stderr=True), show_path=verbose, rich_tracebacks=verbose, log_time_format="[%X]"
    )
    handler.setFormatter(logging.Formatter("%(message)s"))
    root = logging.getLogger()
    for old in [h for h in root.handlers if isinstance(h, RichHandler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.DEBUG if verbose else level)
    # numba's compiler narrates every pass at DEBUG
    logging.getLogger("numba").setLevel(logging.WARNING)
