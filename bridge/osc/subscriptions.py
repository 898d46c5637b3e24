"""Subscriptions with rate limits: the latest value of each address is kept, and always delivered in the end.

Events are queued instead, each for itself; where a peer takes too few, the oldest are dropped and counted.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from typing import TypeAlias

from bridge.core.control import Value
from bridge.errors import ControlError
from bridge.osc.own_address import is_own_address
from bridge.osc.pattern import AddressPattern
from bridge.osc.wire import Peer, format_source

DEFAULT_HZ = 20.0
FASTEST_HZ = 200.0
SLOWEST_HZ = 0.1
LEASE_S = 60.0
"""A subscriber that does not renew within this time is removed: UDP does not report a dead peer."""
MAX_SUBSCRIBERS = 64
MAX_PATTERNS = 32
MAX_EVENTS = 1024
"""Events queued for one subscriber."""

Values: TypeAlias = tuple[Value, ...]
Due: TypeAlias = tuple[Peer, str, Values]
"""A peer, and the address and values that are due to it."""

_Key: TypeAlias = tuple[str, Value]
"""An address and, for a keyed reading, the row."""


@dataclass(slots=True)
class _Subscriber:
    peer: Peer
    target: Peer
    """Where its values go: the peer, or another port of its host."""
    source: str
    expires_s: float
    patterns: dict[str, tuple[Container[str], float]] = field(default_factory=dict)
    periods: dict[str, float | None] = field(default_factory=dict)
    sent_s: dict[_Key, float] = field(default_factory=dict)
    pending: dict[_Key, tuple[float, Values]] = field(default_factory=dict)
    events: deque[tuple[str, Values]] = field(default_factory=deque)
    dropped: Counter[str] = field(default_factory=Counter)
    """Events that were dropped and are not reported yet, by address."""

    def find_period_s(self, address: str) -> float | None:
        """The shortest interval between values of ``address``; None where no pattern covers it."""
        if address not in self.periods:
            fits = [period for covered, period in self.patterns.values() if address in covered]
            self.periods[address] = min(fits, default=None)
        return self.periods[address]


class _CoveredAddresses:
    """The set of addresses that ``pattern`` covers, evaluated on demand."""

    def __init__(self, pattern: AddressPattern) -> None:
        self._pattern = pattern

    def __contains__(self, address: object) -> bool:
        return isinstance(address, str) and self._pattern.covers(address)


class Subscriptions:
    """Subscribers and the values pending for them. Times in seconds of any monotonic clock.

    ``covered``: finds the addresses that a pattern covers. It is called once per subscription, as values change in
    threads that must not wait for pattern matching.
    """

    def __init__(self, covered: Callable[[AddressPattern], Container[str]] = _CoveredAddresses) -> None:
        self.own_port = 0
        """The port of the server, to which no values may go; 0 while there is none."""
        self._covered = covered
        self._subscribers: dict[Peer, _Subscriber] = {}

    def __len__(self) -> int:
        return len(self._subscribers)

    def subscribe(self, peer: Peer, pattern: str, max_hz: float, now_s: float, target: Peer = ()) -> None:
        """Subscribe ``peer`` to what ``pattern`` covers, and renew its lease. Values go to ``target`` where given."""
        if not SLOWEST_HZ <= max_hz <= FASTEST_HZ:
            raise ControlError(f"{max_hz:g} Hz is out of range", f"give {SLOWEST_HZ:g} to {FASTEST_HZ:g}")
        compiled = AddressPattern(pattern)
        self._expire(now_s)
        subscriber = self._subscribers.get(peer)
        if subscriber is None:
            self._make_room(peer)
            subscriber = self._subscribers[peer] = _Subscriber(peer, peer, format_source(peer), 0.0)
        if compiled.text not in subscriber.patterns and len(subscriber.patterns) >= MAX_PATTERNS:
            raise ControlError(
                f"{MAX_PATTERNS} patterns are subscribed already", "subscribe to a common parent address"
            )
        subscriber.patterns[compiled.text] = (self._covered(compiled), 1.0 / max_hz)
        subscriber.periods.clear()
        subscriber.target = target or peer
        subscriber.expires_s = now_s + LEASE_S

    def queue_present(self, peer: Peer, address: str, row: Value, values: Values, now_s: float) -> None:
        """Queue a present value for ``peer``, due at once; nothing where it is no subscriber."""
        if (subscriber := self._subscribers.get(peer)) is not None:
            subscriber.pending[address, row] = (now_s, values)

    def _make_room(self, peer: Peer) -> None:
        """Where the table is full, remove a subscriber of the host with most, if ``peer``'s host has clearly fewer."""
        if len(self._subscribers) < MAX_SUBSCRIBERS:
            return
        hosts = Counter(one[0] for one in self._subscribers)
        host, most = hosts.most_common(1)[0]
        if most <= hosts[peer[0]] + 1:
            raise ControlError(f"{MAX_SUBSCRIBERS} subscribers are connected already", "try again in a minute")
        theirs = [one for one in self._subscribers.values() if one.peer[0] == host]
        del self._subscribers[min(theirs, key=lambda one: one.expires_s).peer]

    def unsubscribe(self, peer: Peer, pattern: str) -> None:
        """End the subscription of ``peer`` to ``pattern``; an unknown one is no error."""
        subscriber = self._subscribers.get(peer)
        if subscriber is None:
            return
        subscriber.patterns.pop(AddressPattern(pattern).text, None)
        subscriber.periods.clear()
        if not subscriber.patterns:
            del self._subscribers[peer]
            return
        for key in [key for key in subscriber.pending if subscriber.find_period_s(key[0]) is None]:
            del subscriber.pending[key]
        subscriber.events = deque(
            event for event in subscriber.events if subscriber.find_period_s(event[0]) is not None
        )

    def offer(self, address: str, row: Value, values: Values, source: str, now_s: float, peaks: bool = False) -> bool:
        """Queue a changed value for its subscribers, except its source; True where any subscriber waits for it.

        ``peaks``: of what waits already and ``values``, the maximum of each value behind the first goes out.
        """
        waits = False
        key = (address, row)
        for subscriber in self._subscribers.values():
            if subscriber.source == source:
                subscriber.pending.pop(key, None)
                continue
            period_s = subscriber.find_period_s(address)
            if period_s is None:
                continue
            due_s = max(now_s, subscriber.sent_s.get(key, now_s - period_s) + period_s)
            waiting = subscriber.pending.get(key)
            if peaks and waiting is not None and len(waiting[1]) == len(values):
                levels = zip(waiting[1][1:], values[1:], strict=True)
                subscriber.pending[key] = (due_s, (values[0], *(max(pair, key=float) for pair in levels)))
            else:
                subscriber.pending[key] = (due_s, values)
            waits = True
        return waits

    def offer_event(self, address: str, values: Values) -> bool:
        """Queue an event for its subscribers; True where any subscriber waits for it."""
        waits = False
        for subscriber in self._subscribers.values():
            if subscriber.find_period_s(address) is None:
                continue
            if len(subscriber.events) >= MAX_EVENTS:
                subscriber.dropped[subscriber.events.popleft()[0]] += 1
            subscriber.events.append((address, values))
            waits = True
        return waits

    def list_peers(self) -> list[Peer]:
        """Where the values of all subscribers go."""
        return [subscriber.target for subscriber in self._subscribers.values()]

    def pop_due(self, now_s: float, most: int | None = None) -> list[Due]:
        """Pop the values due at ``now_s``: peer, address, values; at most ``most``, the rest stays due.

        Where events of an address were dropped, ``/dropped address count`` comes before those that are left.

        A served subscriber moves behind those that still wait, so that none starves.
        """
        self._expire(now_s)
        ready: list[Due] = []
        for subscriber in list(self._subscribers.values()):
            had_events = _pop_events(subscriber, ready, most)
            keys = [key for key, (due_s, _) in subscriber.pending.items() if due_s <= now_s]
            for key in keys[: None if most is None else most - len(ready)]:
                _, values = subscriber.pending.pop(key)
                subscriber.sent_s[key] = now_s
                ready.append((subscriber.target, key[0], values))
            if keys or had_events:
                self._subscribers[subscriber.peer] = self._subscribers.pop(subscriber.peer)
            if most is not None and len(ready) >= most:
                break
        return ready

    def find_next_due_s(self) -> float | None:
        """The time at which the next value is due; None where none is pending."""
        if any(one.events for one in self._subscribers.values()):
            return float("-inf")
        times = [due_s for one in self._subscribers.values() for due_s, _ in one.pending.values()]
        return min(times, default=None)

    def _expire(self, now_s: float) -> None:
        for peer in [peer for peer, one in self._subscribers.items() if one.expires_s <= now_s]:
            del self._subscribers[peer]


def find_target(peer: Peer, port: object, own_port: int) -> Peer:
    """The address of another port of the peer's host, for clients that do not receive where they send from.

    Raises:
        ControlError: ``port`` is no port number, or it is ``own_port`` of this machine: a loop.
    """
    if isinstance(port, bool) or not isinstance(port, int | float) or port != int(port) or not 0 < port < 65536:
        raise ControlError("the port of /subscribe is wrong", "give the port that you receive on, 1 to 65535")
    if port == own_port and is_own_address(str(peer[0]).partition("%")[0]):
        raise ControlError("this port is Sideman's own", "give the port that you receive on")
    return (peer[0], int(port), *peer[2:])


def _pop_events(subscriber: _Subscriber, ready: list[Due], most: int | None) -> bool:
    """Move the subscriber's events to ``ready``, which then has at most ``most``; False where there was none."""
    had_events = bool(subscriber.events)
    for address, count in subscriber.dropped.items():
        ready.append((subscriber.target, "/dropped", (address, count)))
    subscriber.dropped.clear()
    while subscriber.events and (most is None or len(ready) < most):
        ready.append((subscriber.target, *subscriber.events.popleft()))
    return had_events
