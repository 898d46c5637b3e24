"""Registry of the sidecar as its OSC protocol describes it: controls, actions and readings by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

Value: TypeAlias = bool | int | float | str
"""An argument of an OSC message, of those that the sidecar sends."""
Args: TypeAlias = tuple[Value, ...]
DELAY_MOVES = "delay moves"
"""When a change takes effect that moves the declared delay of a path, in the sidecar's words."""


def to_name(address: str) -> str:
    """The dotted name of an OSC address: ``/stems/vocals/mute`` is ``stems.vocals.mute``."""
    return address.removeprefix("/").replace("/", ".")


def to_address(name: str) -> str:
    """The OSC address of a dotted name."""
    return "/" + name.replace(".", "/")


@dataclass(frozen=True, slots=True)
class Control:
    """A control. ``kind``: linear, log, integer, switch or choice. ``step``: what one press of a key changes.

    ``unavailable``: numbers of choices that cannot be chosen now, as the file is gone.
    """

    name: str
    low: float
    high: float
    default: float
    unit: str
    kind: str
    doc: str
    choices: tuple[str, ...] = ()
    order: int = 0
    takes_effect: str = "at once"
    saved: bool = True
    step: float = 0.0
    unavailable: tuple[int, ...] = ()

    @property
    def available_choices(self) -> tuple[str, ...]:
        """The choices that can be chosen now."""
        return tuple(word for number, word in enumerate(self.choices, int(self.low)) if number not in self.unavailable)

    @property
    def moves_delay(self) -> bool:
        """Whether a change moves a declared delay, which a DAW has to read anew."""
        return self.takes_effect == DELAY_MOVES


@dataclass(frozen=True, slots=True)
class Action:
    """An action and the names of its arguments, of which the last ``optional`` may be left out."""

    name: str
    doc: str
    arguments: tuple[str, ...] = ()
    order: int = 0
    optional: int = 0
    repeats: bool = False
    result: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading. ``kind``: state (the latest values), rows (by the first field) or events (each for itself)."""

    name: str
    doc: str
    fields: tuple[str, ...]
    order: int = 0
    kind: str = "state"
    history: int = 0
    units: tuple[str, ...] = ()


@dataclass(slots=True)
class Registry:
    """What the sidecar has. Messages of ``/controls`` are added in any order; those that repeat replace."""

    controls: dict[str, Control] = field(default_factory=dict)
    actions: dict[str, Action] = field(default_factory=dict)
    readings: dict[str, Reading] = field(default_factory=dict)

    def add(self, address: str, args: Args) -> bool:
        """Add what a message below ``/controls`` describes; False where it is none, or malformed."""
        add = {
            "/controls/control": self._add_control,
            "/controls/detail": self._add_detail,
            "/controls/action": self._add_action,
            "/controls/arguments": self._add_arguments,
            "/controls/reading": self._add_reading,
            "/controls/fields": self._add_fields,
        }.get(address)
        if add is None or not args:
            return False
        try:
            add(to_name(str(args[0])), args[1:])
        except (KeyError, ValueError, IndexError, TypeError, OverflowError):
            return False
        return True

    def _add_control(self, name: str, rest: Sequence[Value]) -> None:
        low, high, default, unit, kind, doc, *choices = rest
        self.controls[name] = Control(
            name, float(low), float(high), float(default), str(unit), str(kind), str(doc), tuple(map(str, choices))
        )

    def _add_detail(self, name: str, rest: Sequence[Value]) -> None:
        order, takes_effect, saved, step = rest[:4]
        self.controls[name] = replace(
            self.controls[name],
            order=int(order),
            takes_effect=str(takes_effect),
            saved=bool(saved),
            step=float(step),
            unavailable=tuple(map(int, rest[4:])),
        )

    def _add_action(self, name: str, rest: Sequence[Value]) -> None:
        _, doc = rest[:2]
        self.actions[name] = Action(name, str(doc))

    def _add_arguments(self, name: str, rest: Sequence[Value]) -> None:
        order, optional, repeats, count, *names = rest
        words = tuple(map(str, names))
        self.actions[name] = replace(
            self.actions[name],
            order=int(order),
            optional=int(optional),
            repeats=bool(repeats),
            arguments=words[: int(count)],
            result=words[int(count) :],
        )

    def _add_reading(self, name: str, rest: Sequence[Value]) -> None:
        doc, *fields = rest
        self.readings[name] = Reading(name, str(doc), tuple(map(str, fields)))

    def _add_fields(self, name: str, rest: Sequence[Value]) -> None:
        order, kind, history, *units = rest
        self.readings[name] = replace(
            self.readings[name],
            order=int(order),
            kind=str(kind),
            history=int(history),
            units=tuple(map(str, units)),
        )
