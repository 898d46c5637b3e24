"""UDP sockets of a link, and a loop that serves it until something is done. No event loop is imported."""

from __future__ import annotations

import contextlib
import selectors
import socket
import time
from collections.abc import Callable
from types import TracebackType

from tui.wire.link import Link

RECEIVE_BYTES = 1 << 20
"""Receive buffer that is asked for: an answer may be 350 datagrams at once. The system may give less."""
LARGEST_DATAGRAM = 65536
CHANNELS = 2
BATCH = 256
"""Datagrams that are read before the owner draws or acts again."""
DNS_ERRORS = (OSError, UnicodeError)


class AddressError(ValueError):
    """A sidecar's address is malformed, or its host is unknown."""


def parse_address(text: str, default_port: int = 9123) -> tuple[str, int]:
    """Host and port of ``HOST``, ``HOST:PORT``, ``:PORT``, ``[IPv6]:PORT`` or an IPv6 address alone.

    Raises:
        AddressError: The port is no number from 1 to 65535.
    """
    host, port = text.strip(), ""
    if host.startswith("[") and "]" in host:
        host, _, port = host[1:].partition("]")
        port = port.removeprefix(":")
    elif host.count(":") == 1:
        host, port = host.split(":")
    if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise AddressError(f"{text}: {port} is no port; give HOST:PORT, such as 127.0.0.1:9123")
    return host or "127.0.0.1", int(port) if port else default_port


def format_address(host: str, port: int) -> str:
    """Host and port as they are shown."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def open_sockets(host: str, port: int) -> list[socket.socket]:
    """A connected socket for each channel, so that only the sidecar's datagrams come, and a closed port is reported.

    Raises:
        AddressError: The host is unknown or cannot be reached.
    """
    opened: list[socket.socket] = []
    try:
        family, _, _, _, peer = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        for _ in range(CHANNELS):
            one = socket.socket(family, socket.SOCK_DGRAM)
            opened.append(one)
            with contextlib.suppress(OSError):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
            one.setblocking(False)
            one.connect(peer)
    except DNS_ERRORS as error:
        for one in opened:
            one.close()
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise AddressError(f"{format_address(host, port)} cannot be reached ({reason}); check the host") from error
    return opened


class UdpChannels:
    """The sockets of ``link``. Use it as a context; ``clock``: seconds, monotonic."""

    def __init__(self, link: Link, host: str, port: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._link = link
        self._host, self._port = host, port
        self._clock = clock
        self._sockets: list[socket.socket] = []

    def __enter__(self) -> UdpChannels:
        self._sockets = open_sockets(self._host, self._port)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in self._sockets:
            one.close()

    def send(self) -> None:
        """Send what the link wants to send."""
        refused = False
        for channel, datagram in self._link.take_outgoing():
            try:
                self._sockets[channel].send(datagram)
            except BlockingIOError:
                continue  # as lost on the way: the link asks again
            except OSError:
                refused = True
        if refused:
            self._link.refuse(self._clock())

    def receive(self, channel: int) -> int:
        """Pass what waits at the socket of ``channel`` to the link, at most BATCH datagrams; returns how many."""
        for count in range(BATCH):
            try:
                datagram = self._sockets[channel].recv(LARGEST_DATAGRAM)
            except (BlockingIOError, InterruptedError):
                return count
            except OSError:
                self._link.refuse(self._clock())
                return count
            self._link.receive(datagram, self._clock(), channel)
        return BATCH

    def fileno(self, channel: int) -> int:
        """The descriptor of a channel's socket, to wait for it."""
        return self._sockets[channel].fileno()

    def run(self, deadline_s: float, is_done: Callable[[], bool], *, wakes: int | None = None) -> bool:
        """Serve the link until ``is_done``, or the descriptor ``wakes`` can be read; False at the deadline."""
        with selectors.DefaultSelector() as selector:
            for channel in range(CHANNELS):
                selector.register(self.fileno(channel), selectors.EVENT_READ, channel)
            if wakes is not None:
                selector.register(wakes, selectors.EVENT_READ, None)
            while not is_done():
                now_s = self._clock()
                if now_s >= deadline_s:
                    return False
                self._link.tick(now_s)
                self.send()
                for key, _ in selector.select(max(min(self._link.find_due_s(), deadline_s) - self._clock(), 0.0)):
                    if key.data is None:
                        return True
                    self.receive(key.data)
                self.send()
        return True
