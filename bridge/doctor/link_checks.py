"""Checks for Ableton Link: the optional extra, which nothing but Link itself needs."""

from __future__ import annotations

from bridge.control.link_controls import LINK_FIX, LINK_MODULE, LINK_PROBLEM
from bridge.doctor.finding import Finding
from bridge.doctor.machine_checks import check_import

NAME = "Ableton Link"


def check_link(module: str = LINK_MODULE) -> Finding:
    """Whether Link can be joined. Without it all else works, so its lack is no warning."""
    found = check_import(NAME, module, "the clock source link", LINK_FIX, lambda _: "/clock/link on joins a session")
    if found.state == "ok":
        return found
    return Finding(NAME, "ok", f"{LINK_PROBLEM}; all else works without it", LINK_FIX)
