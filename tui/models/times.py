"""Times: the clock of the user's place from milliseconds since 1970, and lengths as minutes and seconds."""

from __future__ import annotations

import time

from tui.core.values import UNKNOWN

MAX_MS = 4e12
"""In the year 2096: what lies beyond is no time."""


def format_clock(time_ms: float, milliseconds: bool = False) -> str:
    """``14:02:07`` or ``14:02:07.310``, as clocks show it where the user is; a dash where the time is not known."""
    if not 0 < time_ms < MAX_MS:
        return UNKNOWN
    seconds, rest = divmod(int(time_ms), 1000)
    shown = time.strftime("%H:%M:%S", time.localtime(seconds))
    return f"{shown}.{rest:03d}" if milliseconds else shown


def format_length(seconds: float) -> str:
    """``4:10``, ``1:02:03``; a dash where it is not known (below 0)."""
    if not 0 <= seconds < 1e7:
        return UNKNOWN
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
