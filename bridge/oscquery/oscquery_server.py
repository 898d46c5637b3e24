"""OSCQuery server: HTTP and WebSocket on one TCP port, in a thread with a loop of its own.

It reads the Bus and changes nothing: values are set by OSC. Nothing of it runs in the audio path.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from types import TracebackType

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.http11 import Request, Response

from bridge.control.bus import Bus
from bridge.core.control import Control, Value, format_value
from bridge.errors import ConfigError, ControlError
from bridge.osc.access import Access, Verdict
from bridge.osc.limits import RateLimit, RateLimits
from bridge.osc.wire import Peer
from bridge.oscquery.http_query import HttpAnswer, HttpRequest, answer_query, check_request, refuse
from bridge.oscquery.listener import LONGEST_COMMAND, Listener, parse_command
from bridge.oscquery.namespace import Namespace, Node
from bridge.oscquery.query_connection import ConnectionCounts, make_connection_class
from bridge.oscquery.request_head import find_token, read_head

log = logging.getLogger(__name__)

MAX_WEBSOCKETS = 32
"""WebSockets at a time; half of the connections stay free for requests."""
HANDSHAKE_S = 5.0
"""A request must be complete, and its answer taken, within this time: slow header fields end then."""
PERIOD_S = 0.02
"""Shortest time between two deliveries to one client: 50 a second, as readings are published."""
QUERY_COST, NODES = 20, (5_000.0, 20_000)
"""Rate limit per host: nodes described per second and at once; each request costs as much as QUERY_COST of them."""
COMMANDS = (100.0, 2_000)
"""Rate limit of commands of one WebSocket, per second and at once: a client may listen to each address by itself."""
MAX_REFUSED = 100
"""Commands without effect, by which a client is not one of ours."""
STOP_S = 2.0


@dataclass(eq=False, slots=True)
class _Session:
    """A WebSocket and what it listens to."""

    connection: ServerConnection
    listener: Listener
    limit: RateLimit
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    refused: int = 0


class OscQueryServer:
    """Serves the address space of ``bus`` on ``host``:``port`` while the context is open; port 0 selects a free one.

    ``allow`` and ``token`` are needed to bind anything but loopback, as for OSC. ``make_host_info``: the answer to
    HOST_INFO, for a client that found this server by a host. ``clock``: in seconds, for rate limits.
    """

    def __init__(
        self,
        bus: Bus,
        make_host_info: Callable[[str], Node],
        host: str = "127.0.0.1",
        port: int = 0,
        allow: Sequence[str] = (),
        token: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bus, self._make_host_info, self._port, self._clock = bus, make_host_info, port, clock
        self._access = Access(host, allow, token, "oscquery")
        self._namespace = Namespace(bus)
        self._queries = RateLimits(NODES, None)
        self._connections = ConnectionCounts(self._access.is_admitted)
        self._sessions: set[_Session] = set()
        self._lock = threading.Lock()
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop
        self._stop: asyncio.Event
        self._closing = contextlib.ExitStack()

    @property
    def host(self) -> str:
        """The address that is bound."""
        return self._access.host

    @property
    def port(self) -> int:
        """The bound port; before the context is open, the requested one."""
        return self._port

    @property
    def refusal_count(self) -> int:
        """Connections that were closed before their request was complete."""
        return self._connections.refused

    @property
    def subscription_count(self) -> int:
        """Addresses that clients listen to, of all together."""
        with self._lock:
            return sum(len(session.listener.addresses) for session in self._sessions)

    def __enter__(self) -> OscQueryServer:
        """Bind the port and serve.

        Raises:
            ConfigError: The access list does not fit the host.
            OSError: The port cannot be bound.
        """
        self._access.check()
        with contextlib.ExitStack() as opened:
            listening = opened.enter_context(_open_socket(self.host, self._port))
            self._port = int(listening.getsockname()[1])
            self._ready.clear()
            thread = threading.Thread(target=self._run, args=(listening,), name="oscquery", daemon=True)
            thread.start()
            self._ready.wait()
            opened.callback(self._join, thread)
            opened.callback(self._bus.subscribe(self._on_change))
            self._closing = opened.pop_all()
        log.info("OSCQuery on http://%s:%d", self.host, self.port)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    def _join(self, thread: threading.Thread) -> None:
        with contextlib.suppress(RuntimeError):  # the loop ended by itself
            self._loop.call_soon_threadsafe(self._stop.set)
        thread.join(STOP_S)

    def _run(self, listening: socket.socket) -> None:
        try:
            asyncio.run(self._serve(listening))
        except Exception:
            log.exception("the OSCQuery server ended")
        finally:
            self._ready.set()

    async def _serve(self, listening: socket.socket) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        library_log = log.getChild("websockets")
        library_log.setLevel(logging.ERROR)  # what strangers send is no news
        serving = serve(
            self._serve_client, sock=listening, process_request=self._answer, compression=None, server_header=None,
            open_timeout=HANDSHAKE_S, close_timeout=HANDSHAKE_S, max_size=LONGEST_COMMAND, logger=library_log,
            create_connection=make_connection_class(self._connections),
        )  # fmt: skip
        async with serving:
            self._ready.set()
            await self._stop.wait()
            self._connections.closing = True
            for connection in list(self._connections.open):
                if connection.request is None or not self._is_open(connection):
                    connection.transport.abort()

    def _is_open(self, connection: ServerConnection) -> bool:
        return any(session.connection is connection for session in self._sessions)

    def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """The answer to a request; None accepts a WebSocket."""
        asked = read_head(request)
        answer = check_request(asked) or self._check_peer(connection, request.headers)
        if answer is None and "Upgrade" in request.headers:
            if len(self._sessions) < MAX_WEBSOCKETS:
                return None
            answer = refuse(HTTPStatus.SERVICE_UNAVAILABLE, f"{MAX_WEBSOCKETS} WebSockets are open already")
        if answer is None:
            answer = self._answer_query(connection, asked)
        return _make_response(answer, with_body=request.method != "HEAD")

    def _check_peer(self, connection: ServerConnection, headers: Headers) -> HttpAnswer | None:
        """The refusal of a peer without the token, where one is needed."""
        peer: Peer = connection.remote_address
        if self._access.is_authenticated(peer):
            return None
        verdict = self._access.authenticate(peer, find_token(headers), self._clock())
        if verdict is Verdict.TOO_MANY:
            return refuse(HTTPStatus.TOO_MANY_REQUESTS, "too many tries; wait some seconds")
        if not verdict:
            how = ("WWW-Authenticate", 'Basic realm="Sideman"')
            return refuse(HTTPStatus.UNAUTHORIZED, "give the token of [lan] in sideman.toml as the password", how)
        return None

    def _answer_query(self, connection: ServerConnection, asked: HttpRequest) -> HttpAnswer:
        limit, now_s = self._queries.get(connection.remote_address[0]), self._clock()
        if not limit.is_available(now_s):
            return refuse(HTTPStatus.TOO_MANY_REQUESTS, "too many requests; LISTEN on the WebSocket to values")
        answer = answer_query(self._namespace, asked, self._make_host_info)
        limit.charge(QUERY_COST + answer.body.count("FULL_PATH"), now_s)
        return answer

    async def _serve_client(self, connection: ServerConnection) -> None:
        session = _Session(connection, Listener(self._namespace), RateLimit(*COMMANDS))
        with self._lock:
            self._sessions.add(session)
        sending = asyncio.create_task(self._send_values(session))
        try:
            async for message in connection:
                if (why := self._take(session, message)) is not None:
                    await _close(connection, *why)
                    break
        except ConnectionClosed:
            log.debug("a WebSocket of OSCQuery was closed without a word")
        finally:
            with self._lock:
                self._sessions.discard(session)
            sending.cancel()

    def _take(self, session: _Session, message: str | bytes) -> tuple[CloseCode, str] | None:
        """Carry out one message of a client; code and reason of the end, where it must end."""
        if not session.limit.try_acquire(self._clock()):
            return CloseCode.POLICY_VIOLATION, "too many commands"
        if isinstance(message, bytes):
            return CloseCode.UNSUPPORTED_DATA, "send OSC to the UDP port that HOST_INFO names"
        try:
            command = parse_command(message)
            with self._lock:
                session.listener.carry_out(command)
        except ControlError as error:
            session.refused += 1
            if session.refused > MAX_REFUSED:
                return CloseCode.POLICY_VIOLATION, error.message
        session.wake.set()
        return None

    async def _send_values(self, session: _Session) -> None:
        """Send what waits, as fast as the client reads and at most every PERIOD_S."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                await session.wake.wait()
                session.wake.clear()
                with self._lock:
                    packets = list(session.listener.pop_packets())
                for packet in packets:
                    await session.connection.send(packet)
                await asyncio.sleep(PERIOD_S)

    def _on_change(self, name: str, values: tuple[Value, ...], _source: str) -> None:
        """Bus callback: runs in the thread that made the change, and only queues."""
        if not self._sessions:
            return
        item = self._bus.registry.find(name)
        if item is None:
            return
        if isinstance(item, Control):
            values = tuple(format_value(item, float(value)) for value in values)
        with self._lock:
            woken = [session for session in self._sessions if session.listener.offer(item, values)]
        for session in woken:
            if not session.wake.is_set():
                with contextlib.suppress(RuntimeError):  # the loop has just ended
                    self._loop.call_soon_threadsafe(session.wake.set)


async def _close(connection: ServerConnection, code: CloseCode, reason: str) -> None:
    """Close a WebSocket; what it sent meanwhile is read and dropped, so that its own close is seen behind that."""
    closing = asyncio.create_task(connection.close(code, reason))
    with contextlib.suppress(ConnectionClosed):
        async for _ in connection:
            continue
    await closing


def _open_socket(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=64)
    except OverflowError as error:
        raise ConfigError(f"oscquery: port {port} is out of range", "give 1 to 65535, or 0") from error


def _make_response(answer: HttpAnswer, with_body: bool) -> Response:
    body = answer.body.encode()
    fields = [
        ("Connection", "close"), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"), *answer.fields
    ]  # fmt: skip
    if answer.status is not HTTPStatus.NO_CONTENT:
        fields += [("Content-Type", answer.content_type), ("Content-Length", str(len(body)))]
    return Response(answer.status, answer.status.phrase, Headers(fields), body if with_body else b"")
