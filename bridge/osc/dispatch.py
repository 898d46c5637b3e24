"""Message dispatch: applies messages to the Bus and makes the replies. Independent of sockets."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import cast

from bridge.control.bus import Bus, Row
from bridge.core.control import Action, Control, Item, Reading, Value, suggest_nearest
from bridge.errors import BridgeError, ControlError
from bridge.osc.descriptions import describe
from bridge.osc.limits import DATAGRAM_STEPS, HINT_STEPS, MESSAGE_STEPS, REPLY_STEPS, SET_STEPS, Budget
from bridge.osc.pattern import AddressPattern, Index, is_pattern
from bridge.osc.subscriptions import DEFAULT_HZ, LEASE_S, Subscriptions, find_target
from bridge.osc.wire import Args, Message, Peer, format_source, to_wire_values

log = logging.getLogger(__name__)

IGNORED = frozenset({"/error", "/pong"})
"""Never answered, so that two servers cannot answer each other's errors for ever."""
LONGEST_NAME = 64
"""Longest address, in characters, for which similar names are searched; no real one is so long."""
MAX_HISTORY = 200
"""Publications of a reading that one ``/history`` asks for at most."""
MAX_VALUES = 1_000_000
"""Values that one ``/get`` can name; its budget allows far fewer."""
LARGEST_ANSWER = DATAGRAM_STEPS * 9 // 10
"""Steps of values that one datagram can ask for, beside the lookup of their pattern."""
LONGEST_TEXT = 512
"""Longest text of an error, in characters: replies must not grow with requests."""


