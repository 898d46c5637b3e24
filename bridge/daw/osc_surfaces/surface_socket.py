"""Surface socket: OSC messages to a DAW over UDP, and its answers."""

from __future__ import annotations

import os
import socket
import time
from types import TracebackType

from bridge.errors import BridgeError, DriverError
from bridge.osc import guard
from bridge.osc.wire import Args, decode, encode

ANSWER_S = 1.0
"""A DAW answers from its own thread within some 10 ms; a busy one gets a second."""
ATTEMPTS = 3
LARGEST_DATAGRAM = 65536


class SurfaceSocket:
    """A context manager: a socket of its own, so that what comes to it are answers. ``title``: the DAW, for errors."""

    def __init__(self, title: str, host: str, port: int) -> None:
        self._title, self._host, self._port = title, host, port
        self._socket: socket.socket

    def __enter__(self) -> SurfaceSocket:
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_DGRAM)[0]
            self._socket = socket.socket(family, kind, protocol)
        except OSError as error:
            raise DriverError(f"{self._title}: {self._host} has no address ({error})", "check [daw] host") from error
        try:
            self._socket.connect(address)
        except OSError as error:
            self._socket.close()
            raise self._make_error(f"cannot be reached ({error.strerror})") from error
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._socket.close()

    def send(self, address: str, *args: float | int | str) -> None:
        """Send a message. Raises: DriverError where nobody listens, as far as the system knows: on this machine."""
        try:
            self._socket.send(encode(address, args))
        except OSError as error:
            raise self._make_error(f"cannot be reached ({error.strerror})") from error
        if refused := self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise self._make_error(f"does not listen ({os.strerror(refused)})")

    def ask(self, address: str) -> Args:
        """Send ``address`` and return the arguments of the answer, which has the same address.

        Raises:
            DriverError: No answer came.
        """
        for _ in range(ATTEMPTS):
            self.send(address)
            deadline = time.monotonic() + ANSWER_S
            while (left := deadline - time.monotonic()) > 0:
                self._socket.settimeout(left)
                try:
                    datagram = self._socket.recv(LARGEST_DATAGRAM)
                except TimeoutError:
                    break
                except OSError as error:
                    raise self._make_error(f"does not listen ({error.strerror})") from error
                for name, args in _read_messages(datagram):
                    if name == address and args:
                        return args
        raise self._make_error(f"does not answer {address}")

    def _make_error(self, what: str) -> DriverError:
        return DriverError(
            f"{self._title} at {self._host}:{self._port} {what}",
            "switch on OSC in the DAW's control surfaces, and compare host and port under [daw] in sideman.toml",
        )


def _read_messages(datagram: bytes) -> list[tuple[str, Args]]:
    """The messages of a datagram; none where it is no OSC."""
    try:
        return [decode(message) for message in guard.split_messages(datagram)]
    except (BridgeError, ValueError):
        return []
