"""Control bus: every change of a control, by OSC, MIDI, preset or screen, goes through it."""

from __future__ import annotations

import logging
import math
import threading
from collections import deque
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from bridge.control.registry import Registry
from bridge.core.control import Action, Reading, Value, parse_value
from bridge.errors import BridgeError, ControlError

log = logging.getLogger(__name__)

Row: TypeAlias = tuple[Value, ...]
ChangeCallback: TypeAlias = Callable[[str, Row, str], object]
"""Called with the name, values and source of a change; a control has one value. The result is ignored."""
ActionHandler: TypeAlias = Callable[[str], object]
"""Called with the argument of an action, empty where it has none. The result is ignored."""


class Bus:
    """The values of all controls, and their subscribers.

    All methods are thread-safe. Subscribers and handlers run without a lock held, in the calling thread or in another
    one that is delivering at that moment, and always in the order of the changes. A change made by a subscriber is
    delivered after the current notification. Only changes are published, so two mirrors of a control settle.
    """

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._lock = threading.Lock()
        self._values = {control.name: float(control.default) for control in registry.controls}
        self._rows: dict[str, dict[Value, Row]] = {}
        self._handlers: dict[str, list[ActionHandler]] = {}
        self._subscribers: dict[int, tuple[ChangeCallback, str | None]] = {}
        self._next_subscriber = 0
        self._pending: deque[tuple[str, Row, str]] = deque()
        self._delivering = False

    def set(self, name: str, value: object, source: str) -> float:
        """Set a control, clamped to its range, and notify all subscribers but ``source``; returns the new value.

        ``value``: a number, a bool for a switch, the word of a choice.

        Raises:
            ControlError: The name is unknown, the value is of the wrong type, NaN or infinite. Nothing is changed.
        """
        control = self.registry.get_control(name)
        number = float(control.clamp(parse_value(control, value)))
        with self._lock:
            if self._values[name] != number:
                self._values[name] = number
                self._pending.append((name, (number,), source))
        self._deliver()
        return number

    def get(self, name: str) -> float:
        """The current value of a control.

        Raises:
            ControlError: The name is unknown.
        """
        self.registry.get_control(name)
        with self._lock:
            return self._values[name]

    def values(self) -> Mapping[str, float]:
        """A snapshot of all values, by control name."""
        with self._lock:
            return MappingProxyType(dict(self._values))

    def add_handler(self, action: str, handler: ActionHandler) -> None:
        """Call ``handler`` with the argument whenever ``action`` is triggered; an action may have several.

        Raises:
            ControlError: The action is unknown.
        """
        self.registry.get_action(action)
        with self._lock:
            self._handlers.setdefault(action, []).append(handler)

    def check_handlers(self) -> None:
        """Check that every declared action has a handler.

        Raises:
            ControlError: An action has none.
        """
        with self._lock:
            missing = [action.name for action in self.registry.actions if not self._handlers.get(action.name)]
        if missing:
            raise ControlError(
                f"no handler is registered for {', '.join(missing)}", "add one in _register_actions of bridge/app.py"
            )

    def trigger(self, name: str, argument: str = "", source: str = "") -> None:
        """Run an action's handlers in the caller's thread.

        Raises:
            ControlError: The action is unknown, has no handler or another argument, or a handler failed. All handlers
                run; the first error is raised.
        """
        action = self.registry.get_action(name)
        _check_argument(action, argument)
        with self._lock:
            handlers = tuple(self._handlers.get(name, ()))
        if not handlers:
            raise ControlError(f"{name}: no handler is registered", "start sideman run first")
        failures = [failure for handler in handlers if (failure := _run(action, handler, argument)) is not None]
        log.debug("%s triggered by %s", name, source or "nobody")
        if failures:
            raise failures[0]

    def publish(self, reading: str, *values: Value) -> None:
        """Publish a reading: one value per field; in a keyed reading the first value names the row.

        Raises:
            ControlError: The reading is unknown, the number of values is wrong, or a value is not finite.
        """
        spec = self.registry.get_reading(reading)
        if len(values) != len(spec.fields):
            raise ControlError(f"{reading}: {len(values)} values", f"give {', '.join(spec.fields)}")
        for field, value in zip(spec.fields, values, strict=True):
            if isinstance(value, float) and not math.isfinite(value):
                raise ControlError(f"{reading}: {field} is {value}", "publish finite numbers")
        with self._lock:
            # removed first, so that the rows stay in the order of their last publication
            rows = self._rows.setdefault(reading, {})
            rows.pop(_find_row_key(spec, values), None)
            rows[_find_row_key(spec, values)] = values
            self._pending.append((reading, values, ""))
        self._deliver()

    def get_latest(self, reading: str) -> Row | None:
        """The values that were published last for a reading; None before the first time."""
        rows = self.get_rows(reading)
        return rows[-1] if rows else None

    def get_rows(self, reading: str) -> tuple[Row, ...]:
        """The latest values of every row of a reading, oldest first; at most one where it is not keyed."""
        self.registry.get_reading(reading)
        with self._lock:
            return tuple(self._rows.get(reading, {}).values())

    @property
    def is_delivered(self) -> bool:
        """Whether all subscribers have had every change so far; another thread may be delivering one still."""
        with self._lock:
            return not self._delivering and not self._pending

    def subscribe(self, callback: ChangeCallback, source: str | None = None) -> Callable[[], None]:
        """Call ``callback`` for every change but those made by ``source``; returns a function that ends it.

        A callback that raises an exception is logged and not called again.
        """
        with self._lock:
            number = self._next_subscriber
            self._next_subscriber += 1
            self._subscribers[number] = (callback, source)
        return lambda: self._unsubscribe(number)

    def _unsubscribe(self, number: int) -> None:
        with self._lock:
            self._subscribers.pop(number, None)

    def _deliver(self) -> None:
        """Deliver pending notifications one at a time and in order, unless another thread is delivering already."""
        while True:
            with self._lock:
                if self._delivering or not self._pending:
                    return
                self._delivering = True
                name, values, source = self._pending.popleft()
                subscribers = tuple(self._subscribers.items())
            try:
                for number, (callback, own) in subscribers:
                    if own is None or own != source:
                        self._notify(number, callback, name, values, source)
            finally:
                with self._lock:
                    self._delivering = False

    def _notify(self, number: int, callback: ChangeCallback, name: str, values: Row, source: str) -> None:
        try:
            callback(name, values, source)
        except Exception:
            log.exception("a subscriber failed on %s and is dropped", name)
            self._unsubscribe(number)


def _find_row_key(spec: Reading, values: Row) -> Value:
    return values[0] if spec.keyed else ""


def _check_argument(action: Action, argument: str) -> None:
    if action.argument and not argument:
        raise ControlError(f"{action.name}: {action.argument} is missing", f"give the {action.argument}")
    if argument and not action.argument:
        raise ControlError(f"{action.name} takes no argument", "leave it out")


def _run(action: Action, handler: ActionHandler, argument: str) -> ControlError | None:
    try:
        handler(argument)
    except BridgeError as error:
        return ControlError(f"{action.name}: {error.message}", error.hint)
    except Exception as error:
        log.exception("%s failed", action.name)
        return ControlError(f"{action.name}: {type(error).__name__}: {error}", "the log has the details")
    return None
