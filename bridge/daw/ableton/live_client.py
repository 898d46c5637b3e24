"""Live client: queries to AbletonOSC matched with their replies, repeated, and sent at a pace that it can take.

No socket and no clock: datagrams and the time are arguments. One query for each address and object is under way at a
time, because a reply does not repeat what else was asked (a range of notes, for instance).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from bridge.daw.ableton.live_protocol import (
    FAILURE,
    STARTUP,
    TICK_S,
    LiveError,
    LiveRefusedError,
    LiveRestartError,
    QueryKey,
    count_ids,
    find_unknown_address,
    make_datagram,
    make_key,
    read_datagram,
)
from bridge.osc.guard import GuardError
from bridge.osc.wire import Args, Message

ATTEMPTS = 8
"""Tries of a query: with 10 % of the round trips lost, one of 100 million queries fails."""
WAIT_TICKS, LONGEST_WAIT_TICKS = 3.5, 20.0
"""Ticks until a query is repeated the first time (a round trip takes up to one, and Live may miss two), and at most:
the wait is doubled each time."""
TICK_DATAGRAMS, TICK_BYTES = 8, 32_768
"""Largest amount sent in a tick: half of the 64 KiB that a socket's buffer has on Windows, in case Live misses one."""
DOUBLED_TICKS = 5.0
"""Ticks within which a second start of AbletonOSC is the same one, whose message came twice."""
MOST_ROUND_TRIPS = 64
"""Round trips that are kept, to know how long a command takes to arrive."""


@dataclass(frozen=True, slots=True)
class LiveReply:
    """The reply to a query: its values without the object's numbers, and when it was asked and received, in seconds."""

    values: Args
    sent_s: float
    received_s: float


def accept_all(_values: Args) -> bool:
    """Accept any values."""
    return True


@dataclass(frozen=True, slots=True)
class LiveQuery:
    """Messages that are sent in one datagram, and the reply that is awaited.

    Attributes:
        messages: In the order in which Live processes them; the whole may arrive twice or be repeated.
        address: Of the reply.
        ids: Numbers of the object that the reply is about.
        least: Values that the reply has at least: one without any is no answer to some questions.
        accepts: Whether values are those that are awaited; others are passed over.
        attempts: How often the messages are sent.
        is_refusable: Whether it ends, instead of being repeated, where AbletonOSC has sent an error meanwhile.
    """

    messages: tuple[Message, ...]
    address: str
    ids: tuple[int, ...] = ()
    least: int = 0
    accepts: Callable[[Args], bool] = accept_all
    attempts: int = ATTEMPTS
    is_refusable: bool = False


Outcome: TypeAlias = LiveReply | LiveError


def ask(address: str, *ids: int, least: int = 1, attempts: int = ATTEMPTS) -> LiveQuery:
    """A query for one value, or a list with ``least`` 0."""
    return LiveQuery(((address, ids),), address, ids, least, attempts=attempts)


def ask_until(address: str, *ids: int, value: object, attempts: int = ATTEMPTS) -> LiveQuery:
    """A query that is repeated until the answer is ``value``."""
    return LiveQuery(((address, ids),), address, ids, 1, lambda values: is_same(values[0], value), attempts)


def set_value(kind: str, name: str, value: object, *ids: int, attempts: int = ATTEMPTS) -> LiveQuery:
    """Set a property, and read it back in the same datagram; repeated until it has ``value``."""
    read = f"/live/{kind}/get/{name}"
    messages = ((f"/live/{kind}/set/{name}", (*ids, value)), (read, ids))
    return LiveQuery(messages, read, ids, 1, lambda values: is_same(values[0], value), attempts)


def is_same(found: object, wanted: object) -> bool:
    """Whether a value is the wanted one: numbers have 32 bits on the wire."""
    if isinstance(found, int | float) and isinstance(wanted, int | float):
        return abs(float(found) - float(wanted)) <= 1e-6 * max(abs(float(wanted)), 1.0)
    return found == wanted


@dataclass(slots=True)
class _Pending:
    query: LiveQuery
    done: Callable[[Outcome], object]
    tries: int = 0
    errors: int = 0
    sent_s: float = 0.0
    due_s: float = 0.0


