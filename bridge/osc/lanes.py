"""Receive queues: one for all peers, and a lane of its own for each peer that exceeds its share.

All peers share the server's socket, and its receive buffer is small: the fastest sender would fill it, and datagrams of
the others would be lost. So the buffer is emptied before each piece of work. A peer with too many waiting datagrams, or
whose work delays others for too long, is moved to a socket of its own, bound to the same port and connected to that
peer, where the system supports it. That socket is read for a share of the time only; the system drops the excess.

Where more peers than lanes do so, as when one sends from many ports, new peers are refused for a second, and peers that
were here before are served.

A lane without a socket queues the datagrams of a peer while one of its actions reads or writes a file.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bridge.osc.guard import MAX_BYTES
from bridge.osc.limits import LruCache, RateLimit
from bridge.osc.wire import Message, Peer

SHARE, AT_ONCE_S = 0.5, 0.03
"""CPU time of a peer: seconds per second in a lane, and seconds while a datagram of another waits.

It is not wall-clock time: on a busy machine all wait long, and no peer is the cause."""
MAX_LANES = 16
MAX_WAITING, MAX_WAITING_BYTES = 1024, 1 << 18
"""Capacity of a lane: datagrams and bytes."""
MAX_DROPPED = 4096
"""Datagrams dropped at a lane without a socket before it gets a socket."""
MAX_OF_PEER, MAX_OF_PEER_BYTES = 256, 96 << 10
"""Datagrams and bytes of one peer in the shared queue before it gets a lane."""
MAX_SHARED = 512
"""Capacity of the shared queue in datagrams."""
CROWDED_S = 1.0
"""How long new peers are refused where there are too many, and how long a peer is new."""
MAX_SEEN = 1024
"""Peers remembered as known."""
QUIET_S = 5.0
"""A lane that received nothing for so long is closed."""
LARGEST_DATAGRAM = MAX_BYTES + 4
"""Bytes read of a datagram: enough to detect that it is too long."""

_MEMINFO, _MEMINFO_WORDS, _DROPS = 55, 9, 8  # SO_MEMINFO and SK_MEMINFO_DROPS of Linux


@dataclass(slots=True)
class Lane:
    """One peer's queue. ``rest``: remaining messages of a datagram while an action in it runs (``busy``).

    ``socket``: its own socket, or None. ``was_waiting``: whether the last datagram came from the shared socket.
    """

    peer: Peer
    last_s: float
    socket: socket.socket | None = None
    use: RateLimit = field(default_factory=lambda: RateLimit(SHARE, AT_ONCE_S))
    waiting: deque[bytes] = field(default_factory=deque)
    size: int = 0
    dropped: int = 0
    rest: list[Message] = field(default_factory=list)
    busy: bool = False
    was_waiting: bool = False
    in_order: bool = False
    """Whether nothing older can be in the shared socket."""

    @property
    def has_waiting(self) -> bool:
        """Whether something waits in the queue, not in the socket."""
        return bool(self.waiting or self.rest)

    @property
    def is_full(self) -> bool:
        """Whether the queue is at its capacity."""
        return len(self.waiting) >= MAX_WAITING or self.size >= MAX_WAITING_BYTES

    def pop(self) -> tuple[bytes, Peer] | None:
        """Pop the next datagram and its sender; None where there is none."""
        self.was_waiting = bool(self.waiting)
        if self.waiting:
            datagram = self.waiting.popleft()
            self.size -= len(datagram)
            return datagram, self.peer
        if self.socket is None or not self.in_order:
            return None
        try:
            datagram, peer = self.socket.recvfrom(LARGEST_DATAGRAM)
        except OSError:  # nothing there, or an earlier reply was undeliverable
            return None
        return datagram, peer


class Lanes:
    """All queues of one server, and the CPU time of each peer. Times in seconds of any monotonic clock.

    ``open_socket``: opens a socket for one peer's datagrams alone, None where that is not supported.
    """

    def __init__(self, open_socket: Callable[[Peer], socket.socket | None]) -> None:
        self._open_socket = open_socket
        self._lanes: dict[Peer, Lane] = {}
        self._shared: deque[tuple[bytes, Peer, float]] = deque()
        """Datagram, sender, and the total work at its arrival."""
        self._counts: Counter[Peer] = Counter()
        self._sizes: Counter[Peer] = Counter()
        self._work_s = self._judged_s = 0.0
        self._spent_s: defaultdict[Peer, float] = defaultdict(float)
        """CPU time of each peer without a lane since others began to wait."""
        self._seen: LruCache[Peer, float] = LruCache(MAX_SEEN)
        """First arrival of each known peer."""
        self._crowded_until_s = float("-inf")
        self.dropped = 0
        """Datagrams dropped because a queue was full."""
        self.lost = 0
        """Datagrams that the system dropped at lanes that are closed now."""

    def __iter__(self) -> Iterator[Lane]:
        return iter(tuple(self._lanes.values()))

    def __len__(self) -> int:
        return len(self._lanes)

    @property
    def has_waiting(self) -> bool:
        """Whether something waits in the shared queue."""
        return bool(self._shared)

    def put(self, datagram: bytes, peer: Peer, now_s: float) -> None:
        """Queue a datagram from the shared socket."""
        if self._is_refused(peer, now_s):
            self.dropped += 1
            return
        if peer not in self._lanes and self._sends_too_much(peer):
            self.move_aside(peer, now_s)
        if peer in self._lanes:
            self._put_in_lane(datagram, peer, now_s)
        elif len(self._shared) >= MAX_SHARED or self._sends_too_much(peer):
            self.dropped += 1
            self._crowded_until_s = now_s + CROWDED_S
        else:
            self._shared.append((datagram, peer, self._work_s))
            self._counts[peer] += 1
            self._sizes[peer] += len(datagram)

    def _is_refused(self, peer: Peer, now_s: float) -> bool:
        """Whether ``peer`` is new while there are too many peers."""
        since_s, crowded = self._seen.touch(peer), now_s < self._crowded_until_s
        if since_s is None and not crowded:
            since_s = self._seen.put(peer, now_s)
        return crowded and (since_s is None or now_s - since_s < CROWDED_S) and peer not in self._lanes

    def _sends_too_much(self, peer: Peer) -> bool:
        return self._counts[peer] >= MAX_OF_PEER or self._sizes[peer] >= MAX_OF_PEER_BYTES

    def _put_in_lane(self, datagram: bytes, peer: Peer, now_s: float) -> None:
        lane = self._lanes[peer]
        if lane.is_full:
            self.dropped += 1
            lane.dropped += 1
            if lane.dropped % MAX_DROPPED == 0:
                self.move_aside(peer, now_s)
            return
        lane.waiting.append(datagram)
        lane.size += len(datagram)
        lane.last_s = now_s

    def move_aside(self, peer: Peer, now_s: float) -> None:
        """Give ``peer`` a lane with a socket, unless there are too many lanes."""
        if self.has_room(peer):
            lane = self.open(peer, now_s)
            lane.socket = lane.socket or self._open_socket(peer)
        else:
            self._crowded_until_s = now_s + CROWDED_S
            self._seen.pop(peer, None)

    def pop(self, now_s: float) -> tuple[bytes, Peer] | None:
        """Pop the next datagram of a peer without a lane, and its sender; None where none waits."""
        while self._shared:
            datagram, peer, before_s = self._shared.popleft()
            self._counts[peer] -= 1
            self._sizes[peer] -= len(datagram)
            if not self._counts[peer]:
                del self._counts[peer], self._sizes[peer]
            self._move_busiest(self._work_s - max(before_s, self._judged_s), now_s)
            if peer not in self._lanes:
                return datagram, peer
            self._put_in_lane(datagram, peer, now_s)
        return None

    def _move_busiest(self, waited_s: float, now_s: float) -> None:
        """Where a datagram waited for too much work, move the peer that caused most of it."""
        if waited_s <= AT_ONCE_S / 2:
            self._spent_s.clear()
        elif waited_s > AT_ONCE_S and self._spent_s:
            peer = max(self._spent_s, key=self._spent_s.__getitem__)
            self.move_aside(peer, now_s)
            self._spent_s.clear()
            self._judged_s = self._work_s

    def mark_shared_empty(self) -> None:
        """Note that the shared socket is empty: peers with nothing in the shared queue go on with their own sockets."""
        for lane in self._lanes.values():
            lane.in_order = lane.in_order or lane.peer not in self._counts

    def charge(self, peer: Peer, spent_s: float, now_s: float) -> None:
        """Charge CPU time to ``peer``."""
        self._work_s += spent_s
        lane = self._lanes.get(peer)
        if lane is not None:
            lane.use.charge(spent_s, now_s)
        elif peer in self._spent_s or len(self._spent_s) < MAX_SHARED:
            self._spent_s[peer] += spent_s

    def has_room(self, peer: Peer) -> bool:
        """Whether ``peer`` has a lane or may have one."""
        return peer in self._lanes or len(self._lanes) < MAX_LANES

    def open(self, peer: Peer, now_s: float) -> Lane:
        """The lane of ``peer``, created where it has none; call `has_room` first."""
        return self._lanes.get(peer) or self._lanes.setdefault(peer, Lane(peer, now_s))

    def find_ready(self, now_s: float) -> Iterator[Lane]:
        """Yield the lanes that may be served, least recently served first."""
        for lane in self:
            if not lane.busy and lane.use.compute_debt_s(now_s) == 0.0:
                yield lane

    def mark_served(self, lane: Lane, now_s: float) -> None:
        """Move ``lane`` behind the others after it was served."""
        lane.last_s = now_s
        self._lanes[lane.peer] = self._lanes.pop(lane.peer)

    def compute_wait_s(self, now_s: float) -> float | None:
        """Seconds until a lane has to be served; None where none has. The caller watches their sockets."""
        waits = [
            lane.use.compute_debt_s(now_s)
            for lane in self._lanes.values()
            if not lane.busy and (lane.has_waiting or lane.use.compute_debt_s(now_s) > 0.0)
        ]
        return min(waits, default=None)

    def close_quiet(self, now_s: float) -> None:
        """Close the lanes of peers that are quiet again, or whose action has ended."""
        for lane in self:
            if not (lane.busy or lane.has_waiting) and (lane.socket is None or now_s - lane.last_s > QUIET_S):
                self._close(lane)

    def close(self) -> None:
        """Close all lanes."""
        for lane in self:
            self._close(lane)

    def _close(self, lane: Lane) -> None:
        del self._lanes[lane.peer]
        if lane.socket is not None:
            self.lost += count_dropped(lane.socket)
            lane.socket.close()


def open_beside(shared: socket.socket, peer: Peer) -> socket.socket | None:
    """Open a socket at the address of ``shared`` that receives only the datagrams of ``peer``; None except on Linux.

    Linux delivers a datagram to the best match, which is a connected socket. Other systems differ.
    """
    if not sys.platform.startswith("linux"):
        return None
    opened = socket.socket(shared.family, shared.type)
    try:
        opened.setblocking(False)
        if shared.family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        for one in (shared, opened):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(shared.getsockname())
        opened.connect(peer)
    except OSError:
        opened.close()
        return None
    finally:
        # no other process may bind the port
        for one in (shared, opened):
            with contextlib.suppress(OSError):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    return opened


def count_dropped(opened: socket.socket) -> int:
    """Datagrams that the system dropped because ``opened`` was full; 0 if unknown."""
    if not sys.platform.startswith("linux"):
        return 0
    try:
        words = opened.getsockopt(socket.SOL_SOCKET, _MEMINFO, 4 * _MEMINFO_WORDS)
    except OSError:
        return 0
    return int(struct.unpack(f"{len(words) // 4}I", words)[_DROPS]) if len(words) == 4 * _MEMINFO_WORDS else 0
