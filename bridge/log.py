"""Where log lines go: standard library loggers everywhere, one Rich handler on stderr."""

from __future__ import annotations

import logging

from rich.console import Console
from rich.logging import RichHandler


def setup(verbose: bool = False) -> None:
    """Send the log to stderr: warnings and news, with ``verbose`` also the details. May be called again."""
    handler = RichHandler(
        console=Console(stderr=True), show_path=verbose, rich_tracebacks=verbose, log_time_format="[%X]"
    )
    handler.setFormatter(logging.Formatter("%(message)s"))
    root = logging.getLogger()
    for old in [h for h in root.handlers if isinstance(h, RichHandler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.DEBUG if verbose else logging.INFO)
    # numba's compiler narrates every pass at DEBUG
    logging.getLogger("numba").setLevel(logging.WARNING)
