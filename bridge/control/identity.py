"""Identity of a sidecar: what a client needs to know before it changes anything."""

from __future__ import annotations

import os
import secrets
import socket
import time

import bridge
from bridge.control.bus import Bus, Row

PROTOCOL = 2
"""Number of the OSC protocol (docs/osc.md): raised when a client that was written for it would go wrong."""
INSTANCE_BYTES = 6
"""Random bytes of an instance's identifier: no two starts have the same one."""


class SidecarIdentity:
    """Publishes the reading ``sideman`` when it changes.

    ``server``: the JACK server, ``offline`` or ``portaudio``.
    """

    def __init__(self, bus: Bus, name: str, server: str) -> None:
        self._bus, self._server = bus, server
        self._head: Row = (name, bridge.__version__, PROTOCOL, secrets.token_hex(INSTANCE_BYTES))
        self._process: Row = (socket.gethostname(), os.getpid(), round(time.time()))
        self._published: Row = ()

    def update(self, rate: int, state: str) -> None:
        """Publish, if ``rate`` (Hz) or ``state`` changed: running, or what it waits for."""
        if self._published != (rate, state):
            self._published = (rate, state)
            self._bus.publish("sideman", *self._head, *self._process, self._server, rate, state)