class Dispatch:
    """Executes messages. Every failure becomes an ``/error address message hint`` reply.

    Raises:
        ControlError: A control, action or reading has the address of a method of the protocol.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._items: tuple[Item, ...] = ()
        self._index = Index(())
        self._order: dict[str, int] = {}
        self._revision = 0
        self.subscriptions = Subscriptions(lambda pattern: {item.address for item in self._find_covered(pattern)})
        self._methods: dict[str, Callable[[Args, Peer, float, Budget], Iterator[Message]]] = {
            "/ping": self._ping,
            "/subscribe": self._subscribe,
            "/unsubscribe": self._unsubscribe,
            "/get": self._get,
            "/controls": self._controls,
            "/history": self._history,
            "/call": self._call,
            "/recall": self._recall,
            "/whoami": self._whoami,
        }
        for address in self._methods:
            if (item := bus.registry.find_address(address)) is not None:
                raise ControlError(f"{item.name} has the address of a method of the OSC protocol", "rename it")

    def is_slow(self, address: str, args: Args) -> bool:
        """Whether the message triggers an action that may read or write files."""
        if address == "/call" and len(args) > 1 and isinstance(args[1], str):
            address = args[1]
        item = self._bus.registry.find_address(address)
        return isinstance(item, Action) and item.uses_files

    def find_reading(self, address: str) -> Reading | None:
        """The reading at ``address``; None where there is none."""
        item = self._bus.registry.find_address(address)
        return item if isinstance(item, Reading) else None

    def handle(self, address: str, args: Args, peer: Peer, now_s: float, budget: Budget) -> list[Message]:
        """Execute one message and return the replies for ``peer``; its cost is charged to ``budget``."""
        if address in IGNORED:
            return []
        try:
            budget.spend(MESSAGE_STEPS)
            method = self._methods.get(address)
            if method is not None:
                return list(method(args, peer, now_s, budget))
            return list(self._apply(address, args, peer, budget))
        except BridgeError as error:
            return [make_refusal(address, args, error.message, error.hint)]
        except Exception as error:
            log.exception("%r from %s failed", address[:LONGEST_NAME], format_source(peer))
            return [make_refusal(address, args, f"{type(error).__name__}: {error}", "the log has the details")]

    def _apply(self, address: str, args: Args, peer: Peer, budget: Budget) -> Iterator[Message]:
        item = self._bus.registry.find_address(address)
        if isinstance(item, Action):
            self._trigger(item, args, peer)
        elif item is not None and not args:
            yield from self._read_item(item)
        elif isinstance(item, Control):
            self._bus.set(item.name, _require_one(args, "value"), format_source(peer))
        elif item is not None:
            raise ControlError(f"{item.name} is published by the sidecar and cannot be set", "leave the arguments out")
        elif is_pattern(address):
            yield from self._apply_pattern(AddressPattern(address), args, peer, budget)
        else:
            raise ControlError(f"there is nothing at {address}", self._suggest(address, budget))

    def _suggest(self, address: str, budget: Budget) -> str:
        """A hint with addresses similar to ``address``, where the budget allows the search."""
        near = len(address) <= LONGEST_NAME and budget.hints > 0 and budget.try_spend(HINT_STEPS)
        budget.hints -= near
        return suggest_nearest(address, [item.address for item in self._bus.registry] if near else [])

    def _apply_pattern(self, pattern: AddressPattern, args: Args, peer: Peer, budget: Budget) -> Iterator[Message]:
        """Set or query every control that a pattern matches. Patterns never trigger actions."""
        index = self._refresh_index()
        budget.spend(index.count_steps(pattern))
        items = (self._items[number] for number in index.find_matching(pattern))
        controls = [item for item in items if isinstance(item, Control)]
        if not controls:
            raise ControlError(f"no control matches {pattern.text}", "/controls lists them")
        budget.spend(len(controls) * (SET_STEPS if args else REPLY_STEPS))
        for control in controls:
            if args:
                self._bus.set(control.name, _require_one(args, "value"), format_source(peer))
            else:
                yield from self._read_item(control)

    def _trigger(self, action: Action, args: Args, peer: Peer) -> tuple[Row, ...]:
        source = format_source(peer)
        if not action.arguments or (action.optional == len(action.arguments) and _is_press(args)):
            # buttons of control surfaces send 1 when pressed and 0 when released
            if args and not _require_one(args, "press"):
                return ()
            return self._bus.trigger(action.name, source=source)
        return self._bus.trigger(action.name, *(_to_word(action.name, arg) for arg in args), source=source)

    def _read_item(self, item: Item) -> Iterator[Message]:
        """The current value of a control or reading: one message, or one per row of a keyed reading."""
        if isinstance(item, Control):
            yield item.address, to_wire_values(item, (self._bus.get(item.name),))
        elif isinstance(item, Reading):
            yield from ((item.address, row) for row in self._bus.get_rows(item.name) or ((),))

    def _refresh_index(self) -> Index:
        """The index of all addresses, rebuilt after an addition or a replacement."""
        revision = self._bus.registry.revision
        if len(self._items) != len(self._bus.registry) or revision != self._revision:
            self._revision = revision
            self._items = tuple(self._bus.registry)
            self._index = Index(item.address for item in self._items)
            self._order = {item.name: number for number, item in enumerate(self._items)}
        return self._index

    def _call(self, args: Args, peer: Peer, now_s: float, budget: Budget) -> Iterator[Message]:  # noqa: ARG002
        """Set a control or trigger an action, with an answer: ``/done`` or ``/failed``, both with the token."""
        if len(args) < 2 or not isinstance(args[0], str) or not isinstance(args[1], str):
            raise ControlError("/call takes a token and an address", "send /call token address [argument ...]")
        token, address, *rest = args
        item = self._bus.registry.find_address(str(address))
        if isinstance(item, Action):
            rows = self._trigger(item, tuple(rest), peer)
            budget.spend(REPLY_STEPS * len(rows))
            yield from (("/result", (token, *row)) for row in rows)
            yield "/done", (token, address, len(rows))
        elif isinstance(item, Control):
            value = self._bus.set(item.name, _require_one(tuple(rest), "value"), format_source(peer))
            yield "/done", (token, address, *to_wire_values(item, (value,)))
        else:
            raise ControlError(f"no control and no action is at {address}", self._suggest(str(address), budget))

    def _recall(self, args: Args, peer: Peer, now_s: float, budget: Budget) -> Iterator[Message]:  # noqa: ARG002
        """Set many controls at once: all of them take effect in the same callback."""
        addresses, values = args[::2], args[1::2]
        if not args or len(addresses) != len(values):
            raise ControlError("/recall takes pairs of address and value", "send /recall address value ...")
        budget.spend(SET_STEPS * len(addresses))
        wanted: dict[str, object] = {}
        for address, value in zip(addresses, values, strict=True):
            item = self._bus.registry.find_address(str(address))
            if not isinstance(item, Control):
                raise ControlError(f"no control is at {address}", self._suggest(str(address), budget))
            wanted[item.name] = value
        self._bus.set_all(wanted, format_source(peer))
        yield "/recalled", (len(wanted),)

    def _whoami(self, args: Args, peer: Peer, now_s: float, budget: Budget) -> Iterator[Message]:  # noqa: ARG002
        """The source under which this peer's changes are recorded."""
        yield "/whoami", (format_source(peer),)

    def _history(self, args: Args, peer: Peer, now_s: float, budget: Budget) -> Iterator[Message]:  # noqa: ARG002
        """The last publications of a reading, oldest first."""
        address, count = args[0] if args else "", args[1] if len(args) > 1 else MAX_HISTORY
        item = self._bus.registry.find_address(str(address))
        if not isinstance(item, Reading) or not item.history:
            kept = ", ".join(one.address for one in self._bus.registry.readings if one.history)
            raise ControlError(f"{address} keeps no history", f"these do: {kept}")
        if isinstance(count, bool) or not isinstance(count, int) or not 0 < count <= MAX_HISTORY or len(args) > 2:
            raise ControlError("the count of /history is wrong", f"give 1 to {MAX_HISTORY}")
        rows = self._bus.get_history(item.name)[-count:]
        budget.spend(REPLY_STEPS * len(rows))
        yield from (("/history/row", (item.address, *row)) for row in rows)
        yield "/history/done", (item.address, len(rows))

    def _find_covered(self, pattern: AddressPattern) -> list[Item]:
        index = self._refresh_index()
        return [self._items[number] for number in index.find_covered(pattern)]

    def _charge_lookup(self, pattern: AddressPattern, budget: Budget) -> tuple[list[Item], int]:
        """Find what ``pattern`` covers, and the cost of its values; the lookup is charged to ``budget``."""
        budget.spend(self._refresh_index().count_steps(pattern))
        items = self._find_covered(pattern)
        rows = [max(1, len(self._bus.get_rows(item.name))) if isinstance(item, Reading) else 1 for item in items]
        return items, REPLY_STEPS * sum(rows)

    def _ping(self, args: Args, peer: Peer, now_s: float, budget: Budget) -> Iterator[Message]:  # noqa: ARG002
        yield "/pong", args

    def _subscribe(self, args: Args, peer: Peer, now_s: float, budget: Budget) -> Iterator[Message]:
        pattern, max_hz = _parse_pattern(args[:1]), args[1] if len(args) > 1 else DEFAULT_HZ
        if isinstance(max_hz, bool) or not isinstance(max_hz, int | float) or len(args) > 3:
            raise ControlError(
                "/subscribe takes a pattern, a rate and a port", "send /subscribe pattern [max_hz [port]]"
            )
        target = find_target(peer, args[2], self.subscriptions.own_port) if len(args) > 2 else peer
        items, steps = self._charge_lookup(pattern, budget)
        has_values = steps <= LARGEST_ANSWER
        budget.spend(steps if has_values else 0)
        self.subscriptions.subscribe(peer, pattern.text, float(max_hz), now_s, target)
        yield "/subscribed", (pattern.text, float(max_hz), LEASE_S)
        present = self._read_published(items if has_values else ())  # of too many /get asks in parts
        if target == peer:
            yield from present
            return
        for address, values in present:
            reading, row = self.find_reading(address), cast("tuple[Value, ...]", values)
            key = row[0] if reading is not None and reading.keyed else ""
            self.subscriptions.queue_present(peer, address, key, row, now_s)

    def _unsubscribe(self, args: Args, peer: Peer, now_s: float, budget: Budget) -> Iterator[Message]:  # noqa: ARG002
        pattern = _parse_pattern(args)
        self.subscriptions.unsubscribe(peer, pattern.text)
        yield "/unsubscribed", (pattern.text,)

    def _get(self, args: Args, peer: Peer, now_s: float, budget: Budget) -> Iterator[Message]:  # noqa: ARG002
        pattern, (first, most) = _parse_pattern(args[:1]), _parse_part(args[1:])
        items, steps = self._charge_lookup(pattern, budget)
        budget.spend(min(steps, REPLY_STEPS * most))
        replies = list(itertools.islice(self._read_published(items), first, first + most))
        yield from replies
        yield "/get/done", (pattern.text, len(replies))

    def _read_published(self, items: Sequence[Item]) -> Iterator[Message]:
        """The current values of ``items``, without readings that were never published.

        Nor are those that queue among them: an event is no state, and a renewed subscription must not repeat it.
        """
        for item in items:
            if not (isinstance(item, Reading) and item.queued):
                yield from (message for message in self._read_item(item) if message[1])

    def _controls(self, args: Args, peer: Peer, now_s: float, budget: Budget) -> Iterator[Message]:  # noqa: ARG002
        pattern = _parse_pattern(args or ("/",))
        budget.spend(self._refresh_index().count_steps(pattern))
        items = self._find_covered(pattern)
        budget.spend(2 * REPLY_STEPS * len(items))
        for item in items:
            yield from describe(item, self._order[item.name])
        yield "/controls/done", (len(items),)


