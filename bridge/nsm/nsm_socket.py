"""NSM socket: OSC messages to and from one session manager."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from types import TracebackType

from bridge.errors import BridgeError, DriverError
from bridge.nsm.nsm_address import LOOPBACK
from bridge.osc.guard import split_messages
from bridge.osc.wire import Message, decode, encode

log = logging.getLogger(__name__)

_LARGEST_DATAGRAM = 65536


class NsmSocket:
    """A context manager. The socket is not connected: a server of several addresses may answer from loopback.

    ``host``, ``port``: those of the session manager. Its messages are known by its port, and come from ``host`` or
    from this machine.
    """

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self._socket: socket.socket

    def __enter__(self) -> NsmSocket:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            # from loopback nobody else can reach it, and a server elsewhere answers to the address that it sees
            self._socket.bind((LOOPBACK if self.host.startswith("127.") else "", 0))
        except OSError as error:
            self._socket.close()
            raise DriverError(f"no socket for the session manager ({error})", "unset NSM_URL to run without") from error
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._socket.close()

    def send(self, address: str, *args: str | int | float) -> None:
        """Send one message; a server that cannot be reached is logged, and nothing else."""
        try:
            self._socket.sendto(encode(address, args), (self.host, self.port))
        except OSError as error:
            log.warning("session manager: %s was not sent (%s)", address, error)

    def receive(self, timeout_s: float) -> Iterator[Message]:
        """The messages of the next datagram, if one comes within ``timeout_s``; what is no OSC is logged."""
        self._socket.settimeout(timeout_s)
        try:
            datagram, (host, port) = self._socket.recvfrom(_LARGEST_DATAGRAM)
        except (TimeoutError, ConnectionError):
            return
        if port != self.port or (host != self.host and not host.startswith("127.")):
            log.debug("session manager: a message from %s:%d is not the server's", host, port)
            return
        try:
            for message in split_messages(datagram):
                yield decode(message)
        except BridgeError as error:
            log.warning("session manager: %s", error)
