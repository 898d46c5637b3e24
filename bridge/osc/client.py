"""OSC client: send, request and receive messages."""

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

REPLIES = {"/ping": "/pong", "/subscribe": "/subscribed", "/unsubscribe": "/unsubscribed", "/recall": "/recalled"}
"""Reply addresses that differ from the request's."""
CALL_REPLIES = ("/result", "/done", "/failed")
_LARGEST_DATAGRAM = 65536
STARTING_HINT = (
    "Sideman may still be starting, which takes minutes where it has to compile: try again when it says that it runs; "
    "else another program has this port, or a firewall is between"
)
"""Hint where nobody answers in time: the server's port is open from the first moment of its start."""

RECEIVE_BYTES = 1 << 20
"""Of the socket's buffer, as much as the system grants: Linux's usual 212,992 bytes hold one long answer, which comes
in bundles, but not several at once, nor many events."""


class UnreachableError(DriverError):
    """Nothing listens at the address."""


class NoAnswerError(DriverError):
    """Something listens at the address, or may do so, and did not answer in time."""


class OscClient:
    """A connection to one server while the context is open: ``with OscClient() as client``.

    Entering sends the ``token``, if there is one.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 9123, token: str = "") -> None:
        """``host``: a name, an IPv4 or an IPv6 address."""
        self.host = host
        self.port = port
        self._token = token
        self._waiting: deque[Message] = deque()
        """Messages that a request passed over."""
        self._opened: deque[Message] = deque()
        """The rest of a bundle."""
        self._calls = 0
        self._socket: socket.socket

    def __enter__(self) -> OscClient:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        try:
            # connected: only the server's datagrams are received, and a dead port is reported
            self._socket.connect((self.host, self.port))
            if self._token:
                self.request("/auth", self._token)
        except OSError as error:
            self._socket.close()
            raise UnreachableError(
                f"osc: {self.host}:{self.port} cannot be reached ({error})", "check the host"
            ) from error
        except BaseException:
            self._socket.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def send(self, address: str, *args: Any) -> None:
        """Send one message without waiting for a reply.

        Raises:
            UnreachableError: Nothing listens there.
        """
        try:
            self._socket.send(encode(address, args))
        except OSError as error:
            raise self._make_error(error) from error

    def request(self, address: str, *args: Any, timeout_s: float = 1.0) -> Args:
        """Send a message and return the arguments of its reply.

        Other messages that arrive meanwhile are queued for `read_messages`.

        Raises:
            ControlError: The server answered with ``/error``.
            UnreachableError: Nothing listens there.
            NoAnswerError: There was no answer within ``timeout_s`` seconds.
        """
        *_, last = self.gather(address, *args, done=REPLIES.get(address, address), timeout_s=timeout_s)
        return last[1]

    def gather(self, address: str, *args: Any, done: str, timeout_s: float = 1.0) -> list[Message]:
        """Send a message and return all replies up to and including the message ``done``.

        Where ``done`` is below ``address`` (``/controls/done``, ``/get/done``) everything in between is part of the
        reply. Otherwise only ``done`` itself is, and other messages are queued for `read_messages`.

        Raises:
            ControlError: The server answered with ``/error``.
            UnreachableError: Nothing listens there.
            NoAnswerError: There was no answer within ``timeout_s`` seconds.
        """
        self.send(address, *args)
        deadline_s = time.monotonic() + timeout_s
        several = done.startswith(address + "/")
        gathered: list[Message] = []
        while (message := self._read_next(deadline_s)) is not None:
            if message[0] == done:
                return [*gathered, message]
            if message[0] == "/error" and message[1][:1] == (address,):
                raise ControlError(*(str(part) for part in message[1][1:3]))
            (gathered if several else self._waiting).append(message)
        if self._waiting and not several:
            hint = f"other messages came; where {address} has several replies, use gather and its last one as done"
            raise NoAnswerError(f"osc: no answer to {address} from {self.host}:{self.port}", hint)
        raise self._make_silence(address)

    def call(self, address: str, *args: Any, timeout_s: float = 5.0) -> list[Args]:
        """Set a control or trigger an action, and wait until it is done; returns the rows that it answers with.

        Raises:
            ControlError: It failed.
            UnreachableError: Nothing listens there.
            NoAnswerError: There was no answer within ``timeout_s`` seconds.
        """
        self._calls += 1
        token = f"{self._calls}"
        self.send("/call", token, address, *args)
        deadline_s = time.monotonic() + timeout_s
        rows: list[Args] = []
        while (message := self._read_next(deadline_s)) is not None:
            reply, values = message
            if reply in CALL_REPLIES and values[:1] == (token,):
                if reply == "/done":
                    return rows
                if reply == "/failed":
                    raise ControlError(*(str(part) for part in values[2:4]))
                rows.append(values[1:])
            elif reply == "/error" and values[:1] == ("/call",):
                raise ControlError(*(str(part) for part in values[1:3]))
            else:
                self._waiting.append(message)
        raise self._make_silence(address)

    def read_messages(self, timeout_s: float) -> Iterator[Message]:
        """Yield received messages in order, until none arrives for ``timeout_s``."""
        while True:
            if self._waiting:
                yield self._waiting.popleft()
                continue
            message = self._read_next(time.monotonic() + timeout_s)
            if message is None:
                return
            yield message

    def _read_next(self, deadline_s: float) -> Message | None:
        """Receive the next message; None at the deadline. Malformed datagrams are skipped."""
        if self._opened:
            return self._opened.popleft()
        while (left_s := deadline_s - time.monotonic()) > 0:
            self._socket.settimeout(left_s)
            try:
                datagram = self._socket.recv(_LARGEST_DATAGRAM)
            except TimeoutError:
                return None
            except OSError as error:
                raise self._make_error(error) from error
            try:
                first, *rest = [decode(message) for message in guard.split_messages(datagram)]
            except (guard.GuardError, ValueError):
                continue
            self._opened.extend(rest)
            return first
        return None

    def _make_silence(self, address: str) -> NoAnswerError:
        """A port of this machine at which nothing listens is refused at once: this one is taken."""
        return NoAnswerError(f"osc: no answer to {address} from {self.host}:{self.port}", STARTING_HINT)

    def _make_error(self, error: OSError) -> DriverError:
        return UnreachableError(
            f"osc: {self.host}:{self.port} does not answer ({error.strerror})", "is sideman run running?"
        )
