"""Datagram responder: from what one peer sent to what is done and answered. Knows no socket.

Files are read and written in a thread of their own, since a disk may take its time: what the same peer sent behind such
an action waits for it, and nobody else does.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from types import TracebackType
from typing import TypeAlias

from bridge.control.bus import Bus
from bridge.errors import BridgeError
from bridge.osc import guard
from bridge.osc.access import Access, Verdict
from bridge.osc.dispatch import IGNORED, Dispatch, error_reply
from bridge.osc.lanes import Lane, Lanes
from bridge.osc.limits import Allowance, Allowances, Budget
from bridge.osc.wire import Args, Message, Peer, decode, encode

log = logging.getLogger(__name__)

_Running: TypeAlias = "Future[list[Message]]"

ERRORS_EACH = (10.0, 20)
ERRORS_OVERALL = (50.0, 100)
"""Errors a second and at once, to one peer and to all: a sender's name can be forged, a flood must not be ours."""
HINTS = (2.0, 3)
"""Errors with names like the one that was meant, a second and at once: looking for those takes milliseconds."""
FILES_EACH = (5.0, 10)
"""Actions with a file a second and at once, of one peer: each may be written through to the disk."""
PATIENCE_S, PATIENCE = 0.01, (10.0, 20)
"""How long all wait for such an action, since most are through by then, and how often a second and at once."""


class Responder:
    """Answers for ``bus`` while the context is open. ``counts`` tells what became of what came in.

    ``lanes``: where what a peer sent waits for an action of its own. ``send``: takes a datagram to a peer.
    ``clock``: seconds. ``wake``: called in the thread that carried an action out; then `finish` has something to do.
    ``between``: called between the messages of a datagram, which together may take long.
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
        """Over the subscriptions: the Bus offers values from any thread."""
        self._dispatch = Dispatch(bus)
        self.subscriptions = self._dispatch.subscriptions
        self._access, self._lanes, self._clock = access, lanes, clock
        self._sends, self._wake, self._between = send, wake, between
        self._errors = Allowances(ERRORS_EACH, ERRORS_OVERALL)
        self._hints = Allowance(*HINTS)
        self._files_of, self._patience = Allowances(FILES_EACH, None), Allowance(*PATIENCE)
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

    def take(self, datagram: bytes, peer: Peer) -> None:
        """Do what ``datagram`` says, and send what is to be answered."""
        try:
            messages = [decode(message) for message in guard.messages(datagram)]
        except guard.GuardError as error:
            self.counts["malformed"] += 1
            self.report("malformed", f"OSC: a malformed datagram from {peer[0]}:{peer[1]}: {error}")
            self.send(peer, *error_reply("", error.message, error.hint))
            return
        self.carry_out(messages, peer)

    def carry_out(self, messages: Sequence[Message], peer: Peer) -> None:
        """Do what the messages of one datagram say; behind an action with a file the rest of them waits in a lane."""
        hints = int(self._errors.grants(peer, self._clock()) and self._hints.grants(self._clock()))
        budget = Budget(hints=hints)
        for number, (address, args) in enumerate(messages):
            if number:
                self._between()
            if self._access.knows(peer) and self._dispatch.takes_long(address):
                replies = self._use_file(address, args, peer, budget)
            else:
                replies = self._replies(address, args, peer, budget)
            if isinstance(replies, Future):
                lane = self._lanes.open(peer, self._clock())
                lane.busy, lane.rest = True, [*messages[number + 1 :]]
                replies.add_done_callback(partial(self._ended, lane))
                break
            for reply, values in replies:
                self.send(peer, reply, values)
        if budget.refused:
            self.counts["excess"] += budget.refused
            self.report("excess", f"OSC: a datagram from {peer[0]}:{peer[1]} asks for more than one may")
        self._hints.charge(hints - budget.hints, self._clock())

    def _use_file(self, address: str, args: Args, peer: Peer, budget: Budget) -> Sequence[Message] | _Running:
        """The replies to an action with a file, or the action while it takes its time."""
        now_s = self._clock()
        if not (self._lanes.has_room(peer) and self._files_of.take(peer, now_s)):
            self.counts["excess"] += 1
            return [error_reply(address, "too many files at once", "try again in some seconds")]
        running = self._files.submit(self._dispatch.handle, address, args, peer, now_s, budget)
        if self._patience.take(now_s):
            wait([running], PATIENCE_S)
        return running.result() if running.done() else running

    def _ended(self, lane: Lane, running: _Running) -> None:
        self._done.append((lane, () if running.cancelled() else running.result()))
        self._wake()

    def finish(self) -> None:
        """Answer for the actions that have ended, and let what waits behind them go on."""
        while self._done:
            lane, replies = self._done.popleft()
            lane.busy = False
            for reply, values in replies:
                self.send(lane.peer, reply, values)

    def _replies(self, address: str, args: Args, peer: Peer, budget: Budget) -> Sequence[Message]:
        now_s = self._clock()
        if address == "/auth":
            return self._auth(args, peer, now_s)
        if not self._access.knows(peer):
            self.counts["refused"] += 1
            if address in IGNORED:
                return ()
            return [error_reply(address, "the token is missing", "send /auth TOKEN first")]
        # the Bus may offer a value in this thread, so the lock is taken for the subscriptions' own commands only
        if address in {"/subscribe", "/unsubscribe"}:
            with self.lock:
                return self._dispatch.handle(address, args, peer, now_s, budget)
        return self._dispatch.handle(address, args, peer, now_s, budget)

    def _auth(self, args: Args, peer: Peer, now_s: float) -> Sequence[Message]:
        verdict = self._access.authenticate(peer, args[0] if len(args) == 1 else None, now_s)
        if verdict:
            return [("/auth", (1,))]
        self.counts["refused"] += 1
        if verdict is Verdict.TOO_MANY:
            return [error_reply("/auth", "too many tries", "wait some seconds, then send /auth TOKEN once")]
        return [error_reply("/auth", "the token is wrong", "see [lan] token in sideman.toml")]

    def send(self, peer: Peer, address: str, args: Args) -> None:
        """Send one message, an error only within the limits for them."""
        if address == "/error" and not self._errors.take(peer, self._clock()):
            self.counts["unanswered"] += 1
            return
        try:
            self._sends(encode(address, args), peer)
        except (OSError, BridgeError) as error:
            self.counts["unsent"] += 1
            self.report(f"send {type(error).__name__}", f"OSC: cannot answer {peer[0]}:{peer[1]}: {error}")

    def report(self, kind: str, message: str) -> None:
        """Warn once a kind; the counts tell how often."""
        if self.is_first(kind):
            log.warning("%s", message)

    def is_first(self, kind: str) -> bool:
        """Whether ``kind`` was not asked about before."""
        if kind in self._logged:
            return False
        self._logged.add(kind)
        return True
