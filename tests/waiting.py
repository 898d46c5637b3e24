"""Waiting for states: what happens is judged, never when."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

HANG_S = 500.0
"""After so long what does not come never will, whatever else the machine does. Below pytest's own limit (600 s), so
that a test can say what it waited for."""
POLL_S = 0.005


def until(what: str, holds: Callable[[], bool]) -> None:
    """Return as soon as ``holds`` is true; the test fails with ``what`` where it never is."""
    deadline = time.monotonic() + HANG_S
    while not holds():
        if time.monotonic() > deadline:
            pytest.fail(f"{what} did not happen within {HANG_S:g} s")
        time.sleep(POLL_S)
