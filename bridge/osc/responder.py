"""Datagram responder: decodes and executes the datagrams of a peer, and sends the replies. Independent of sockets.

Files are read and written in a thread of their own, since a disk may be slow. Only later messages of the same peer wait
for it.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from types import TracebackType
from typing import TypeAlias

from bridge.control.bus import Bus
from bridge.errors import BridgeError
from bridge.osc import guard
from bridge.osc.access import Access, Verdict
from bridge.osc.dispatch import IGNORED, Dispatch, make_error_reply, make_refusal
from bridge.osc.lanes import Lane, Lanes
from bridge.osc.limits import Budget, RateLimit, RateLimits
from bridge.osc.wire import Args, Message, Peer, decode, encode, pack_bundles

log = logging.getLogger(__name__)

_Running: TypeAlias = "Future[list[Message]]"

LONG_ANSWER = 32
"""Replies to one message that are sent one by one; more come in bundles. Linux counts each datagram as 768 bytes at
least, and the usual receive buffer has 212,992: 277 single messages fill it."""
ERRORS_EACH = (10.0, 20)
ERRORS_OVERALL = (50.0, 100)
"""Rate limits of error replies, per second and at once, to one peer and to all: sender addresses can be forged."""
HINTS = (2.0, 3)
"""Rate limit of errors with similar names, per second and at once: the search takes milliseconds."""
FILES_EACH = (5.0, 10)
"""Rate limit of file actions of one peer, per second and at once: each may be written through to the disk."""
PATIENCE_S, PATIENCE = 0.01, (10.0, 20)
"""How long the server waits for such an action, as most are done by then; how often per second and at once."""


class Responder:
    """Executes and answers datagrams for ``bus`` while the context is open. ``counts``: their outcomes.

    ``lanes``: queues for the messages behind a running action. ``send``: sends a datagram to a peer. ``clock``: in
    seconds. ``wake``: called in the file thread when an action is done, before `finish`. ``between``: called between
    the messages of a datagram, which together may take long.
    """

    def __init__(
        self,
        bus: Bus,
        access: Access,
        lanes: Lanes,
        send: Callable[[bytes, Peer], object],
        clock: Callable[[], float],
        wake: Callable[[], object],
        between: Callable[[], object],
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.lock = threading.Lock()
        """Guards the subscriptions: the Bus offers values from any thread."""
        self._dispatch = Dispatch(bus)
        self.subscriptions = self._dispatch.subscriptions
        self._access, self._lanes, self._clock = access, lanes, clock
        self._send_datagram, self._wake, self._between = send, wake, between
        self._errors = RateLimits(ERRORS_EACH, ERRORS_OVERALL)
        self._hints = RateLimit(*HINTS)
        self._files_of, self._patience = RateLimits(FILES_EACH, None), RateLimit(*PATIENCE)
        self._logged: set[str] = set()
        self._done: deque[tuple[Lane, Sequence[Message]]] = deque()
        self._files: ThreadPoolExecutor

    def __enter__(self) -> Responder:
        self._files = ThreadPoolExecutor(1, "osc-files")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._files.shutdown(cancel_futures=True)

    def process(self, datagram: bytes, peer: Peer) -> None:
        """Execute the messages of ``datagram`` and send the replies."""
        try:
            messages = [decode(message) for message in guard.split_messages(datagram)]
        except guard.GuardError as error:
            self.counts["malformed"] += 1
            self.report("malformed", f"OSC: a malformed datagram from {peer[0]}:{peer[1]}: {error}")
            self.send(peer, *make_error_reply("", error.message, error.hint))
            return
        self.carry_out(messages, peer)

    def carry_out(self, messages: Sequence[Message], peer: Peer) -> None:
        """Execute the messages of one datagram; those behind a running file action wait in a lane."""
        hints = int(self._errors.is_available(peer, self._clock()) and self._hints.is_available(self._clock()))
        budget = Budget(hints=hints)
        for number, (address, args) in enumerate(messages):
            if number:
                self._between()
            if self._access.is_authenticated(peer) and self._dispatch.is_slow(address, args):
                replies = self._use_file(address, args, peer, budget)
            else:
                replies = self._handle(address, args, peer, budget)
            if isinstance(replies, Future):
                lane = self._lanes.open(peer, self._clock())
                lane.busy, lane.rest = True, [*messages[number + 1 :]]
                replies.add_done_callback(partial(self._on_file_done, lane))
                break
            self.send_answer(peer, replies)
        if budget.refused:
            self.counts["excess"] += budget.refused
            self.report("excess", f"OSC: a datagram from {peer[0]}:{peer[1]} exceeds its work limit")
        self._hints.charge(hints - budget.hints, self._clock())

    def _use_file(self, address: str, args: Args, peer: Peer, budget: Budget) -> Sequence[Message] | _Running:
        """Run a file action; returns its replies, or the future where it is not done yet."""
        now_s = self._clock()
        if not (self._lanes.has_room(peer) and self._files_of.try_acquire(peer, now_s)):
            self.counts["excess"] += 1
            return [make_refusal(address, args, "too many slow actions at once", "try again in some seconds")]
        running = self._files.submit(self._dispatch.handle, address, args, peer, now_s, budget)
        if self._patience.try_acquire(now_s):
            wait([running], PATIENCE_S)
        return running.result() if running.done() else running

    def _on_file_done(self, lane: Lane, running: _Running) -> None:
        self._done.append((lane, () if running.cancelled() else running.result()))
        self._wake()

    def finish(self) -> None:
        """Send the replies of finished actions, and release the messages behind them."""
        while self._done:
            lane, replies = self._done.popleft()
            lane.busy = False
            self.send_answer(lane.peer, replies)

    def _handle(self, address: str, args: Args, peer: Peer, budget: Budget) -> Sequence[Message]:
        now_s = self._clock()
        if address == "/auth":
            return self._authenticate(args, peer, now_s)
        if not self._access.is_authenticated(peer):
            self.counts["refused"] += 1
            if address in IGNORED:
                return ()
            return [make_error_reply(address, "the token is missing", "send /auth TOKEN first")]
        # the Bus may offer a value in this thread, so the lock is acquired for subscription commands only
        if address in {"/subscribe", "/unsubscribe"}:
            with self.lock:
                return self._dispatch.handle(address, args, peer, now_s, budget)
        return self._dispatch.handle(address, args, peer, now_s, budget)

    def _authenticate(self, args: Args, peer: Peer, now_s: float) -> Sequence[Message]:
        verdict = self._access.authenticate(peer, args[0] if len(args) == 1 else None, now_s)
        if verdict:
            return [("/auth", (1,))]
        self.counts["refused"] += 1
        if verdict is Verdict.TOO_MANY:
            return [make_error_reply("/auth", "too many tries", "wait some seconds, then send /auth TOKEN once")]
        return [make_error_reply("/auth", "the token is wrong", "see [lan] token in sideman.toml")]

    def send(self, peer: Peer, address: str, args: Args) -> None:
        """Send one message; errors are rate-limited."""
        if address == "/error" and not self._errors.try_acquire(peer, self._clock()):
            self.counts["unanswered"] += 1
            return
        try:
            self._send_datagram(encode(address, args), peer)
        except (OSError, BridgeError) as error:
            self._count_unsent(peer, error)

    def send_answer(self, peer: Peer, replies: Sequence[Message]) -> None:
        """Send the replies to one message; more than LONG_ANSWER of them in bundles."""
        if len(replies) <= LONG_ANSWER:
            for address, args in replies:
                self.send(peer, address, args)
            return
        for datagram in pack_bundles(self._encode_all(peer, replies)):
            try:
                self._send_datagram(datagram, peer)
            except OSError as error:
                self._count_unsent(peer, error)

    def _encode_all(self, peer: Peer, replies: Sequence[Message]) -> Iterator[bytes]:
        """Encode ``replies``, without those that cannot be sent."""
        for address, args in replies:
            try:
                yield encode(address, args)
            except BridgeError as error:
                self._count_unsent(peer, error)

    def _count_unsent(self, peer: Peer, error: Exception) -> None:
        self.counts["unsent"] += 1
        self.report(f"send {type(error).__name__}", f"OSC: cannot answer {peer[0]}:{peer[1]}: {error}")

    def send_published(self, peer: Peer, address: str, values: Args) -> None:
        """Send what was published to a subscriber; a row of one value alone is one that has gone."""
        reading = self._dispatch.find_reading(address)
        if reading is not None and reading.keyed and len(values) == 1:
            self.send(peer, "/gone", (address, *values))
        else:
            self.send(peer, address, values)

    def report(self, kind: str, message: str) -> None:
        """Log a warning once per kind; the counts have the totals."""
        if self.is_first(kind):
            log.warning("%s", message)

    def is_first(self, kind: str) -> bool:
        """Whether ``kind`` is reported for the first time."""
        if kind in self._logged:
            return False
        self._logged.add(kind)
        return True
