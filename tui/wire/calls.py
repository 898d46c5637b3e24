"""Calls: changes and actions that the sidecar acknowledges, each with a token of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tui.core.registry import Args, Registry, Value, to_address, to_name
from tui.core.session import Record
from tui.wire.osc import encode

CallAnswer = Callable[[str, list[Record]], None]
"""Called with the error, empty where it succeeded, and the rows of the result."""

LONGEST_CALL_S = 30.0
"""After so long without an answer a call is given up: the longest action, the measurement of all paths, takes less."""
MAX_PAIRS = 120
"""Controls that one datagram recalls: the sidecar reads 256 arguments of a message."""


@dataclass(slots=True)
class _Call:
    name: str
    channel: int
    sent_s: float
    answer: CallAnswer
    rows: list[Args] = field(default_factory=list)


class Calls:
    """Calls under way. ``registry``: gives the names of the fields of a result."""

    def __init__(self, registry: Callable[[], Registry]) -> None:
        self._registry = registry
        self._calls: dict[str, _Call] = {}
        self._recalls: list[_Call] = []
        self._number = 0

    def __len__(self) -> int:
        return len(self._calls) + len(self._recalls)

    def call(self, name: str, args: Args, channel: int, now_s: float, answer: CallAnswer) -> bytes:
        """The datagram that sets a control or triggers an action; ``answer`` is called when it was answered.

        Raises:
            OscError: An argument cannot be sent.
        """
        self._number += 1
        token = str(self._number)
        datagram = encode("/call", (token, to_address(name), *args))
        self._calls[token] = _Call(name, channel, now_s, answer)
        return datagram

    def recall(self, values: Mapping[str, Value], now_s: float, answer: CallAnswer) -> list[bytes]:
        """The datagrams that set several controls: one, in the same callback, up to MAX_PAIRS of them.

        Raises:
            OscError: A value cannot be sent.
        """
        pairs = [(to_address(name), value) for name, value in values.items()]
        parts = [pairs[at : at + MAX_PAIRS] for at in range(0, len(pairs), MAX_PAIRS)]
        datagrams = [encode("/recall", tuple(one for pair in part for one in pair)) for part in parts]
        for number in range(len(parts)):
            last = number == len(parts) - 1
            self._recalls.append(_Call("recall", 0, now_s, answer if last else _ignore))
        return datagrams

    def take(self, address: str, args: Args, channel: int) -> bool:
        """Take a message that came; True where it is the answer to a call, or a part of one."""
        token = str(args[0]) if args else ""
        if address == "/result" and token in self._calls:
            self._calls[token].rows.append(args[1:])
        elif address == "/done" and token in self._calls:
            self._finish(self._calls.pop(token), args)
        elif address == "/failed" and token in self._calls:
            self._calls.pop(token).answer("; ".join(str(part) for part in args[2:4] if part), [])
        elif address == "/recalled" and self._recalls:
            self._recalls.pop(0).answer("", [])
        elif address == "/error" and token == "/recall" and self._recalls:
            self._recalls.pop(0).answer("; ".join(str(part) for part in args[1:3] if part), [])
        elif address == "/error" and token == "/call":
            return self._refuse(args, channel)
        else:
            return address in {"/result", "/done", "/failed", "/recalled"}
        return True

    def _finish(self, call: _Call, args: Args) -> None:
        action = self._registry().actions.get(to_name(str(args[1]))) if len(args) > 1 else None
        if action is None:  # a control: what it is set to now
            call.answer("", [{"value": args[2]}] if len(args) > 2 else [])
            return
        rows = [dict(zip(action.result or map(str, range(len(row))), row, strict=False)) for row in call.rows]
        lost = int(args[2]) - len(rows) if len(args) > 2 and isinstance(args[2], int) else 0
        call.answer(f"{lost} rows of the answer were lost on the way: ask again" if lost > 0 else "", rows)

    def _refuse(self, args: Args, channel: int) -> bool:
        """An error without a token: it belongs to the oldest call of the channel."""
        for token, call in self._calls.items():
            if call.channel == channel:
                del self._calls[token]
                call.answer("; ".join(str(part) for part in args[1:3] if part), [])
                return True
        return False

    def expire(self, now_s: float) -> None:
        """Give up what was not answered for too long."""
        late = [token for token, call in self._calls.items() if now_s - call.sent_s >= LONGEST_CALL_S]
        for call in [self._calls.pop(token) for token in late]:
            call.answer("no answer came, so it is not known whether it was done", [])
        while self._recalls and now_s - self._recalls[0].sent_s >= LONGEST_CALL_S:
            self._recalls.pop(0).answer("no answer came, so it is not known whether it was done", [])

    def abandon(self, text: str) -> None:
        """Answer all calls with an error: the sidecar is lost."""
        calls = [*self._calls.values(), *self._recalls]
        self._calls.clear()
        self._recalls.clear()
        for call in calls:
            call.answer(text, [])


def _ignore(_error: str, _rows: list[Record]) -> None:
    """The answer to all parts of a recall but the last."""
