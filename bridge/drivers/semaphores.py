"""Stale semaphores: those of clients that left the JACK server, still mapped by libjack in this process.

libjack maps the semaphore of every client of the server, by the client's number, and unmaps it when the server says
that the client left. While it opens the first client of a process it ignores that message (jackd 1.9.21,
`JackLibClient::ClientNotifyImp`: the client has no control block yet). The next client that gets the number is then
woken through the stale semaphore, which means never: one of this process never runs, and one of another process that we
are connected to misses its cycles.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

from bridge.drivers.libjack import import_jack

log = logging.getLogger(__name__)

MAPS = Path("/proc/self/maps")
NAME, DELETED = "/jack_sem.", "(deleted)"
LATE_S = 0.2  # the server says that a client left, and removes its semaphore; libjack unmaps it a moment later
POLL_S = 0.005


def find_stale() -> set[str]:
    """Lines of /proc/self/maps: JACK semaphores that the server removed. None on other systems (untested)."""
    try:
        lines = MAPS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return set()
    return {line for line in lines if NAME in line and line.endswith(DELETED)}


def has_stale(client: Any) -> bool:
    """Whether a stale semaphore stays mapped after ``client``, a jack.Client, was opened."""
    try:
        # any request will do: the server answers it after it has removed the semaphores of clients that left before
        client.get_uuid_for_client_name(client.name)
    except import_jack().JackError as error:
        log.debug("the server did not answer a request: %s", error)
    stale, deadline = find_stale(), time.monotonic() + LATE_S
    while stale and time.monotonic() < deadline:
        time.sleep(POLL_S)
        stale &= find_stale()
    return bool(stale)
