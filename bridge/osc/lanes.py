"""Lanes: what came in and waits, in order, and queues apart for peers that ask for more than their share.

All peers share the server's socket, and what the system keeps for it is soon full: whoever sends fastest would fill it,
and the others' datagrams would be lost. So it is emptied before each piece of work. A peer of which too much waits, or
whose work others had to wait for too long, is moved to a socket of its own, bound to the same port and connected to
that peer, where the system can do that. It is read for a share of the time only, and what the peer sends beyond that,
the system drops, at no cost to us.

Where more peers do so than there are lanes, as where one sends from a port after another, newcomers are passed over for
a second: who was here before is served.

A lane without a socket keeps what a peer sends while an action of that peer reads or writes a file.
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
from bridge.osc.limits import Allowance, Recent
from bridge.osc.wire import Message, Peer

SHARE, AT_ONCE_S = 0.5, 0.03
"""Processor time that a peer may take: seconds a second in a lane, and seconds while a datagram waits behind it. It
is not a clock's time: on a busy machine all wait for long, and for nobody's fault."""
MAX_LANES = 16
MAX_WAITING, MAX_WAITING_BYTES = 1024, 1 << 18
"""What may wait in a lane: datagrams and bytes."""
MAX_DROPPED = 4096
"""Datagrams dropped at a lane without a socket before it gets one."""
MAX_OF_PEER, MAX_OF_PEER_BYTES = 256, 96 << 10
"""Of one peer, what may wait among the others' before it gets a lane."""
MAX_SHARED = 512
"""Datagrams of all peers without a lane that may wait."""
CROWDED_S = 1.0
"""How long newcomers are passed over where there are too many peers, and how long one is a newcomer."""
MAX_SEEN = 1024
"""Peers remembered as having been here."""
QUIET_S = 5.0
"""A lane that had nothing for so long is closed."""
LARGEST_DATAGRAM = MAX_BYTES + 4
"""Bytes that are taken of one: enough to see that it is too long."""

_MEMINFO, _MEMINFO_WORDS, _DROPS = 55, 9, 8  # SO_MEMINFO and SK_MEMINFO_DROPS of Linux


@dataclass(slots=True)
class Lane:
    """One peer's queue. ``rest``: what is left of a datagram while an action in it runs (``busy``).

    ``socket``: of its own, None where it has none. ``was_waiting``: whether what was taken last had come in by the
    socket that all share.
    """

    peer: Peer
    last_s: float
    socket: socket.socket | None = None
    use: Allowance = field(default_factory=lambda: Allowance(SHARE, AT_ONCE_S))
    waiting: deque[bytes] = field(default_factory=deque)
    size: int = 0
    dropped: int = 0
    rest: list[Message] = field(default_factory=list)
    busy: bool = False
    was_waiting: bool = False
    in_order: bool = False
    """Whether nothing older can lie in the socket that all share."""

    @property
    def holds(self) -> bool:
        """Whether something waits here, not in its socket."""
        return bool(self.waiting or self.rest)

    @property
    def is_full(self) -> bool:
        """Whether no more may wait here."""
        return len(self.waiting) >= MAX_WAITING or self.size >= MAX_WAITING_BYTES

    def take(self) -> tuple[bytes, Peer] | None:
        """The next datagram and its sender; None where there is none."""
        self.was_waiting = bool(self.waiting)
        if self.waiting:
            datagram = self.waiting.popleft()
            self.size -= len(datagram)
            return datagram, self.peer
        if self.socket is None or not self.in_order:
            return None
        try:
            datagram, peer = self.socket.recvfrom(LARGEST_DATAGRAM)
        except OSError:  # nothing there, or an earlier reply found nobody
            return None
        return datagram, peer