def make_refusal(address: str, args: Args, message: str, hint: str) -> Message:
    """Make the reply to a message that was not carried out: ``/failed`` with the token of a call, else ``/error``."""
    if address == "/call" and len(args) > 1:
        return "/failed", tuple(str(text)[:LONGEST_TEXT] for text in (*args[:2], message, hint))
    return make_error_reply(address, message, hint)


def make_error_reply(address: str, message: str, hint: str) -> Message:
    """Make the reply to a failed message, with its texts truncated."""
    return "/error", tuple(text[:LONGEST_TEXT] for text in (address, message, hint))


def _is_press(args: Args) -> bool:
    return not args or (len(args) == 1 and not isinstance(args[0], str))


def _to_word(action: str, arg: object) -> str:
    """The word that an argument of ``action`` is: a number as it is written, with the 7 digits that 32 bits hold."""
    if isinstance(arg, str):
        return arg
    if isinstance(arg, bool) or not isinstance(arg, int | float):
        raise ControlError(f"{action}: {arg!r} is no word and no number", "send strings and numbers")
    return f"{arg:.7g}" if isinstance(arg, float) else str(arg)


def _require_one(args: Args, name: str) -> object:
    if len(args) != 1:
        raise ControlError(f"{len(args)} arguments", f"send one, the {name}")
    return args[0]


def _parse_part(args: Args) -> tuple[int, int]:
    """The first value and the number of values that ``/get`` asks for: all of them where ``args`` are empty."""
    if not args:
        return 0, MAX_VALUES
    first, most = args if len(args) == 2 else (0, 0)
    if any(isinstance(one, bool) or not isinstance(one, int) for one in (first, most)):
        raise ControlError("a part of /get is two whole numbers", "send /get pattern first count")
    if not (isinstance(first, int) and isinstance(most, int) and first >= 0 < most <= MAX_VALUES):
        raise ControlError("the part that /get asks for is wrong", f"give the first, from 0, and 1 to {MAX_VALUES}")
    return first, most


def _parse_pattern(args: Args) -> AddressPattern:
    text = _require_one(args, "pattern")
    if not isinstance(text, str):
        raise ControlError("the pattern is not a word", "send a string such as /stems or /stems/*/mute")
    return AddressPattern(text)
