"""Questions to the sidecar: messages that have an answer of several datagrams, asked one at a time until all came.

UDP loses datagrams, and one datagram may ask for so much only. So each question names its last reply, which counts the
others; one that stays incomplete is asked again, and one that asks for too much is divided by its owner.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field

from tui.core.registry import Args
from tui.wire.osc import Message, encode

RETRY_S = 0.3
"""Without a whole answer for so long, a question is asked again: a sidecar answers within milliseconds, a busy one in
tens of them."""
TRIES = 5
"""Attempts before it is given up."""


@dataclass(slots=True)
class Question:
    """A message and how its answer is recognised.

    Attributes:
        address: Where it is sent.
        args: With these arguments.
        done: The address of the last reply.
        key: The first argument of the last reply; empty where that has no key.
        find_key: Which of the other replies a message is, which the last one counts; None where it is none of them.
        on_done: Called with the replies, the last one at the end.
        on_failed: Called with the error where it is refused or stays without a whole answer.
        replies_each: Replies for each that the last one counts.
        is_ordered: Whether the replies have an order, so that those of several tries cannot be joined.
    """

    address: str
    args: Args
    done: str
    on_done: Callable[[list[Message]], None]
    on_failed: Callable[[str], None]
    key: str = ""
    find_key: Callable[[str, Args], Hashable] | None = None
    replies_each: int = 1
    is_ordered: bool = False
    replies: dict[Hashable, Message] = field(default_factory=dict)
    tries: int = 0
    sent_s: float = 0.0


class Questions:
    """The questions that are still to be answered, in order. The first one is under way."""

    def __init__(self) -> None:
        self._queue: deque[Question] = deque()

    def __len__(self) -> int:
        return len(self._queue)

    def ask(self, question: Question, first: bool = False) -> None:
        """Add a question; one that waits already is not asked twice. ``first``: before those that wait."""
        waiting = list(self._queue)[1:] if self._queue and self._queue[0].tries else list(self._queue)
        if any((one.address, one.args) == (question.address, question.args) for one in waiting):
            return
        if first and self._queue and self._queue[0].tries:
            self._queue.insert(1, question)
        elif first:
            self._queue.appendleft(question)
        else:
            self._queue.append(question)

    def clear(self) -> None:
        """Drop all questions."""
        self._queue.clear()

    def send_due(self, now_s: float) -> Iterator[bytes]:
        """The datagrams that are due at ``now_s``."""
        while self._queue:
            question = self._queue[0]
            if question.tries and now_s < question.sent_s + RETRY_S:
                return
            if question.tries == TRIES:
                self._fail("no whole answer came")
                continue
            question.tries += 1
            question.sent_s = now_s
            if question.is_ordered:
                question.replies.clear()
            yield encode(question.address, question.args)
            return

    def find_due_s(self) -> float:
        """When `send_due` has something to send or to give up next; infinite where nothing waits."""
        if not self._queue:
            return float("inf")
        question = self._queue[0]
        return question.sent_s + RETRY_S if question.tries else 0.0

    def take(self, address: str, args: Args) -> None:
        """Take a message that came, which may be a reply to the question under way."""
        if not self._queue or not self._queue[0].tries:
            return
        question = self._queue[0]
        if address == question.done and (not question.key or args[:1] == (question.key,)):
            self._finish(question, args)
        elif address == "/error" and args[:1] == (question.address,):
            self._fail(": ".join(str(part) for part in args[1:3]))
        elif question.find_key is not None and (key := question.find_key(address, args)) is not None:
            question.replies[key] = address, args

    def _finish(self, question: Question, args: Args) -> None:
        count = args[-1] if args and question.find_key is not None else 0
        if isinstance(count, int) and len(question.replies) < count * question.replies_each:
            return  # some were lost: it is asked again
        self._queue.popleft()
        question.on_done([*question.replies.values(), (question.done, args)])

    def _fail(self, text: str) -> None:
        question = self._queue.popleft()
        question.on_failed(text)