class Lanes:
    """What waits at one server, and what each peer has used. Times in seconds of any monotonic clock.

    ``open_socket``: a socket for one peer's datagrams alone, None where there is no such thing.
    """

    def __init__(self, open_socket: Callable[[Peer], socket.socket | None]) -> None:
        self._open_socket = open_socket
        self._lanes: dict[Peer, Lane] = {}
        self._shared: deque[tuple[bytes, Peer, float]] = deque()
        """A datagram, its sender, and the work that was done before it came."""
        self._counts: Counter[Peer] = Counter()
        self._sizes: Counter[Peer] = Counter()
        self._work_s = self._judged_s = 0.0
        self._spent_s: defaultdict[Peer, float] = defaultdict(float)
        """Processor time that each peer without a lane took since others waited."""
        self._seen: Recent[Peer, float] = Recent(MAX_SEEN)
        """When each peer that is not among too many was first here."""
        self._crowded_until_s = float("-inf")
        self.dropped = 0
        """Datagrams that found no room here."""
        self.lost = 0
        """Datagrams that the system dropped at lanes that are closed."""

    def __iter__(self) -> Iterator[Lane]:
        return iter(tuple(self._lanes.values()))

    def __len__(self) -> int:
        return len(self._lanes)

    @property
    def holds(self) -> bool:
        """Whether something waits that came in by the socket that all share."""
        return bool(self._shared)

    def put(self, datagram: bytes, peer: Peer, now_s: float) -> None:
        """Keep what came in by the socket that all share."""
        if self._passes_over(peer, now_s):
            self.dropped += 1
            return
        if peer not in self._lanes and self._sends_too_much(peer):
            self.move_aside(peer, now_s)
        if peer in self._lanes:
            self._put_aside(datagram, peer, now_s)
        elif len(self._shared) >= MAX_SHARED or self._sends_too_much(peer):
            self.dropped += 1
            self._crowded_until_s = now_s + CROWDED_S
        else:
            self._shared.append((datagram, peer, self._work_s))
            self._counts[peer] += 1
            self._sizes[peer] += len(datagram)

    def _passes_over(self, peer: Peer, now_s: float) -> bool:
        """Whether ``peer`` is a newcomer at a time of too many."""
        since_s, crowded = self._seen.use(peer), now_s < self._crowded_until_s
        if since_s is None and not crowded:
            since_s = self._seen.keep(peer, now_s)
        return crowded and (since_s is None or now_s - since_s < CROWDED_S) and peer not in self._lanes

    def _sends_too_much(self, peer: Peer) -> bool:
        return self._counts[peer] >= MAX_OF_PEER or self._sizes[peer] >= MAX_OF_PEER_BYTES

    def _put_aside(self, datagram: bytes, peer: Peer, now_s: float) -> None:
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

    def take(self, now_s: float) -> tuple[bytes, Peer] | None:
        """The next datagram of a peer without a lane, and its sender; None where none waits."""
        while self._shared:
            datagram, peer, before_s = self._shared.popleft()
            self._counts[peer] -= 1
            self._sizes[peer] -= len(datagram)
            if not self._counts[peer]:
                del self._counts[peer], self._sizes[peer]
            self._judge(self._work_s - max(before_s, self._judged_s), now_s)
            if peer not in self._lanes:
                return datagram, peer
            self._put_aside(datagram, peer, now_s)
        return None

    def _judge(self, waited_s: float, now_s: float) -> None:
        """Where a datagram waited for too much work, move the peer that most of it was for."""
        if waited_s <= AT_ONCE_S / 2:
            self._spent_s.clear()
        elif waited_s > AT_ONCE_S and self._spent_s:
            peer = max(self._spent_s, key=self._spent_s.__getitem__)
            self.move_aside(peer, now_s)
            self._spent_s.clear()
            self._judged_s = self._work_s

    def rest(self) -> None:
        """The socket that all share is empty: what is in those of the lanes is next for peers who have nothing here."""
        for lane in self._lanes.values():
            lane.in_order = lane.in_order or lane.peer not in self._counts

    def charge(self, peer: Peer, spent_s: float, now_s: float) -> None:
        """Count processor time that went into what ``peer`` sent."""
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
        """The lane of ``peer``, made where it has none; ask `has_room` first."""
        return self._lanes.get(peer) or self._lanes.setdefault(peer, Lane(peer, now_s))

    def ready(self, now_s: float) -> Iterator[Lane]:
        """The lanes that may be served, the one served last at the end."""
        for lane in self:
            if not lane.busy and lane.use.debt_s(now_s) == 0.0:
                yield lane

    def served(self, lane: Lane, now_s: float) -> None:
        """``lane`` was served: the others come first now."""
        lane.last_s = now_s
        self._lanes[lane.peer] = self._lanes.pop(lane.peer)

    def wait_s(self, now_s: float) -> float | None:
        """Seconds until a lane is to be looked at again; None where none is. Their sockets are for others to watch."""
        waits = [
            lane.use.debt_s(now_s)
            for lane in self._lanes.values()
            if not lane.busy and (lane.holds or lane.use.debt_s(now_s) > 0.0)
        ]
        return min(waits, default=None)

    def close_quiet(self, now_s: float) -> None:
        """Close the lanes whose peers have gone back to less than their share, or whose action has ended."""
        for lane in self:
            if not (lane.busy or lane.holds) and (lane.socket is None or now_s - lane.last_s > QUIET_S):
                self._close(lane)

    def close(self) -> None:
        """Close all lanes."""
        for lane in self:
            self._close(lane)

    def _close(self, lane: Lane) -> None:
        del self._lanes[lane.peer]
        if lane.socket is not None:
            self.lost += dropped_at(lane.socket)
            lane.socket.close()


def open_beside(shared: socket.socket, peer: Peer) -> socket.socket | None:
    """A socket at the address of ``shared`` that gets the datagrams of ``peer`` and no others; None without Linux.

    Linux gives a datagram to the socket that fits best, and one that is connected fits better. Other systems differ.
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
        # nobody else may bind the port
        for one in (shared, opened):
            with contextlib.suppress(OSError):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    return opened


def dropped_at(opened: socket.socket) -> int:
    """Datagrams that the system dropped because ``opened`` was full; 0 where it does not say."""
    if not sys.platform.startswith("linux"):
        return 0
    try:
        words = opened.getsockopt(socket.SOL_SOCKET, _MEMINFO, 4 * _MEMINFO_WORDS)
    except OSError:
        return 0
    return int(struct.unpack(f"{len(words) // 4}I", words)[_DROPS]) if len(words) == 4 * _MEMINFO_WORDS else 0
