"""Registry of controls, actions and readings, by unique name and OSC address."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from bridge.core.control import Action, Control, Item, Reading, parse_value, suggest_nearest
from bridge.errors import ControlError

I = TypeVar("I", Control, Action, Reading)  # noqa: E741 - the usual name would hide Item


class Registry:
    """Controls, actions and readings in the order of their declaration. Names are unique."""

    def __init__(self) -> None:
        self._items: dict[str, Item] = {}
        self._owners: dict[str, str] = {}
        self._addresses: dict[str, Item] = {}
        self._updates: dict[str, Callable[[], object]] = {}
        self.revision = 0
        """How many times items were replaced: whoever keeps what it found here asks anew when this has changed."""

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items.values())

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, name: str) -> bool:
        return name in self._items

    def add(self, items: Iterable[Item], owner: str) -> None:
        """Add ``items``; ``owner`` (``the sidecar``, an engine's name) appears in the error for a duplicate name.

        Raises:
            ControlError: A name is taken, or one control's name is the beginning of another's (a.b and a.b.c).
        """
        for item in items:
            if item.name in self._items:
                raise ControlError(
                    f"{_name_kind(item)} {item.name} of {owner} and {_name_kind(self._items[item.name])} {item.name} "
                    f"of {self._owners[item.name]} have the same name",
                    "rename one of them",
                )
            if isinstance(item, Control):
                self._refuse_nested(item, owner)
            self._items[item.name] = item
            self._owners[item.name] = owner
            self._addresses[item.address] = item

    def _refuse_nested(self, control: Control, owner: str) -> None:
        """Refuse a.b beside a.b.c: in a TOML preset a.b would be a value and a table at once."""
        for other in self.controls:
            if other.name.startswith(control.name + ".") or control.name.startswith(other.name + "."):
                raise ControlError(
                    f"control {control.name} of {owner} and control {other.name} of {self._owners[other.name]} "
                    "are nested in one another",
                    "rename one of them",
                )

    def replace(self, controls: Iterable[Control]) -> None:
        """Replace controls by others of the same names, which have other choices, in one new revision.

        From one thread at a time; others may read meanwhile.

        Raises:
            ControlError: There is no control of a name.
        """
        for control in controls:
            self.get_control(control.name)
            self._items[control.name] = control
            self._addresses[control.address] = control
        self.revision += 1

    def follow_choices(self, names: Iterable[str], update: Callable[[], object]) -> None:
        """Call ``update`` before a word is looked for among the choices of these controls: it may `replace` them."""
        self._updates.update(dict.fromkeys(names, update))

    def parse_value(self, name: str, value: object) -> float:
        """Parse ``value`` to the number of the control ``name``, as `bridge.core.control.parse_value` does.

        Raises:
            ControlError: There is no such control, or the value is of another type, or not finite.
        """
        self.get_control(name)
        if isinstance(value, str) and name in self._updates:
            self._updates[name]()
        return parse_value(self.get_control(name), value)

    def find(self, name: str) -> Item | None:
        """The item ``name``; None where there is none."""
        return self._items.get(name)

    def find_address(self, address: str) -> Item | None:
        """The item at an OSC address; None where there is none."""
        return self._addresses.get(address)

    def get_owner(self, name: str) -> str:
        """The owner of ``name``, as it was given to `add`."""
        return self._owners[name]

    @property
    def controls(self) -> tuple[Control, ...]:
        """All controls, in the order of declaration."""
        return tuple(item for item in self if isinstance(item, Control))

    @property
    def actions(self) -> tuple[Action, ...]:
        """All actions, in the order of declaration."""
        return tuple(item for item in self if isinstance(item, Action))

    @property
    def readings(self) -> tuple[Reading, ...]:
        """All readings, in the order of declaration."""
        return tuple(item for item in self if isinstance(item, Reading))

    def get_control(self, name: str) -> Control:
        """The control ``name``.

        Raises:
            ControlError: There is none; the hint gives the nearest names.
        """
        return self._get(Control, name)

    def get_action(self, name: str) -> Action:
        """The action ``name``.

        Raises:
            ControlError: There is none; the hint gives the nearest names.
        """
        return self._get(Action, name)

    def get_reading(self, name: str) -> Reading:
        """The reading ``name``.

        Raises:
            ControlError: There is none; the hint gives the nearest names.
        """
        return self._get(Reading, name)

    def _get(self, kind: type[I], name: str) -> I:
        item = self._items.get(name)
        if isinstance(item, kind):
            return item
        wanted = kind.__name__.lower()
        if item is not None:
            raise ControlError(f"{name} is not a {wanted}", f"it is {_name_with_article(item)}")
        names = [other.name for other in self if isinstance(other, kind)]
        raise ControlError(f"no {wanted} is named {name}", suggest_nearest(name, names))


def _name_kind(item: Item) -> str:
    return type(item).__name__.lower()


def _name_with_article(item: Item) -> str:
    return ("an " if isinstance(item, Action) else "a ") + _name_kind(item)
