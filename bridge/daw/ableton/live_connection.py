"""Live connection: sockets and thread of the Live client and the hub.

The socket at the reply port sends too: whether AbletonOSC answers at that port, as it does, or where a message came
from, its replies arrive. Where another program has the port, messages are still sent, and the port is tried again.
"""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import selectors
import socket
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from types import TracebackType
from typing import TypeVar

from bridge.daw.ableton.live_client import LiveClient
from bridge.daw.ableton.live_follower import LiveFollower
from bridge.daw.ableton.live_hub import LiveHub
from bridge.daw.ableton.live_listeners import LiveListeners
from bridge.daw.ableton.live_procedure import Procedure, ProcedureRunner
from bridge.daw.ableton.live_protocol import LARGEST_DATAGRAM, LIVE_PORT, REPLY_PORT, TICK_S, LiveError
from bridge.osc.port_owner import bind_udp, describe_taken_port
from bridge.osc.wire import Peer

log = logging.getLogger(__name__)

T = TypeVar("T")

LOOPBACK = "127.0.0.1"
RECEIVE_BYTES = 1 << 20
"""Requested size of a receive buffer; the system may grant less."""
BATCH = 64
"""Datagrams that are read from a socket before something is sent."""
RETRY_TICKS = 50.0
"""Ticks between two tries to get a port that another program has: 5 s."""
LONGEST_END = 1000
"""Queries that procedures may begin after the end; each ends at once."""
FAILED_S = 0.5
"""Pause after a failure, so that one that repeats does not use a whole core."""


@dataclass(frozen=True, slots=True)
class LiveAddress:
    """Where Live is, and which ports are used here.

    Attributes:
        host: Address of the machine with Live.
        port: Where AbletonOSC listens.
        reply_port: Where its replies come to; 0 selects a free port, for a program behind a hub.
        hub_port: Where the hub listens, on loopback; None for no hub, 0 selects a free port.
        clients: Programs that get whatever Live sends.
        tick_s: Of Live, in seconds.
    """

    host: str = LOOPBACK
    port: int = LIVE_PORT
    reply_port: int = REPLY_PORT
    hub_port: int | None = None
    clients: tuple[Peer, ...] = ()
    tick_s: float = TICK_S

    @property
    def bind_host(self) -> str:
        """The address to bind so that replies arrive."""
        try:
            return LOOPBACK if ipaddress.ip_address(self.host).is_loopback else "0.0.0.0"
        except ValueError:
            return LOOPBACK if self.host == "localhost" else "0.0.0.0"


