"""Timebase status: whether we set bars and beats of the host's transport, and whether we should."""

from __future__ import annotations

from dataclasses import dataclass

NO_TIMEBASE, OFF, MASTER, REFUSED = "none", "off", "master", "refused"
"""States: the audio system has no timebase; nobody wants us to be its master; we are; another program is."""


@dataclass(slots=True)
class TimebaseStatus:
    """``is_wanted``: whether we should be the timebase master, by the clock service. ``state``: by the driver."""

    is_wanted: bool = False
    state: str = NO_TIMEBASE
