"""A client for the server beside it: send, ask, listen."""

from __future__ import annotations

import socket
import time
from collections import deque
from collections.abc import Iterator
from types import TracebackType
from typing import Any

from bridge.errors import ControlError, DriverError
from bridge.osc import guard
from bridge.osc.wire import Args, Message, decode, encode

REPLIES = {"/ping": "/pong", "/subscribe": "/subscribed", "/unsubscribe": "/unsubscribed"}
"""Where a reply does not come under the address that was asked."""
_LARGEST_DATAGRAM = 65536


class OscClient:
    """Speaks to one server while the context is open. ``token`` is shown on entering where one is given."""

    def __init__(self, host: str = "127.0.0.1", port: int = 9123, token: str = "") -> None:
        self.host = host
        self.port = port
        self._token = token
        self._waiting: deque[Message] = deque()
        self._socket: socket.socket

    def __enter__(self) -> OscClient:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            # connected: only the server's datagrams are taken, and a dead port is reported
            self._socket.connect((self.host, self.port))
            if self._token:
                self.request("/auth", self._token)
        except OSError as error:
            self._socket.close()
            raise DriverError(f"osc: {self.host}:{self.port} cannot be reached ({error})", "check the host") from error
        except BaseException:
            self._socket.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    @property
    def local_port(self) -> int:
        """The port that replies come to."""
        return int(self._socket.getsockname()[1])

    def send(self, address: str, *args: Any) -> None:
        """Send one message and wait for nothing."""
        try:
            self._socket.send(encode(address, args))
        except OSError as error:
            raise self._unreachable(error) from error

    def request(self, address: str, *args: Any, timeout_s: float = 1.0) -> Args:
        """Send a message and return the arguments of its reply; ``/error`` is raised as a `ControlError`.

        What else arrives meanwhile waits for `messages`.
        """
        *_, last = self.gather(address, *args, done=REPLIES.get(address, address), timeout_s=timeout_s)
        return last[1]

    def gather(self, address: str, *args: Any, done: str, timeout_s: float = 1.0) -> list[Message]:
        """Send a message and return what comes up to and with the message ``done``.

        Where ``done`` lies below ``address`` (``/controls/done``, ``/get/done``) everything in between is part of the
        reply; otherwise only ``done`` itself is, and other messages wait for `messages`.
        """
        self.send(address, *args)
        deadline_s = time.monotonic() + timeout_s
        several = done.startswith(address + "/")
        gathered: list[Message] = []
        while (message := self._next(deadline_s)) is not None:
            if message[0] == done:
                return [*gathered, message]
            if message[0] == "/error" and message[1][:1] == (address,):
                raise ControlError(*(str(part) for part in message[1][1:3]))
            (gathered if several else self._waiting).append(message)
        raise DriverError(f"osc: no answer to {address} from {self.host}:{self.port}", "is sideman run running?")

    def messages(self, timeout_s: float) -> Iterator[Message]:
        """What arrives, in order, until nothing came for ``timeout_s``."""
        while True:
            if self._waiting:
                yield self._waiting.popleft()
                continue
            message = self._next(time.monotonic() + timeout_s)
            if message is None:
                return
            yield message

    def _next(self, deadline_s: float) -> Message | None:
        """The next message from the wire; None when the deadline passes first. What is malformed is passed over."""
        while (left_s := deadline_s - time.monotonic()) > 0:
            self._socket.settimeout(left_s)
            try:
                datagram = self._socket.recv(_LARGEST_DATAGRAM)
            except TimeoutError:
                return None
            except OSError as error:
                raise self._unreachable(error) from error
            try:
                first, *rest = [decode(message) for message in guard.messages(datagram)]
            except (guard.GuardError, ValueError):
                continue
            self._waiting.extend(rest)
            return first
        return None

    def _unreachable(self, error: OSError) -> DriverError:
        return DriverError(
            f"osc: {self.host}:{self.port} does not answer ({error.strerror})", "is sideman run running?"
        )