class LiveConnection:
    """A context manager: Live is followed inside, and the hub serves its clients.

    ``on_update``: called in its thread about once in a tick of Live, and after messages.
    """

    def __init__(self, address: LiveAddress, on_update: Callable[[], object] | None = None) -> None:
        self.address = address
        self._on_update = on_update
        self.client = LiveClient(address.tick_s)
        self._runner = ProcedureRunner(self.client)
        listeners = LiveListeners(self.client)
        self.follower = LiveFollower(self.client, self._runner, listeners)
        self.hub = LiveHub(self.client, listeners, self._send_to_client, address.clients)
        self._listeners = listeners
        self.problems: tuple[str, ...] = ()
        """Sentences about ports that another program has."""
        self._lock = threading.Lock()
        self._asked: list[Callable[[], None]] = []
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._live: Peer = (address.host, address.port)
        self._replies: socket.socket | None = None
        self._hub_socket: socket.socket | None = None
        self._has_reply_port = False
        self._retry_s = float("-inf")
        self._failed: set[str] = set()
        self._selector: selectors.BaseSelector
        self._wakes: socket.socket
        self._sleeps: socket.socket

    @property
    def hub_port(self) -> int | None:
        """The port of the hub; None where it has none."""
        return None if self._hub_socket is None else int(self._hub_socket.getsockname()[1])

    def __enter__(self) -> LiveConnection:
        try:
            self._live = (socket.gethostbyname(self.address.host), self.address.port)
        except OSError as error:
            raise LiveError(f"ableton: host {self.address.host}: {error}", "correct host under [ableton]") from error
        self._selector = selectors.DefaultSelector()
        self._wakes, self._sleeps = socket.socketpair()
        for end in (self._wakes, self._sleeps):
            end.setblocking(False)
        self._selector.register(self._sleeps, selectors.EVENT_READ)
        self._open_ports(time.monotonic())
        self.follower.start()
        self._stop.clear()
        self._thread = threading.Thread(target=self._serve, name="ableton", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stop.set()
        self._wake()
        if self._thread is not None:
            self._thread.join()
        self._end_all()
        self.follower.stop()
        for datagram in self.client.flush():  # nobody listens any more
            self._send_to_live(datagram)
        for one in (self._replies, self._hub_socket, self._wakes, self._sleeps):
            if one is not None:
                one.close()
        self._replies = self._hub_socket = None
        self._selector.close()

    def start(self, procedure: Procedure[T]) -> Future[T]:
        """Begin a procedure, from any thread."""
        future: Future[T] = Future()
        with self._lock:
            self._asked.append(lambda: self._runner.start(procedure, future))
        self._wake()
        return future

    def run(self, procedure: Procedure[T], timeout_s: float) -> T:
        """The result of a procedure, from any thread but its own.

        Raises:
            LiveError: Live does not answer, refused something, or it took longer than ``timeout_s``.
        """
        future = self.start(procedure)
        try:
            return future.result(timeout_s)
        except TimeoutError as error:
            future.cancel()
            raise LiveError(f"Live was not ready within {timeout_s:g} s", "is Live running?") from error

    def post(self, *messages: tuple[str, tuple[object, ...]]) -> None:
        """Send messages without a reply, from any thread."""
        with self._lock:
            self._asked.append(lambda: self.client.post(*messages))
        self._wake()

    def _end_all(self) -> None:
        """End all procedures, so that nobody waits for them; some take an error as a reason to ask once more."""
        error = LiveError("the connection to Live ends")
        self._begin_asked()
        for _ in range(LONGEST_END):
            if not (self._runner.is_busy or self.client.is_busy):
                break
            self._runner.end_all(error)
            self.client.end_all(error)

    def _begin_asked(self) -> None:
        with self._lock:
            asked, self._asked = self._asked, []
        for begin in asked:
            begin()

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # full: it wakes anyway; closed: nobody is left
            self._wakes.send(b"\0")

    def _serve(self) -> None:
        while not self._stop.is_set():
            try:
                self._run_once()
            except Exception as error:
                if (kind := type(error).__name__) not in self._failed:  # each kind is logged once
                    log.exception("Ableton Live: an iteration failed, the next one goes on")
                self._failed.add(kind)
                self._stop.wait(FAILED_S)

    def _run_once(self) -> None:
        now_s = time.monotonic()
        if now_s >= self._retry_s:
            self._open_ports(now_s)
        self._begin_asked()
        self._runner.update(now_s)
        self.follower.update(now_s)
        self._listeners.update(now_s)
        for datagram in self.client.update(now_s):
            self._send_to_live(datagram)
        if self._on_update is not None:
            self._on_update()
        due_s = min(self.client.find_due_s(now_s), self._runner.find_due_s(), now_s + self.address.tick_s)
        for key, _ in self._selector.select(max(due_s - now_s, 0.0)):
            if key.fileobj is self._sleeps:
                with contextlib.suppress(BlockingIOError):
                    self._sleeps.recv(4096)
            elif key.fileobj is self._replies:
                self._receive_replies(self._replies)
            elif key.fileobj is self._hub_socket:
                self._receive_from_clients(self._hub_socket)

    def _receive_replies(self, source: socket.socket) -> None:
        for datagram, peer in _read(source):
            if peer[0] != self._live[0]:
                continue
            now_s = time.monotonic()
            for message, answered in self.client.receive(datagram, now_s):
                self.follower.receive(message, now_s)
                self.hub.distribute(message, answered, now_s)

    def _receive_from_clients(self, source: socket.socket) -> None:
        for datagram, peer in _read(source):
            self.hub.receive(datagram, peer, time.monotonic())

    def _send_to_live(self, datagram: bytes) -> None:
        if self._replies is not None:
            with contextlib.suppress(OSError):  # as lost on the way: the query is repeated
                self._replies.sendto(datagram, self._live)

    def _send_to_client(self, datagram: bytes, peer: Peer) -> None:
        source = self._hub_socket or self._replies
        if source is not None:
            with contextlib.suppress(OSError):  # as lost on the way: the client asks again
                source.sendto(datagram, peer)

    def _open_ports(self, now_s: float) -> None:
        """Bind what is not bound; a port that another program has is reported once, and tried again later."""
        problems = []
        if not self._has_reply_port:
            opened, problem = _try_bind(self.address.bind_host, self.address.reply_port)
            self._has_reply_port = opened is not None
            if opened is None:
                problems.append(f"{problem}: Live's replies go there")
                opened = self._replies or bind_udp(self.address.bind_host, 0, RECEIVE_BYTES)
            else:
                self.follower.ask_at_once()
            self._replies = self._exchange(self._replies, opened)
        if self._hub_socket is None and self.address.hub_port is not None:
            opened, problem = _try_bind(LOOPBACK, self.address.hub_port)
            if opened is None:
                problems.append(f"{problem}: there is no hub")
            else:
                self._hub_socket = self._exchange(None, opened)
        for problem in problems:
            if problem not in self.problems:
                log.warning("Ableton Live: %s; everything else goes on", problem)
        self.problems = tuple(problems)
        self._retry_s = now_s + RETRY_TICKS * self.address.tick_s if problems else float("inf")

    def _exchange(self, old: socket.socket | None, new: socket.socket) -> socket.socket:
        if old is not new:
            if old is not None:
                self._selector.unregister(old)
                old.close()
            self._selector.register(new, selectors.EVENT_READ)
        return new


def _try_bind(host: str, port: int) -> tuple[socket.socket | None, str]:
    try:
        return bind_udp(host, port, RECEIVE_BYTES), ""
    except OSError:
        return None, describe_taken_port(port)


def _read(source: socket.socket) -> Sequence[tuple[bytes, Peer]]:
    """The datagrams that wait at a socket."""
    found: list[tuple[bytes, Peer]] = []
    for _ in range(BATCH):
        try:
            found.append(source.recvfrom(LARGEST_DATAGRAM))
        except BlockingIOError:
            break
        except OSError:
            continue  # Windows reports here that an earlier datagram found nobody
    return found
