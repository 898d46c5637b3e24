"""What a message means: from an address and arguments to the Bus and the replies. Knows no socket."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

from bridge.control.bus import Bus
from bridge.control.spec import Action, Control, Item, Reading, nearest
from bridge.errors import BridgeError, ControlError
from bridge.osc.pattern import Pattern, is_pattern
from bridge.osc.subscriptions import DEFAULT_HZ, LEASE_S, Subscriptions
from bridge.osc.wire import Args, Message, Peer, outgoing, source_of

log = logging.getLogger(__name__)

IGNORED = frozenset({"/error", "/pong"})
"""Never answered: two servers that answer each other's errors would never stop."""


class Dispatch:
    """Carries messages out. Every failure becomes an ``/error address message hint`` reply."""

    def __init__(self, bus: Bus, subscriptions: Subscriptions) -> None:
        self._bus = bus
        self._subscriptions = subscriptions
        self._commands: dict[str, Callable[[Args, Peer, float], Iterator[Message]]] = {
            "/ping": self._ping,
            "/subscribe": self._subscribe,
            "/unsubscribe": self._unsubscribe,
            "/get": self._get,
            "/controls": self._controls,
        }

    def handle(self, address: str, args: Args, peer: Peer, now_s: float) -> list[Message]:
        """Carry one message out and return the replies for ``peer``."""
        if address in IGNORED:
            return []
        try:
            command = self._commands.get(address)
            if command is not None:
                return list(command(args, peer, now_s))
            return list(self._use(address, args, peer))
        except BridgeError as error:
            return [("/error", (address, error.message, error.hint))]
        except Exception as error:
            log.exception("%s from %s failed", address, source_of(peer))
            return [("/error", (address, f"{type(error).__name__}: {error}", "the log has the details"))]

    def _use(self, address: str, args: Args, peer: Peer) -> Iterator[Message]:
        registry = self._bus.registry
        item = registry.at(address)
        if isinstance(item, Action):
            self._trigger(item, args, peer)
        elif item is not None and not args:
            yield from self._present(item)
        elif isinstance(item, Control):
            self._bus.set(item.name, _only(args, "value"), source_of(peer))
        elif item is not None:
            raise ControlError(f"{item.name} is published by the sidecar and cannot be set", "leave the arguments out")
        elif is_pattern(address):
            yield from self._use_all(Pattern(address), args, peer)
        else:
            raise ControlError(f"nothing lives at {address}", nearest(address, [one.address for one in registry]))

    def _use_all(self, pattern: Pattern, args: Args, peer: Peer) -> Iterator[Message]:
        """Set or ask for every control that a pattern matches. Actions are never triggered by a pattern."""
        controls = [control for control in self._bus.registry.controls if pattern.matches(control.address)]
        if not controls:
            raise ControlError(f"no control matches {pattern.text}", "/controls lists them")
        for control in controls:
            if args:
                self._bus.set(control.name, _only(args, "value"), source_of(peer))
            else:
                yield from self._present(control)

    def _trigger(self, action: Action, args: Args, peer: Peer) -> None:
        if action.argument:
            argument = _only(args, action.argument)
            if not isinstance(argument, str):
                raise ControlError(f"{action.name}: the {action.argument} is a word", "send a string")
            self._bus.trigger(action.name, argument, source_of(peer))
        elif not args or _only(args, "press"):
            # buttons of control surfaces send 1 when pressed and 0 when released
            self._bus.trigger(action.name, source=source_of(peer))

    def _present(self, item: Item) -> Iterator[Message]:
        """What a control or reading is now: one message, for a keyed reading one a row."""
        if isinstance(item, Control):
            yield item.address, outgoing(item, (self._bus.get(item.name),))
        elif isinstance(item, Reading):
            yield from ((item.address, row) for row in self._bus.rows(item.name) or ((),))

    def _covered(self, pattern: Pattern) -> list[Item]:
        return [item for item in self._bus.registry if pattern.covers(item.address)]

    def _ping(self, args: Args, peer: Peer, now_s: float) -> Iterator[Message]:  # noqa: ARG002
        yield "/pong", args

    def _subscribe(self, args: Args, peer: Peer, now_s: float) -> Iterator[Message]:
        pattern, max_hz = _pattern(args[:1]), args[1] if len(args) > 1 else DEFAULT_HZ
        if isinstance(max_hz, bool) or not isinstance(max_hz, int | float) or len(args) > 2:
            raise ControlError("/subscribe takes a pattern and a rate", "send /subscribe pattern [max_hz]")
        self._subscriptions.subscribe(peer, pattern.text, float(max_hz), now_s)
        yield "/subscribed", (pattern.text, float(max_hz), LEASE_S)
        yield from self._known(pattern)

    def _unsubscribe(self, args: Args, peer: Peer, now_s: float) -> Iterator[Message]:  # noqa: ARG002
        pattern = _pattern(args)
        self._subscriptions.unsubscribe(peer, pattern.text)
        yield "/unsubscribed", (pattern.text,)

    def _get(self, args: Args, peer: Peer, now_s: float) -> Iterator[Message]:  # noqa: ARG002
        pattern = _pattern(args)
        replies = list(self._known(pattern))
        yield from replies
        yield "/get/done", (pattern.text, len(replies))

    def _known(self, pattern: Pattern) -> Iterator[Message]:
        """The present values of all that a pattern covers; readings that were never published are left out."""
        for item in self._covered(pattern):
            yield from (message for message in self._present(item) if message[1])

    def _controls(self, args: Args, peer: Peer, now_s: float) -> Iterator[Message]:  # noqa: ARG002
        items = self._covered(_pattern(args or ("/",)))
        for item in items:
            if isinstance(item, Control):
                head = (item.address, float(item.low), float(item.high), float(item.default), item.unit, item.curve)
                yield "/controls/control", (*head, item.doc, *item.choices)
            elif isinstance(item, Action):
                yield "/controls/action", (item.address, item.argument, item.doc)
            else:
                yield "/controls/reading", (item.address, item.doc, *item.fields)
        yield "/controls/done", (len(items),)


def _only(args: Args, name: str) -> object:
    if len(args) != 1:
        raise ControlError(f"{len(args)} arguments", f"send one, the {name}")
    return args[0]


def _pattern(args: Args) -> Pattern:
    text = _only(args, "pattern")
    if not isinstance(text, str):
        raise ControlError("the pattern is not a word", "send a string such as /stems or /stems/*/mute")
    return Pattern(text)