class LiveClient:
    """Queries under way and messages to send. Not thread-safe; callbacks run inside its methods."""

    def __init__(self, tick_s: float = TICK_S) -> None:
        self.tick_s = tick_s
        self.restarts = 0
        self.last_reply_s = float("-inf")
        self.last_error = ""
        self._errors = 0
        """Errors that AbletonOSC has sent; which message each is about it does not say."""
        self.malformed = 0
        self._queries: dict[QueryKey, deque[_Pending]] = {}
        self._posts: deque[bytes] = deque()
        self._round_trips_s: deque[float] = deque(maxlen=MOST_ROUND_TRIPS)
        self._restarted_s = float("-inf")
        self._window_s = float("-inf")
        self._window_datagrams = self._window_bytes = 0
        self._is_full = False
        """Whether something waits for the next tick because this one has no room."""

    @property
    def round_trip_s(self) -> float:
        """The longest of the last round trips; two ticks while none is known."""
        return max(self._round_trips_s, default=2.0 * self.tick_s)

    @property
    def is_busy(self) -> bool:
        """Whether a query is under way."""
        return bool(self._queries)

    def start(self, query: LiveQuery, done: Callable[[Outcome], object]) -> None:
        """Send ``query`` at the next `update`; ``done`` gets its reply, or the error that ended it."""
        self._queries.setdefault((query.address, query.ids), deque()).append(_Pending(query, done))

    def post(self, *messages: Message) -> None:
        """Send messages, in one datagram, that have no reply."""
        self._posts.append(make_datagram(messages))

    def update(self, now_s: float) -> list[bytes]:
        """The datagrams to send now. Queries that were tried often enough end."""
        if now_s - self._window_s >= self.tick_s:
            self._window_s, self._window_datagrams, self._window_bytes = now_s, 0, 0
        self._is_full = False
        sent: list[bytes] = []
        while self._posts and self._has_room(len(self._posts[0])):
            sent.append(self._take(self._posts.popleft()))
        for key in list(self._queries):
            self._update_query(key, now_s, sent)
        return sent

    def flush(self) -> list[bytes]:
        """The messages without a reply that wait, at once: nothing follows them."""
        left = list(self._posts)
        self._posts.clear()
        return left

    def find_due_s(self, now_s: float) -> float:
        """The time of the next `update` that may send something."""
        window_s = self._window_s + self.tick_s
        dues = [pending[0].due_s for pending in self._queries.values()]
        if self._posts:
            dues.append(now_s)
        soonest_s = min(dues, default=float("inf"))
        return max(soonest_s, window_s if self._is_full else now_s)

    def receive(self, datagram: bytes, now_s: float) -> list[tuple[Message, bool]]:
        """Take a datagram from Live; returns its messages, and whether each was the reply to a query."""
        try:
            messages = read_datagram(datagram)
        except (GuardError, ValueError):
            self.malformed += 1
            return []
        return [(message, self._match(message, now_s)) for message in messages]

    def end_all(self, error: LiveError) -> None:
        """End all queries with ``error``."""
        queries, self._queries = self._queries, {}
        for waiting in queries.values():
            for pending in waiting:
                pending.done(error)

    def _update_query(self, key: QueryKey, now_s: float, sent: list[bytes]) -> None:
        while (waiting := self._queries.get(key)) and waiting[0].due_s <= now_s:
            first = waiting[0]
            if first.query.is_refusable and first.tries and self._errors > first.errors:
                self._finish(key, LiveRefusedError(f"AbletonOSC: {self.last_error}", "is the track still there?"))
                continue
            if first.tries < first.query.attempts:
                datagram = make_datagram(first.query.messages)
                if self._has_room(len(datagram)):
                    sent.append(self._take(datagram))
                    wait = min(WAIT_TICKS * 2**first.tries, LONGEST_WAIT_TICKS)
                    first.errors = first.errors if first.tries else self._errors
                    first.tries, first.sent_s, first.due_s = first.tries + 1, now_s, now_s + wait * self.tick_s
                return
            self._finish(key, self._make_timeout(first))

    def _has_room(self, size: int) -> bool:
        fits = self._window_bytes + size <= TICK_BYTES or not self._window_datagrams
        has_room = fits and self._window_datagrams < TICK_DATAGRAMS
        self._is_full |= not has_room
        return has_room

    def _take(self, datagram: bytes) -> bytes:
        self._window_datagrams += 1
        self._window_bytes += len(datagram)
        return datagram

    def _make_timeout(self, pending: _Pending) -> LiveError:
        query = pending.query
        what = f"Live does not answer {query.address}, or not as awaited, after {query.attempts} tries"
        if self._errors == pending.errors:
            return LiveError(what, "is Live running, with AbletonOSC as a control surface?")
        said = f"{what}; AbletonOSC meanwhile: {self.last_error}"
        return LiveError(said, "is the track, scene or clip still there?")

    def _finish(self, key: QueryKey, outcome: Outcome) -> None:
        waiting = self._queries[key]
        pending = waiting.popleft()
        if not waiting:
            del self._queries[key]
        pending.done(outcome)

    def _match(self, message: Message, now_s: float) -> bool:
        address, args = message
        if address == STARTUP:
            self._restart(now_s)
            return False
        if address == FAILURE:
            self._take_error(args[0] if args else "")
            return False
        key = make_key(address, args)
        waiting = None if key is None else self._queries.get(key)
        if key is None or not waiting or not waiting[0].tries:
            return False
        first, values = waiting[0], args[count_ids(address) :]
        if len(values) < first.query.least or not first.query.accepts(values):
            return False
        if first.tries == 1:
            self._round_trips_s.append(now_s - first.sent_s)
        self.last_reply_s = now_s  # by a reply alone: anybody could send something else to this port
        self._finish(key, LiveReply(values, first.sent_s, now_s))
        return True

    def _restart(self, now_s: float) -> None:
        if now_s - self._restarted_s < DOUBLED_TICKS * self.tick_s:
            return
        self._restarted_s = now_s
        self.restarts += 1
        self.last_error = ""
        self.end_all(LiveRestartError("AbletonOSC was started again", "try it again"))

    def _take_error(self, text: object) -> None:
        self.last_error = str(text)[:200]
        self._errors += 1
        address = find_unknown_address(text)
        error = LiveError(f"this AbletonOSC has no {address}", "install its present version")
        for key, waiting in list(self._queries.items()):
            first = waiting[0]
            if first.tries and any(address == one for one, _ in first.query.messages):
                self._finish(key, error)
