"""The OSC server: one thread, one UDP socket, and nothing that arrives can stop it."""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from types import TracebackType

from bridge.control.bus import Bus
from bridge.control.spec import Reading, Value
from bridge.errors import BridgeError, ConfigError
from bridge.osc import guard
from bridge.osc.access import Access
from bridge.osc.dispatch import IGNORED, Dispatch
from bridge.osc.limits import Allowances
from bridge.osc.subscriptions import Subscriptions
from bridge.osc.wire import Args, Peer, decode, encode, outgoing

log = logging.getLogger(__name__)

ERRORS_EACH = (10.0, 20)
ERRORS_OVERALL = (50.0, 100)
"""Errors a second and at once, to one peer and to all: a sender's name can be forged, a flood must not be ours."""
BATCH = 64
"""Datagrams taken before subscribers get their turn."""
IDLE_S = 1.0
STOP_S = 2.0
FAILED_S = 0.02
_LARGEST_DATAGRAM = 65536


class OscServer:
    """Serves ``bus`` on ``host``:``port`` while the context is open; port 0 takes a free one.

    ``allow`` and ``token`` are needed to bind anything but loopback. ``clock`` gives seconds and is used for
    rate limits and leases only. ``counts`` tells what came in and what became of it.
    """

    def __init__(
        self,
        bus: Bus,
        host: str = "127.0.0.1",
        port: int = 9123,
        allow: Sequence[str] = (),
        token: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._bus = bus
        self._port = port
        self._access = Access(host, allow, token)
        self._clock = clock
        self._subscriptions = Subscriptions()
        self._lock = threading.Lock()
        """Over the subscriptions: the Bus offers values from any thread."""
        self._dispatch = Dispatch(bus, self._subscriptions)
        self._errors = Allowances(ERRORS_EACH, ERRORS_OVERALL)
        self._logged: set[str] = set()
        self._stopping = threading.Event()
        self._closing = contextlib.ExitStack()
        self._socket: socket.socket
        self._thread: threading.Thread
        self._wakes: socket.socket
        self._sleeps: socket.socket

    @property
    def port(self) -> int:
        """The port that is bound; before the context is open, the one asked for."""
        return self._port

    @property
    def alive(self) -> bool:
        """Whether the thread serves."""
        return self._thread.is_alive()

    def __enter__(self) -> OscServer:
        self._access.check()
        with contextlib.ExitStack() as opened:
            self._socket = opened.enter_context(self._bound())
            self._port = int(self._socket.getsockname()[1])
            self._wakes, self._sleeps = (opened.enter_context(end) for end in socket.socketpair())
            for end in (self._wakes, self._sleeps):
                end.setblocking(False)
            self._stopping.clear()
            self._thread = threading.Thread(target=self._serve, name="osc", daemon=True)
            self._thread.start()
            opened.callback(self._join)
            opened.callback(self._bus.subscribe(self._changed))
            self._closing = opened.pop_all()
        log.info("OSC on %s:%d", self._access.host, self.port)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    def _bound(self) -> socket.socket:
        host = self._access.host
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        opened = socket.socket(family, socket.SOCK_DGRAM)
        try:
            if family == socket.AF_INET6:
                # else IPv4 peers would arrive in disguise and slip past the networks of the allow-list
                opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            opened.bind((host, self._port))
        except (OSError, OverflowError) as error:
            opened.close()
            raise ConfigError(f"osc: {host}:{self._port} cannot be bound ({error})", "choose another port") from error
        opened.setblocking(False)
        return opened

    def _join(self) -> None:
        self._stopping.set()
        self._wake()
        self._thread.join(STOP_S)

    def _wake(self) -> None:
        # a full pipe wakes just as well, and a closed one has nobody left to wake
        with contextlib.suppress(OSError):
            self._wakes.send(b"\0")

    def _changed(self, name: str, values: tuple[Value, ...], source: str) -> None:
        """The Bus tells: runs in whatever thread made the change."""
        item = self._bus.registry.find(name)
        if item is None:
            return
        row: Value = values[0] if isinstance(item, Reading) and item.keyed else ""
        with self._lock:
            waits = self._subscriptions.offer(item.address, row, outgoing(item, values), source, self._clock())
        # the serving thread looks by itself before it sleeps
        if waits and threading.current_thread() is not self._thread:
            self._wake()

    def _serve(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            selector.register(self._sleeps, selectors.EVENT_READ)
            while not self._stopping.is_set():
                try:
                    self._turn(selector)
                except Exception as error:
                    self.counts["failed"] += 1
                    if self._is_news(type(error).__name__):
                        log.exception("an OSC turn failed, the server goes on")
                    # what fails at once again must not take a core
                    self._stopping.wait(FAILED_S)

    def _turn(self, selector: selectors.BaseSelector) -> None:
        with self._lock:
            due_s = self._subscriptions.next_due_s()
        timeout_s = IDLE_S if due_s is None else min(max(due_s - self._clock(), 0.0), IDLE_S)
        for key, _ in selector.select(timeout_s):
            if key.fileobj is self._sleeps:
                with contextlib.suppress(BlockingIOError):
                    self._sleeps.recv(4096)
            else:
                self._receive()
        with self._lock:
            ready = self._subscriptions.due(self._clock())
        for peer, address, values in ready:
            self._send(peer, address, values)

    def _receive(self) -> None:
        for _ in range(BATCH):
            try:
                datagram, peer = self._socket.recvfrom(_LARGEST_DATAGRAM)
            except BlockingIOError:
                return
            except OSError as error:
                # some systems report here that an earlier reply found nobody
                self._report("receive", f"OSC: {error}")
                return
            self.counts["received"] += 1
            self._take(datagram, peer)

    def _take(self, datagram: bytes, peer: Peer) -> None:
        if not self._access.admits(peer):
            self.counts["refused"] += 1
            self._report("refused", f"OSC: {peer[0]} is not on the allow-list and gets no answer")
            return
        try:
            messages = [decode(message) for message in guard.messages(datagram)]
        except guard.GuardError as error:
            self.counts["malformed"] += 1
            self._report("malformed", f"OSC: a malformed datagram from {peer[0]}:{peer[1]}: {error}")
            self._send(peer, "/error", ("", error.message, error.hint))
            return
        for address, args in messages:
            for reply, values in self._replies(address, args, peer):
                self._send(peer, reply, values)

    def _replies(self, address: str, args: Args, peer: Peer) -> Sequence[tuple[str, Args]]:
        now_s = self._clock()
        if address == "/auth":
            if self._access.authenticate(peer, args[0] if len(args) == 1 else None, now_s):
                return [("/auth", (1,))]
            self.counts["refused"] += 1
            return [("/error", (address, "the token is wrong", "see [lan] token in sideman.toml"))]
        if not self._access.knows(peer):
            self.counts["refused"] += 1
            if address in IGNORED:
                return []
            return [("/error", (address, "the token is missing", "send /auth TOKEN first"))]
        return self._dispatched(address, args, peer, now_s)

    def _dispatched(self, address: str, args: Args, peer: Peer, now_s: float) -> Sequence[tuple[str, Args]]:
        # the Bus may call `_changed` in this thread, so the lock is taken for the subscriptions' own commands only
        if address in {"/subscribe", "/unsubscribe"}:
            with self._lock:
                return self._dispatch.handle(address, args, peer, now_s)
        return self._dispatch.handle(address, args, peer, now_s)

    def _send(self, peer: Peer, address: str, args: Args) -> None:
        if address == "/error" and not self._errors.take(peer, self._clock()):
            self.counts["unanswered"] += 1
            return
        try:
            self._socket.sendto(encode(address, args), peer)
        except (OSError, BridgeError) as error:
            self.counts["unsent"] += 1
            self._report(f"send {type(error).__name__}", f"OSC: cannot answer {peer[0]}:{peer[1]}: {error}")

    def _report(self, kind: str, message: str) -> None:
        """Warn once a kind; the counts tell how often."""
        if self._is_news(kind):
            log.warning(message)

    def _is_news(self, kind: str) -> bool:
        if kind in self._logged:
            return False
        self._logged.add(kind)
        return True
