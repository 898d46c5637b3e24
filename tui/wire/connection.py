"""Connections of the app on its event loop: to a sidecar over UDP, or to a recording."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from tui.core.screen import Screen
from tui.core.session import Session
from tui.wire.link import Link
from tui.wire.recording import RecordingError
from tui.wire.replay import Replay
from tui.wire.udp import CHANNELS, UdpChannels

SHORTEST_WAIT_S, LONGEST_WAIT_S = 0.02, 0.5
"""Bounds of the time between two calls of the link's timer: it must not use the processor, and a question that was
just asked must not wait long."""


class LinkConnection:
    """The sockets of a link, which are open, and the link's timer."""

    def __init__(self, link: Link, channels: UdpChannels, clock: Callable[[], float] = time.monotonic) -> None:
        self._link, self._channels, self._clock = link, channels, clock
        self._on_change: Callable[[], None] = lambda: None
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self, loop: asyncio.AbstractEventLoop, on_change: Callable[[], None]) -> None:
        """Attach. ``on_change``: called after messages came, at most once for each turn of the loop."""
        self._loop, self._on_change = loop, on_change
        for channel in range(CHANNELS):
            loop.add_reader(self._channels.fileno(channel), self._receive, channel)
        self._tick()

    def stop(self) -> None:
        """Take leave of the sidecar; the sockets stay open."""
        if self._loop is None:
            return
        for channel in range(CHANNELS):
            self._loop.remove_reader(self._channels.fileno(channel))
        if self._timer is not None:
            self._timer.cancel()
        self._loop = None
        self._link.leave()
        self._channels.send()

    def flush(self) -> None:
        """Send at once what waits: a key does this before anything is drawn."""
        self._channels.send()

    def show(self, screen: Screen) -> None:
        """Subscribe to what a screen needs."""
        self._link.show(screen.subscriptions, screen.histories)
        self._tick()

    def ask_anew(self) -> None:
        """Ask for everything anew."""
        self._link.ask_anew()
        self._tick()

    def _receive(self, channel: int) -> None:
        if self._channels.receive(channel):
            self._channels.send()
            self._on_change()

    def _tick(self) -> None:
        if self._loop is None:
            return
        if self._timer is not None:
            self._timer.cancel()
        revision = self._link.session.revision
        self._link.tick(self._clock())
        self._channels.send()
        if self._link.session.revision != revision:
            self._on_change()
        wait_s = min(max(self._link.find_due_s() - self._clock(), SHORTEST_WAIT_S), LONGEST_WAIT_S)
        self._timer = self._loop.call_later(wait_s, self._tick)


class ReplayConnection:
    """A recording that goes on in real time from ``at_s`` on. ``notice``: called at its end.

    The session's times are those of ``clock``, as the screens compare them with it.
    """

    def __init__(
        self,
        replay: Replay,
        session: Session,
        notice: Callable[[str, str], None],
        at_s: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._replay, self._session, self._notice = replay, session, notice
        self._clock = clock
        self._start_s = clock() - at_s
        self._on_change: Callable[[], None] = lambda: None
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self, loop: asyncio.AbstractEventLoop, on_change: Callable[[], None]) -> None:
        """Go on in real time."""
        self._loop, self._on_change = loop, on_change
        self._advance()

    def stop(self) -> None:
        """Stop."""
        if self._timer is not None:
            self._timer.cancel()
        self._loop = None

    def flush(self) -> None:
        """Nothing waits."""

    def show(self, screen: Screen) -> None:
        """A recording has what it has."""

    def ask_anew(self) -> None:
        """A recording cannot be asked."""

    def _advance(self) -> None:
        if self._loop is None:
            return
        revision = self._session.revision
        try:
            self._replay.advance(self._clock() - self._start_s, self._start_s)
        except RecordingError as error:
            self._notice(str(error), "error")
            return
        if self._session.revision != revision:
            self._on_change()
        if self._replay.is_over:
            self._notice("the recording ends here", "text")
            return
        wait_s = self._replay.find_next_s() + self._start_s - self._clock()
        self._timer = self._loop.call_later(max(wait_s, SHORTEST_WAIT_S), self._advance)
