"""Control bus: every change of a control, by OSC, MIDI, preset or screen, goes through it."""

from __future__ import annotations

import logging
import math
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

from bridge.control.registry import Registry
from bridge.core.control import Action, Reading, Value
from bridge.errors import BridgeError, ControlError

log = logging.getLogger(__name__)

Row: TypeAlias = tuple[Value, ...]
ChangeCallback: TypeAlias = Callable[[str, Row, str], object]
"""Called with the name, values and source of a change; a control has one value. The result is ignored.

A row that was withdrawn comes as its key alone: `is_withdrawn`.
"""
ActionHandler: TypeAlias = Callable[..., Iterable[Row] | None]
"""Called with the arguments of an action, all of them strings. Returns rows with the fields of ``Action.result``."""

CHANGE = "change"
"""The reading that records the changes of controls, where the registry has it."""


def is_withdrawn(spec: Reading, row: Row) -> bool:
    """Whether ``row`` says that the row of its key has gone."""
    return spec.keyed and len(row) == 1


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
        self._histories = {one.name: deque[Row](maxlen=one.history) for one in registry.readings if one.history}
        self._changes = 0
        self._handlers: dict[str, list[ActionHandler]] = {}
        self._subscribers: dict[int, tuple[ChangeCallback, str | None]] = {}
        self._settled: dict[int, Callable[[], object]] = {}
        self._next_subscriber = 0
        self._pending: deque[tuple[str, Row, str]] = deque()
        self._delivering = False

    def set(self, name: str, value: object, source: str) -> float:
        """Set a control, clamped to its range, and notify all subscribers but ``source``; returns the new value.

        ``value``: a number, a bool for a switch, the word of a choice.

        Raises:
            ControlError: The name is unknown, or the value of the wrong type, not finite, or a choice that cannot be
                chosen now. Nothing is changed.
        """
        return self.set_all({name: value}, source)[name]

    def set_all(self, values: Mapping[str, object], source: str) -> dict[str, float]:
        """Set several controls at once, as `set` does; returns the new values.

        No subscriber sees some of them without the others in `values`, and ``settled`` of `subscribe` is called once.

        Raises:
            ControlError: As in `set`. Nothing is changed.
        """
        numbers = {}
        for name, value in values.items():
            number = self.registry.parse_value(name, value)
            numbers[name] = float(self.registry.get_control(name).clamp(number))
        with self._lock:
            for name in (name for name, number in numbers.items() if self._values[name] != number):
                self.registry.get_control(name).check_available(numbers[name])
            for name, number in numbers.items():
                if self._values[name] != number:
                    self._values[name] = number
                    self._changes += 1
                    self._pending.append((name, (number,), source))
                    self._record_change(name, number, source)
        self._deliver()
        return numbers

    def _record_change(self, name: str, number: float, source: str) -> None:
        """Publish a change of a control, with its number and its source, as the reading CHANGE."""
        if CHANGE in self.registry:
            row: Row = (self._changes, name, number, source)
            self._keep(self.registry.get_reading(CHANGE), row)
            self._pending.append((CHANGE, row, ""))

    @property
    def changes(self) -> int:
        """How many changes of controls there were."""
        with self._lock:
            return self._changes

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

    def trigger(self, name: str, *arguments: str, source: str = "") -> tuple[Row, ...]:
        """Run an action's handlers in the caller's thread; returns the rows that they answer with.

        Raises:
            ControlError: The action is unknown, has no handler or other arguments, or a handler failed. All handlers
                run; the first error is raised.
        """
        action = self.registry.get_action(name)
        _check_arguments(action, arguments)
        with self._lock:
            handlers = tuple(self._handlers.get(name, ()))
        if not handlers:
            raise ControlError(f"{name}: no handler is registered", "start sideman run first")
        results = [_run(action, handler, arguments) for handler in handlers]
        log.debug("%s triggered by %s", name, source or "nobody")
        for result in results:
            if isinstance(result, ControlError):
                raise result
        return tuple(row for result in results if not isinstance(result, ControlError) for row in result)

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
            self._keep(spec, values)
            self._pending.append((reading, values, ""))
        self._deliver()

    def _keep(self, spec: Reading, values: Row) -> None:
        # removed first, so that the rows stay in the order of their last publication
        rows = self._rows.setdefault(spec.name, {})
        rows.pop(_find_row_key(spec, values), None)
        rows[_find_row_key(spec, values)] = values
        if spec.history:
            self._histories[spec.name].append(values)

    def withdraw(self, reading: str, key: Value) -> None:
        """Remove the row ``key`` of a keyed reading, and notify the subscribers; nothing where there is none.

        Raises:
            ControlError: The reading is unknown.
        """
        self.registry.get_reading(reading)
        with self._lock:
            if self._rows.get(reading, {}).pop(key, None) is None:
                return
            self._pending.append((reading, (key,), ""))
        self._deliver()

    def get_history(self, reading: str) -> tuple[Row, ...]:
        """The last publications of a reading, oldest first, as many as it keeps.

        Raises:
            ControlError: The reading is unknown.
        """
        self.registry.get_reading(reading)
        with self._lock:
            return tuple(self._histories.get(reading, ()))

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

    def subscribe(
        self, callback: ChangeCallback, source: str | None = None, settled: Callable[[], object] | None = None
    ) -> Callable[[], None]:
        """Call ``callback`` for every change but those made by ``source``; returns a function that ends it.

        ``settled``: called whenever all changes so far have been delivered. A callback that raises an exception is
        logged and not called again.
        """
        with self._lock:
            number = self._next_subscriber
            self._next_subscriber += 1
            self._subscribers[number] = (callback, source)
            if settled is not None:
                self._settled[number] = settled
        return lambda: self._unsubscribe(number)

    def _unsubscribe(self, number: int) -> None:
        with self._lock:
            self._subscribers.pop(number, None)
            self._settled.pop(number, None)

    def _deliver(self) -> None:
        """Deliver pending notifications one at a time and in order, unless another thread is delivering already."""
        while True:
            with self._lock:
                if self._delivering or not self._pending:
                    return
                self._delivering = True
                name, values, source = self._pending.popleft()
                subscribers = tuple(self._subscribers.items())
                settled = tuple(self._settled.items()) if not self._pending else ()
            try:
                for number, (callback, own) in subscribers:
                    if own is None or own != source:
                        self._guard(number, name, callback, name, values, source)
                for number, callback_settled in settled:
                    self._guard(number, name, callback_settled)
            finally:
                with self._lock:
                    self._delivering = False

    def _guard(self, number: int, name: str, callback: Callable[..., object], *args: object) -> None:
        """Call a subscriber's ``callback``; one that fails is logged and dropped."""
        try:
            callback(*args)
        except Exception:
            log.exception("a subscriber failed on %s and is dropped", name)
            self._unsubscribe(number)


def _find_row_key(spec: Reading, values: Row) -> Value:
    return values[0] if spec.keyed else ""


def _check_arguments(action: Action, arguments: Sequence[str]) -> None:
    least, names = len(action.arguments) - action.optional, action.arguments
    if len(arguments) < least or (least and not arguments[0]):
        missing = names[min(len(arguments), least - 1)]
        raise ControlError(f"{action.name}: {missing} is missing", f"give the {missing}")
    if arguments and not names:
        raise ControlError(f"{action.name} takes no argument", "leave it out")
    if len(arguments) > len(names) and not action.repeats:
        raise ControlError(f"{action.name}: {len(arguments)} arguments", f"give {', '.join(names)}")


def _run(action: Action, handler: ActionHandler, arguments: Sequence[str]) -> tuple[Row, ...] | ControlError:
    try:
        return tuple(handler(*arguments) or ())
    except BridgeError as error:
        return ControlError(f"{action.name}: {error.message}", error.hint)
    except Exception as error:
        log.exception("%s failed", action.name)
        return ControlError(f"{action.name}: {type(error).__name__}: {error}", "the log has the details")
