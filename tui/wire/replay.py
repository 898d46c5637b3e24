"""Replay of a recording: the session as it was, at any time of it, without a sidecar."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from tui.core.registry import Args, Registry, Value, to_name
from tui.core.screen import Answer
from tui.core.session import Session
from tui.wire.recording import RecordedMessage

IS_RECORDING = "this is a recording: nothing is sent"


class Replay:
    """A session that a recording fills. Times are seconds since its start."""

    def __init__(self, entries: Iterable[RecordedMessage], session: Session) -> None:
        self._entries = iter(entries)
        self._session = session
        self._next: RecordedMessage | None = next(self._entries, None)
        self._registry: Registry | None = None
        self._histories: dict[str, list[Args]] = {}
        self.now_s = 0.0

    @property
    def is_over(self) -> bool:
        """Whether the end was reached."""
        return self._next is None

    def find_next_s(self) -> float:
        """When the next entry comes; infinite at the end."""
        return self._next.at_s if self._next is not None else float("inf")

    def advance(self, to_s: float, start_s: float = 0.0) -> None:
        """Let the time go on to ``to_s``: the session gets all entries up to it.

        ``start_s``: the recording's start by the clock with which the session's times are compared.

        Raises:
            RecordingError: The recording is malformed there.
        """
        while self._next is not None and self._next.at_s <= to_s:
            self._take(self._next, self._next.at_s + start_s)
            self._next = next(self._entries, None)
        self.now_s = max(self.now_s, to_s)

    def _take(self, entry: RecordedMessage, now_s: float) -> None:
        session, address, args = self._session, entry.address, entry.args
        if entry.direction == "state":
            if address == "attaching":
                self._registry = Registry()
            if address == "attached":
                session.forget_values()
                if self._registry is not None and self._registry.controls:
                    session.registry = self._registry
                self._registry = None
            session.state, session.since_s = address, now_s
            session.revision += 1
        elif entry.direction != "in":
            return
        elif address == "/whoami" and args:
            session.source = str(args[0])
        elif address.startswith("/controls/"):
            (self._registry or session.registry).add(address, args)
        elif address == "/history/row" and args:
            self._histories.setdefault(to_name(str(args[0])), []).append(args[1:])
        elif address == "/history/done" and args:
            name = to_name(str(args[0]))
            session.replace_events(name, self._histories.pop(name, []))
        else:
            session.feed(address, args, now_s)


class RecordedRemote:
    """The `tui.core.screen.Remote` of a recording: it says that nothing can be changed."""

    def __init__(self, say: Callable[[str, str], None]) -> None:
        self._say = say

    def set(self, name: str, value: Value) -> None:  # noqa: ARG002
        """Nothing is sent."""
        self._refuse()

    def toggle(self, name: str) -> None:  # noqa: ARG002
        """Nothing is sent."""
        self._refuse()

    def nudge(self, name: str, steps: float) -> None:  # noqa: ARG002
        """Nothing is sent."""
        self._refuse()

    def reset(self, name: str) -> None:  # noqa: ARG002
        """Nothing is sent."""
        self._refuse()

    def recall(self, values: Mapping[str, Value], words: str) -> None:  # noqa: ARG002
        """Nothing is sent."""
        self._refuse()

    def call(
        self,
        action: str,  # noqa: ARG002
        *arguments: str,  # noqa: ARG002
        answer: Answer | None = None,
        undo: Callable[[], None] | None = None,  # noqa: ARG002
    ) -> None:
        """Nothing is sent."""
        self._refuse()
        if answer is not None:
            answer(IS_RECORDING, [])

    def undo(self) -> None:
        """Nothing is sent."""
        self._refuse()

    def redo(self) -> None:
        """Nothing is sent."""
        self._refuse()

    def _refuse(self) -> None:
        self._say(IS_RECORDING, "warning")
