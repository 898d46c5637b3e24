"""Message dispatch: from an address and arguments to the Bus and the replies. Knows no socket."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence

from bridge.control.bus import Bus
from bridge.control.spec import Action, Control, Item, Reading, suggest_nearest
from bridge.errors import BridgeError, ControlError
from bridge.osc.limits import HINT_STEPS, MESSAGE_STEPS, REPLY_STEPS, SET_STEPS, Budget
from bridge.osc.pattern import Index, Pattern, is_pattern
from bridge.osc.subscriptions import DEFAULT_HZ, LEASE_S, Subscriptions
from bridge.osc.wire import Args, Message, Peer, outgoing, source_of

log = logging.getLogger(__name__)

IGNORED = frozenset({"/error", "/pong"})
"""Never answered: two servers that answer each other's errors would never stop."""
LONGEST_NAME = 64
"""Characters of an address for which similar ones are looked for; no real one is so long."""
LONGEST_TEXT = 512
"""Characters of each text of an error: what we send must not grow with what was sent to us."""


class Dispatch:
    """Carries messages out. Every failure becomes an ``/error address message hint`` reply."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._items: tuple[Item, ...] = ()
        self._index = Index(())
        self.subscriptions = Subscriptions(lambda pattern: {item.address for item in self._covered(pattern)})
        self._commands: dict[str, Callable[[Args, Peer, float, Budget], Iterator[Message]]] = {
            "/ping": self._ping,
            "/subscribe": self._subscribe,
            "/unsubscribe": self._unsubscribe,
            "/get": self._get,
            "/controls": self._controls,
        }

    def takes_long(self, address: str) -> bool:
        """Whether ``address`` is an action that reads or writes files: those alone have an argument."""
        item = self._bus.registry.find_address(address)
        return isinstance(item, Action) and bool(item.argument)

    def handle(self, address: str, args: Args, peer: Peer, now_s: float, budget: Budget) -> list[Message]:
        """Carry one message out and return the replies for ``peer``; its work is taken out of ``budget``."""
        if address in IGNORED:
            return []
        try:
            budget.spend(MESSAGE_STEPS)
            command = self._commands.get(address)
            if command is not None:
                return list(command(args, peer, now_s, budget))
            return list(self._use(address, args, peer, budget))
        except BridgeError as error:
            return [error_reply(address, error.message, error.hint)]
        except Exception as error:
            log.exception("%r from %s failed", address[:LONGEST_NAME], source_of(peer))
            return [error_reply(address, f"{type(error).__name__}: {error}", "the log has the details")]

    def _use(self, address: str, args: Args, peer: Peer, budget: Budget) -> Iterator[Message]:
        item = self._bus.registry.find_address(address)
        if isinstance(item, Action):
            self._trigger(item, args, peer)
        elif item is not None and not args:
            yield from self._present(item)
        elif isinstance(item, Control):
            self._bus.set(item.name, _only(args, "value"), source_of(peer))
        elif item is not None:
            raise ControlError(f"{item.name} is published by the sidecar and cannot be set", "leave the arguments out")
        elif is_pattern(address):
            yield from self._use_all(Pattern(address), args, peer, budget)
        else:
            raise ControlError(f"nothing lives at {address}", self._nearest(address, budget))

    def _nearest(self, address: str, budget: Budget) -> str:
        """A hint at what ``address`` may have been meant to be, where it is worth looking and there is time for it."""
        near = len(address) <= LONGEST_NAME and budget.hints > 0 and budget.affords(HINT_STEPS)
        budget.hints -= near
        return suggest_nearest(address, [item.address for item in self._bus.registry] if near else [])

    def _use_all(self, pattern: Pattern, args: Args, peer: Peer, budget: Budget) -> Iterator[Message]:
        """Set or ask for every control that a pattern matches. Actions are never triggered by a pattern."""
        index = self._fresh_index()
        budget.spend(index.steps(pattern))
        items = (self._items[number] for number in index.matching(pattern))
        controls = [item for item in items if isinstance(item, Control)]
        if not controls:
            raise ControlError(f"no control matches {pattern.text}", "/controls lists them")
        budget.spend(len(controls) * (SET_STEPS if args else REPLY_STEPS))
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
            yield from ((item.address, row) for row in self._bus.get_rows(item.name) or ((),))

    def _fresh_index(self) -> Index:
        """All addresses; made anew where something was added since."""
        if len(self._items) != len(self._bus.registry):
            self._items = tuple(self._bus.registry)
            self._index = Index(item.address for item in self._items)
        return self._index

    def _covered(self, pattern: Pattern) -> list[Item]:
        index = self._fresh_index()
        return [self._items[number] for number in index.covered(pattern)]

    def _paid(self, pattern: Pattern, budget: Budget) -> list[Item]:
        """What ``pattern`` covers; looking it up and a reply for each are taken out of ``budget``."""
        budget.spend(self._fresh_index().steps(pattern))
        items = self._covered(pattern)
        rows = [max(1, len(self._bus.get_rows(item.name))) if isinstance(item, Reading) else 1 for item in items]
        budget.spend(REPLY_STEPS * sum(rows))
        return items

    def _ping(self, args: Args, peer: Peer, now_s: float, budget: Budget) -> Iterator[Message]:  # noqa: ARG002
        yield "/pong", args

    def _subscribe(self, args: Args, peer: Peer, now_s: float, budget: Budget) -> Iterator[Message]:
        pattern, max_hz = _pattern(args[:1]), args[1] if len(args) > 1 else DEFAULT_HZ
        if isinstance(max_hz, bool) or not isinstance(max_hz, int | float) or len(args) > 2:
            raise ControlError("/subscribe takes a pattern and a rate", "send /subscribe pattern [max_hz]")
        items = self._paid(pattern, budget)
        self.subscriptions.subscribe(peer, pattern.text, float(max_hz), now_s)
        yield "/subscribed", (pattern.text, float(max_hz), LEASE_S)
        yield from self._known(items)

    def _unsubscribe(self, args: Args, peer: Peer, now_s: float, budget: Budget) -> Iterator[Message]:  # noqa: ARG002
        pattern = _pattern(args)
        self.subscriptions.unsubscribe(peer, pattern.text)
        yield "/unsubscribed", (pattern.text,)

    def _get(self, args: Args, peer: Peer, now_s: float, budget: Budget) -> Iterator[Message]:  # noqa: ARG002
        pattern = _pattern(args)
        replies = list(self._known(self._paid(pattern, budget)))
        yield from replies
        yield "/get/done", (pattern.text, len(replies))

    def _known(self, items: Sequence[Item]) -> Iterator[Message]:
        """The present values of ``items``; readings that were never published are left out."""
        for item in items:
            yield from (message for message in self._present(item) if message[1])

    def _controls(self, args: Args, peer: Peer, now_s: float, budget: Budget) -> Iterator[Message]:  # noqa: ARG002
        items = self._paid(_pattern(args or ("/",)), budget)
        for item in items:
            if isinstance(item, Control):
                head = (item.address, float(item.low), float(item.high), float(item.default), item.unit, item.kind)
                yield "/controls/control", (*head, item.doc, *item.choices)
            elif isinstance(item, Action):
                yield "/controls/action", (item.address, item.argument, item.doc)
            else:
                yield "/controls/reading", (item.address, item.doc, *item.fields)
        yield "/controls/done", (len(items),)


def error_reply(address: str, message: str, hint: str) -> Message:
    """The reply to what failed, its texts cut to what a person reads."""
    return "/error", tuple(text[:LONGEST_TEXT] for text in (address, message, hint))


def _only(args: Args, name: str) -> object:
    if len(args) != 1:
        raise ControlError(f"{len(args)} arguments", f"send one, the {name}")
    return args[0]


def _pattern(args: Args) -> Pattern:
    text = _only(args, "pattern")
    if not isinstance(text, str):
        raise ControlError("the pattern is not a word", "send a string such as /stems or /stems/*/mute")
    return Pattern(text)
