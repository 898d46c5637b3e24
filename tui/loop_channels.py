"""UDP sockets of a link on the asyncio event loop of the app."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from tui.link import Link
from tui.udp import CHANNELS, UdpChannels

SHORTEST_WAIT_S, LONGEST_WAIT_S = 0.02, 0.5
"""Bounds of the time between two calls of the link's timer: it must not use the processor, and a question that was
just asked must not wait long."""


class LoopChannels:
    """The sockets of a link on an asyncio event loop, which also calls the link's timer.

    ``on_change``: called after datagrams came, at most once for each turn of the loop.
    """

    def __init__(self, channels: UdpChannels, link: Link, on_change: Callable[[], None]) -> None:
        self._channels = channels
        self._link = link
        self._on_change = on_change
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Serve the link on ``loop``; the sockets are open."""
        self._loop = loop
        for channel in range(CHANNELS):
            loop.add_reader(self._channels.fileno(channel), self._receive, channel)
        self._tick()

    def stop(self) -> None:
        """End it; the sockets stay open."""
        if self._loop is None:
            return
        for channel in range(CHANNELS):
            self._loop.remove_reader(self._channels.fileno(channel))
        if self._timer is not None:
            self._timer.cancel()
        self._loop = None

    def flush(self) -> None:
        """Send at once what was called: a key does this before anything is drawn."""
        self._channels.send()

    def _receive(self, channel: int) -> None:
        if self._channels.receive(channel):
            self._channels.send()
            self._on_change()

    def _tick(self) -> None:
        if self._loop is None:
            return
        state = self._link.session.state
        self._link.tick(time.monotonic())
        self._channels.send()
        if self._link.session.state != state:
            self._on_change()
        wait_s = min(max(self._link.find_due_s() - time.monotonic(), SHORTEST_WAIT_S), LONGEST_WAIT_S)
        self._timer = self._loop.call_later(wait_s, self._tick)
