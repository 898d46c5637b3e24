"""OSCQuery listener: what one WebSocket listens to, and the values that wait for it. Independent of sockets.

Of each address (and row of a keyed reading) the latest values wait, of events each one: so memory is bounded by the
registry, however many commands a client sends and however slowly it reads.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from bridge.control.bus import is_withdrawn
from bridge.core.control import Action, Item, Reading, Value
from bridge.errors import ControlError
from bridge.osc.wire import encode
from bridge.oscquery.namespace import Namespace

MAX_EVENTS = 256
"""Events that wait for one client; the oldest are dropped."""
LONGEST_COMMAND = 4096
"""Longest command of a client in bytes: a path and some words of JSON."""
LISTEN, IGNORE = "LISTEN", "IGNORE"


@dataclass(frozen=True, slots=True)
class ListenCommand:
    """A command that a client sent as text: LISTEN or IGNORE, and the path in DATA."""

    name: str
    path: str


def parse_command(text: str) -> ListenCommand:
    """Parse a text message of a client.

    Raises:
        ControlError: It is no JSON, no object, or has no COMMAND and DATA that are words; or COMMAND is unknown.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ControlError("this is no JSON", 'send {"COMMAND": "LISTEN", "DATA": "/path"}') from error
    name, path = (found.get("COMMAND"), found.get("DATA")) if isinstance(found, dict) else (None, None)
    if name not in (LISTEN, IGNORE):
        raise ControlError("this command is unknown", f"send {LISTEN} or {IGNORE}")
    if not isinstance(path, str) or not path.startswith("/"):
        raise ControlError(f"the DATA of {name} is a path", 'such as "/stems/vocals/mute"')
    return ListenCommand(name, path.rstrip("/") or "/")


class Listener:
    """What one client listens to. Not thread-safe: the owner guards it."""

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace
        self.addresses: set[str] = set()
        """The addresses that it listens to."""
        self._pending: dict[tuple[str, Value], tuple[Value, ...]] = {}
        self._events: deque[tuple[str, tuple[Value, ...]]] = deque(maxlen=MAX_EVENTS)

    def carry_out(self, command: ListenCommand) -> int:
        """Carry out a command; returns how many addresses it covers. What is listened to anew is sent at once.

        Raises:
            ControlError: There is nothing at its path.
        """
        items = [item for item in self._namespace.find_covered(command.path) if _has_values(item)]
        if not items:
            raise ControlError("no control and no reading is at this path", "GET / lists what there is")
        for item in items:
            if command.name == IGNORE:
                self._ignore(item)
            elif item.address not in self.addresses:
                self.addresses.add(item.address)
                if not (isinstance(item, Reading) and item.queued):  # an event is no state
                    for row in self._namespace.read_rows(item):
                        self.offer(item, row)
        return len(items)

    def _ignore(self, item: Item) -> None:
        self.addresses.discard(item.address)
        for key in [key for key in self._pending if key[0] == item.address]:
            del self._pending[key]

    def offer(self, item: Item, values: tuple[Value, ...]) -> bool:
        """Queue values, if the client listens to ``item``; True where it does."""
        if item.address not in self.addresses:
            return False
        if isinstance(item, Reading) and item.queued:
            self._events.append((item.address, values))
            return True
        row = values[0] if isinstance(item, Reading) and item.keyed else ""
        if isinstance(item, Reading) and is_withdrawn(item, values):
            self._pending.pop((item.address, row), None)
            self._events.append(("/gone", (item.address, *values)))
        else:
            self._pending[item.address, row] = values
        return True

    def pop_packets(self) -> Iterator[bytes]:
        """The OSC packets that wait, as they are popped: events first, then the latest values."""
        while self._events:
            yield encode(*self._events.popleft())
        while self._pending:
            key = next(iter(self._pending))
            yield encode(key[0], self._pending.pop(key))


def _has_values(item: Item) -> bool:
    return not isinstance(item, Action)
