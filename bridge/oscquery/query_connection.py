"""OSCQuery connection: one TCP connection, with limits that apply before a request is complete."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from websockets.asyncio.server import Server, ServerConnection
from websockets.server import ServerProtocol

MAX_CONNECTIONS = 64
"""TCP connections at a time; another one is closed at once. The process has file descriptors for more than audio."""
MAX_HEAD_BYTES = 16_384
"""Request line and header fields of a request: browsers send less than 2 kB."""
TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class ConnectionCounts:
    """The open connections of a server, and how many were refused. In the loop's thread alone."""

    def __init__(self, is_admitted: Callable[[tuple[Any, ...]], bool]) -> None:
        self.is_admitted = is_admitted
        self.open: set[QueryConnection] = set()
        self.refused = 0
        self.closing = False
        """Whether the server ends, and takes no more."""

    def can_open(self, peer: tuple[Any, ...] | None) -> bool:
        """Whether ``peer`` may have another connection."""
        if peer is None or self.closing or len(self.open) >= MAX_CONNECTIONS:
            return False
        return self.is_admitted(peer)


class QueryConnection(ServerConnection):
    """A connection to which `ConnectionCounts` of its server apply."""

    counts: ConnectionCounts
    """Of all connections of the server."""

    def __init__(self, protocol: ServerProtocol, server: Server, **options: Any) -> None:
        super().__init__(protocol, server, **options)
        self._head_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if not self.counts.can_open(transport.get_extra_info("peername")):
            self.counts.refused += 1
            self.transport.abort()
            return
        self.counts.open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.counts.open.discard(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.request is None:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self.counts.refused += 1
                self.transport.write(TOO_LARGE)
                self.transport.close()
                return
        super().data_received(data)


def make_connection_class(counts: ConnectionCounts) -> type[QueryConnection]:
    """The class of the connections of one server, which all have its ``counts``."""
    return type("CountedConnection", (QueryConnection,), {"counts": counts})
