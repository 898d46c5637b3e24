"""Live procedure: a sequence of queries and pauses, written as a generator, and what runs several of them.

A procedure yields a `LiveQuery` and gets its `LiveReply`, or its `LiveError` is raised there; or it yields a number of
seconds to wait.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeAlias, TypeVar, cast

from bridge.daw.ableton.live_client import LiveClient, LiveQuery, LiveReply, Outcome
from bridge.daw.ableton.live_protocol import LiveError, LiveRefusedError, LiveRestartError

T = TypeVar("T")
Procedure: TypeAlias = Generator[LiveQuery | float, LiveReply, T]

RESTARTS = 5
"""Times that a procedure begins anew because AbletonOSC was started again meanwhile."""
REFUSALS = 8
"""Times that a query is asked again although AbletonOSC has sent an error meanwhile, which was about something else."""


class ProcedureRunner:
    """Procedures under way on one client. Not thread-safe; the time is an argument."""

    def __init__(self, client: LiveClient) -> None:
        self._client = client
        self._pauses: list[tuple[float, Callable[[Outcome | None], None]]] = []
        self._started: list[Callable[[Outcome | None], None]] = []
        self._now_s = 0.0

    @property
    def is_busy(self) -> bool:
        """Whether a procedure waits for time to pass, or to be begun."""
        return bool(self._pauses or self._started)

    def start(self, procedure: Procedure[T], future: Future[T]) -> None:
        """Run ``procedure`` from the next `update` on; its result goes to ``future``."""
        self._started.append(lambda outcome: self._advance(procedure, future, outcome))

    def update(self, now_s: float) -> None:
        """Begin what was started, and go on with what has waited long enough."""
        self._now_s = now_s
        started, self._started = self._started, []
        due = [one for one in self._pauses if one[0] <= now_s]
        self._pauses = [one for one in self._pauses if one[0] > now_s]
        for go_on in (*started, *(one[1] for one in due)):
            go_on(None)

    def end_all(self, error: LiveError) -> None:
        """End what waits for time to pass, or to be begun, with ``error``."""
        waiting = [*self._started, *(one[1] for one in self._pauses)]
        self._started, self._pauses = [], []
        for end in waiting:
            end(error)

    def find_due_s(self) -> float:
        """The time of the next `update` that does something."""
        return min((one[0] for one in self._pauses), default=float("inf")) if not self._started else self._now_s

    def _advance(self, procedure: Procedure[Any], future: Future[Any], outcome: Outcome | None) -> None:
        if future.cancelled():
            procedure.close()
            return
        try:
            if isinstance(outcome, LiveError):
                step = procedure.throw(outcome)
            else:
                step = procedure.send(outcome) if outcome is not None else next(procedure)
        except StopIteration as ended:
            with suppress(InvalidStateError):  # cancelled this very moment
                future.set_result(ended.value)
        except Exception as error:  # noqa: BLE001
            # the procedure's own fault goes to whoever waits for it, not to the thread that serves all
            with suppress(InvalidStateError):
                future.set_exception(error)
        else:
            if isinstance(step, LiveQuery):
                self._client.start(step, lambda reply: self._advance(procedure, future, reply))
            else:
                nothing = LiveReply((), self._now_s, self._now_s)
                self._pauses.append(
                    (self._now_s + step, lambda outcome: self._advance(procedure, future, outcome or nothing))
                )


def ask_once(query: LiveQuery) -> Procedure[LiveReply]:
    """The reply to one query."""
    return (yield query)


def begin_anew(make: Callable[[], Procedure[T]]) -> Procedure[T]:
    """Run the procedure that ``make`` makes, from its beginning again whenever AbletonOSC was started again.

    Raises:
        LiveRestartError: It was started again more than RESTARTS times.
    """
    for _ in range(RESTARTS):
        try:
            return (yield from make())
        except LiveRestartError:
            continue
    return (yield from make())


def check_when_refused(procedure: Procedure[T], check: Callable[[], Procedure[None]]) -> Procedure[T]:
    """Run ``procedure``; where a query about an object has no reply and AbletonOSC has sent an error, run ``check``.

    The error of ``check`` says what is missing. Without one the query is asked again: it was about something else.

    Raises:
        LiveError: As ``procedure``, which gets the error of ``check`` too.
    """
    outcome: Outcome | None = None
    while True:
        try:
            if isinstance(outcome, LiveError):
                step = procedure.throw(outcome)
            else:
                step = next(procedure) if outcome is None else procedure.send(outcome)
        except StopIteration as ended:
            return cast("T", ended.value)
        try:
            outcome = yield from _ask_checked(step, check)
        except LiveError as error:
            outcome = error


def _ask_checked(step: LiveQuery | float, check: Callable[[], Procedure[None]]) -> Procedure[LiveReply]:
    if isinstance(step, LiveQuery) and step.ids and step.attempts > 1:
        for _ in range(REFUSALS):
            try:
                return (yield replace(step, is_refusable=True))
            except LiveRefusedError:
                yield from check()
    return (yield step)
