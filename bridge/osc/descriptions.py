"""Descriptions of controls, actions and readings for clients: the messages that answer ``/controls``."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.core.control import Action, Control, Item, find_unit
from bridge.osc.wire import Message


def describe(item: Item, order: int) -> Iterator[Message]:
    """Yield the two messages that describe ``item``; ``order``: its place in the registry.

    The second one came later: a client that was written for the first alone ignores it.
    """
    if isinstance(item, Control):
        limits = (float(item.low), float(item.high), float(item.default))
        yield "/controls/control", (item.address, *limits, item.unit, item.kind, item.doc, *item.choices)
        details = (order, item.takes_effect, int(item.saved), float(item.step_size), *item.unavailable_numbers)
        yield "/controls/detail", (item.address, *details)
    elif isinstance(item, Action):
        yield "/controls/action", (item.address, item.argument, item.doc)
        shape = (order, item.optional, int(item.repeats), len(item.arguments))
        yield "/controls/arguments", (item.address, *shape, *item.arguments, *item.result)
    else:
        yield "/controls/reading", (item.address, item.doc, *item.fields)
        yield "/controls/fields", (item.address, order, item.kind, item.history, *map(find_unit, item.fields))
