"""Parent watch: ends a worker process as soon as its parent is gone, whatever its main thread does."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

CHECK_S = 0.1
"""Seconds between two checks: how long a worker may outlive its parent."""


@contextmanager
def exit_with_parent(parent: int) -> Iterator[None]:
    """Inside, where loading may take a minute, the process ends as soon as ``parent`` is gone."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(CHECK_S):
            if os.getppid() != parent:
                os._exit(0)

    threading.Thread(target=watch, name="parent", daemon=True).start()
    try:
        yield
    finally:
        done.set()
