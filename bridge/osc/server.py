"""OSC server: one UDP port, served by one thread that no datagram can stop."""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType

from bridge.control.bus import Bus, Row
from bridge.core.control import Item, Reading, Value
from bridge.osc.access import MAX_HOSTS, Access
from bridge.osc.lanes import LARGEST_DATAGRAM, Lane, Lanes, count_dropped, open_beside
from bridge.osc.limits import LruCache
from bridge.osc.own_address import is_own_address
from bridge.osc.responder import ERRORS_EACH, ERRORS_OVERALL, Responder
from bridge.osc.server_socket import open_server_socket
from bridge.osc.wire import Peer, to_wire_values

__all__ = ["ERRORS_EACH", "ERRORS_OVERALL", "OscServer"]

log = logging.getLogger(__name__)

BATCH = 64
"""Datagrams processed before subscribers are served."""
VALUES = 256
"""Values sent to subscribers before datagrams are processed."""
COUNTS_S = 1.0
"""Shortest interval between publications of the counts."""
IDLE_S = 1.0
STOP_S = 2.0
FAILED_S = 0.02
READING = "osc"


class OscServer:
    """Serves ``bus`` on ``host``:``port`` while the context is open; port 0 selects a free one.

    ``allow`` and ``token`` are needed to bind anything but loopback. ``clock``: seconds, for rate limits and leases.
    ``spent``: CPU time of the calling thread. ``counts``: received datagrams and their outcomes, published as the
    reading ``osc``.
    """

    def __init__(
        self,
        bus: Bus,
        host: str = "127.0.0.1",
        port: int = 9123,
        allow: Sequence[str] = (),
        token: str = "",
        clock: Callable[[], float] = time.monotonic,
        spent: Callable[[], float] = time.thread_time,
    ) -> None:
        self._bus = bus
        self._port = port
        self._access = Access(host, allow, token)
        self._clock, self._spent = clock, spent
        self._lanes = Lanes(lambda peer: open_beside(self._socket, peer))
        self._responder = Responder(bus, self._access, self._lanes, self._send, clock, self._wake, self._receive)
        self._subscriptions, self._lock = self._responder.subscriptions, self._responder.lock
        self._watched: dict[socket.socket, Lane] = {}
        self._own_hosts: LruCache[str, bool] = LruCache(MAX_HOSTS)
        self._published: list[int] = []
        self._published_s = float("-inf")
        self._stopping = threading.Event()
        self._closing = contextlib.ExitStack()
        self._is_bound = False
        self._socket: socket.socket
        self._thread: threading.Thread
        self._wakes: socket.socket
        self._sleeps: socket.socket

    @property
    def counts(self) -> Counter[str]:
        """Received datagrams and their outcomes since the start."""
        return self._responder.counts

    @property
    def port(self) -> int:
        """The bound port; before the context is open, the requested one."""
        return self._port

    @property
    def alive(self) -> bool:
        """Whether the server thread runs."""
        return self._thread.is_alive()

    @contextlib.contextmanager
    def bind(self) -> Iterator[None]:
        """Bind the port, before the context is entered. Raises: ConfigError, DriverError: it cannot be served."""
        self._access.check()
        with open_server_socket(self._access.host, self._port) as self._socket:
            self._port, self._is_bound = int(self._socket.getsockname()[1]), True
            self._subscriptions.own_port = self._port
            try:
                yield
            finally:
                self._is_bound = False

    def __enter__(self) -> OscServer:
        with contextlib.ExitStack() as opened:
            if not self._is_bound:
                opened.enter_context(self.bind())
            self._wakes, self._sleeps = (opened.enter_context(end) for end in socket.socketpair())
            for end in (self._wakes, self._sleeps):
                end.setblocking(False)
            opened.callback(self._lanes.close)
            opened.enter_context(self._responder)
            self._stopping.clear()
            self._thread = threading.Thread(target=self._serve, name="osc", daemon=True)
            self._thread.start()
            opened.callback(self._join)
            opened.callback(self._bus.subscribe(self._on_change))
            self._closing = opened.pop_all()
        log.info("OSC on %s:%d", self._access.host, self.port)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    def _join(self) -> None:
        """End the thread, then tell the subscribers that nobody serves them any more."""
        self._stopping.set()
        self._wake()
        self._thread.join(STOP_S)
        with self._lock:
            peers = self._subscriptions.list_peers()
        for peer in peers:
            self._responder.send(peer, "/goodbye", (f"sideman on port {self.port} ends",))

    def _wake(self) -> None:
        # a full pipe wakes the thread too; a closed one has no thread left
        with contextlib.suppress(OSError):
            self._wakes.send(b"\0")

    def _send(self, datagram: bytes, peer: Peer) -> None:
        self._socket.sendto(datagram, peer)

    def _on_change(self, name: str, values: tuple[Value, ...], source: str) -> None:
        """Bus callback: runs in the thread that made the change."""
        item = self._bus.registry.find(name)
        if item is None:
            return
        with self._lock:
            waits = self._offer(item, to_wire_values(item, values), source)
        # the server thread checks by itself before it sleeps
        if waits and threading.current_thread() is not self._thread:
            self._wake()

    def _offer(self, item: Item, values: Row, source: str) -> bool:
        """Queue a change for the subscribers; True where any waits for it."""
        if not isinstance(item, Reading):
            return self._subscriptions.offer(item.address, "", values, source, self._clock())
        if item.queued:
            return self._subscriptions.offer_event(item.address, values)
        row = values[0] if item.keyed else ""
        return self._subscriptions.offer(item.address, row, values, source, self._clock(), item.peaks)

    def _serve(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            selector.register(self._sleeps, selectors.EVENT_READ)
            while not self._stopping.is_set():
                try:
                    self._run_once(selector)
                except Exception as error:
                    self.counts["failed"] += 1
                    if self._responder.is_first(type(error).__name__):
                        log.exception("an OSC iteration failed, the server continues")
                    # a failure that repeats at once must not use a whole core
                    self._stopping.wait(FAILED_S)

    def _run_once(self, selector: selectors.BaseSelector) -> None:
        self._watch(selector)
        for key, _ in selector.select(self._compute_timeout_s()):
            if key.fileobj is self._sleeps:
                with contextlib.suppress(BlockingIOError):
                    self._sleeps.recv(4096)
        self._receive()
        self._serve_shared()
        self._responder.finish()
        self._serve_lanes()
        self._lanes.close_quiet(self._clock())
        with self._lock:
            ready = self._subscriptions.pop_due(self._clock(), VALUES)
        for peer, address, values in ready:
            self._responder.send_published(peer, address, values)
        self._publish()

    def _compute_timeout_s(self) -> float:
        """Seconds until the next work, if nothing is received."""
        if self._lanes.has_waiting:
            return 0.0
        now_s = self._clock()
        with self._lock:
            due_s = self._subscriptions.find_next_due_s()
        rests = [IDLE_S, self._lanes.compute_wait_s(now_s), None if due_s is None else max(due_s - now_s, 0.0)]
        return min(rest for rest in rests if rest is not None)

    def _watch(self, selector: selectors.BaseSelector) -> None:
        """Watch the sockets of the lanes that may be served, and no others."""
        wanted = {lane.socket: lane for lane in self._lanes.find_ready(self._clock()) if lane.socket is not None}
        for gone in self._watched.keys() - wanted.keys():
            with contextlib.suppress(KeyError, ValueError):  # closed meanwhile
                selector.unregister(gone)
        for come in wanted.keys() - self._watched.keys():
            selector.register(come, selectors.EVENT_READ)
        self._watched = wanted

    def _receive(self) -> None:
        """Read the datagrams waiting at the shared socket."""
        for _ in range(BATCH):
            try:
                datagram, peer = self._socket.recvfrom(LARGEST_DATAGRAM)
            except BlockingIOError:
                self._lanes.mark_shared_empty()
                return
            except OSError as error:
                # some systems report here that an earlier reply was undeliverable
                self._responder.report("receive", f"OSC: {error}")
                return
            self.counts["received"] += 1
            self._admit(datagram, peer)

    def _admit(self, datagram: bytes, peer: Peer) -> None:
        if not self._access.is_admitted(peer):
            self.counts["refused"] += 1
            self._responder.report("refused", f"OSC: {peer[0]} is not on the allow-list and gets no answer")
            return
        if peer[1] == self._port and self._is_own(str(peer[0])):
            self.counts["refused"] += 1
            self._responder.report("loop", f"OSC: a datagram from our own port {self._port}: answers would be a loop")
            return
        self._lanes.put(datagram, peer, self._clock())
        if self._lanes.dropped != self.counts["dropped"]:
            self.counts["dropped"] = self._lanes.dropped
            self._responder.report("dropped", f"OSC: {peer[0]}:{peer[1]} exceeds its share; some datagrams are dropped")

    def _is_own(self, host: str) -> bool:
        own = self._own_hosts.touch(host)
        return self._own_hosts.put(host, is_own_address(host)) if own is None else own

    def _serve_shared(self) -> None:
        """Process the datagrams of peers within their share, in order."""
        for _ in range(BATCH):
            taken = self._lanes.pop(self._clock())
            if taken is None:
                return
            with self._charge_to(taken[1]):
                self._process(*taken)
            self._receive()

    def _serve_lanes(self) -> None:
        """Process what waited for finished actions, and one datagram of one peer with its own socket."""
        crowded = False
        for lane in self._lanes.find_ready(self._clock()):
            if lane.socket is not None and crowded:
                continue
            while self._serve_lane(lane):
                self._lanes.mark_served(lane, self._clock())
                if lane.socket is not None:
                    crowded = True
                    break
                if lane.busy or lane.use.compute_debt_s(self._clock()) > 0.0:
                    break

    def _serve_lane(self, lane: Lane) -> bool:
        """Process the next datagram of ``lane``; False where there is none."""
        rest, lane.rest = lane.rest, []
        if rest:
            with self._charge_to(lane.peer):
                self._responder.carry_out(rest, lane.peer)
            return True
        taken = lane.pop()
        if taken is None:
            return False
        datagram, peer = taken
        self.counts["received"] += not lane.was_waiting
        if peer != lane.peer:  # it arrived between bind and connect
            self._admit(datagram, peer)
            return True
        with self._charge_to(peer):
            self._process(datagram, peer)
        return True

    @contextlib.contextmanager
    def _charge_to(self, peer: Peer) -> Iterator[None]:
        """Charge the CPU time spent inside to ``peer``."""
        began_s = self._spent()
        try:
            yield
        finally:
            self._lanes.charge(peer, self._spent() - began_s, self._clock())

    def _process(self, datagram: bytes, peer: Peer) -> None:
        self._responder.process(datagram, peer)

    def _publish(self) -> None:
        """Publish the counts, at most every COUNTS_S, where there are new failures."""
        now_s, reading = self._clock(), self._bus.registry.find(READING)
        if not isinstance(reading, Reading) or now_s - self._published_s < COUNTS_S:
            return
        self._published_s = now_s
        own = [lane.socket for lane in self._lanes if lane.socket is not None]
        self.counts["lost"] = self._lanes.lost + sum(map(count_dropped, [self._socket, *own]))
        wrong = [self.counts[field] for field in reading.fields if field != "received"]
        if any(wrong) and wrong != self._published:
            self._published = wrong
            self._bus.publish(READING, *(self.counts[field] for field in reading.fields))
