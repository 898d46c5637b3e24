"""Retrieval of the registry, values and histories of a sidecar, in parts that one datagram may ask for.

A datagram has a budget of work in the sidecar. What exceeds it is refused and has no effect, so it is asked for again
in smaller parts: the registry by the initial letters of addresses, values by the parts of names.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Hashable

from tui.core.registry import Args, Registry, to_address, to_name
from tui.core.session import Session
from tui.wire.osc import Message
from tui.wire.questions import Question, Questions

HISTORY_ROWS = 150
"""Publications of a reading that are asked for: a datagram may have some 350 replies."""
PART_ROWS = 200
"""Rows of a reading that are asked for at once, where all are too many."""
FEWEST_ROWS = 10
"""Fewest rows of a part: where so many do not come whole, the history is left as it is."""
_ITEMS = frozenset({"/controls/control", "/controls/action", "/controls/reading"})
_DETAILS = frozenset({"/controls/detail", "/controls/arguments", "/controls/fields"})


class Retrieval:
    """What is asked for and has not come yet. ``session`` gets it, ``questions`` asks."""

    def __init__(self, session: Session, questions: Questions) -> None:
        self._session = session
        self._questions = questions
        self._held: dict[str, list[Args]] = {}
        """Events that came while the history of their reading was under way, by its name."""

    def forget(self) -> None:
        """Forget what is under way: it is asked for anew."""
        self._held.clear()

    def take(self, address: str, args: Args) -> bool:
        """Take a message that came; True where the session gets it later, with all others of its answer."""
        held = self._held.get(to_name(address))
        if held is not None:
            held.append(args)
        return address.startswith(("/controls/", "/history/"))

    def ask_registry(self, on_done: Callable[[Registry], None], on_failed: Callable[[str], None]) -> None:
        """Ask for all controls, actions and readings."""
        registry = Registry()
        parts = ["/"]

        def ask_next() -> None:
            if not parts:
                on_done(registry)
                return
            pattern = parts.pop()
            self._questions.ask(
                Question(
                    "/controls",
                    (pattern,),
                    "/controls/done",
                    take,
                    lambda text: divide(pattern, text),
                    find_key=find_item_key,
                    replies_each=2,
                )
            )

        def take(replies: list[Message]) -> None:
            for kinds in (_ITEMS, _DETAILS):  # a detail may come before its item
                for address, args in replies:
                    if address in kinds:
                        registry.add(address, args)
            ask_next()

        def divide(pattern: str, text: str) -> None:
            smaller = divide_letters(pattern)
            if not smaller:
                on_failed(f"the registry did not come: {text}")
                return
            parts.extend(reversed(smaller))
            ask_next()

        ask_next()

    def ask_values(self) -> None:
        """Ask for the values of all controls and readings."""
        self._ask_values_of("")

    def _ask_values_of(self, prefix: str) -> None:
        """Ask for what is below ``prefix``, a part of a name; in parts where that is too much."""

        def divide(_text: str) -> None:
            smaller = self._divide_names(prefix)
            for part in smaller:
                self._ask_values_of(part)
            if not smaller:
                self._ask_rows(prefix, 0, [])

        self._questions.ask(
            Question(
                "/get",
                (to_address(prefix),),
                "/get/done",
                lambda replies: self._drop_missing_rows(prefix, replies),
                divide,
                key=to_address(prefix),
                find_key=self._find_value_key,
            )
        )

    def _ask_rows(self, name: str, first: int, before: list[Message]) -> None:
        """Ask for the rows of a reading from ``first`` on, so many that one datagram may ask for them."""

        def take(replies: list[Message]) -> None:
            rows = [*before, *replies[:-1]]
            if len(replies) - 1 >= PART_ROWS:
                self._ask_rows(name, first + PART_ROWS, rows)
            else:
                self._drop_missing_rows(name, [*rows, replies[-1]])

        self._questions.ask(
            Question(
                "/get",
                (to_address(name), first, PART_ROWS),
                "/get/done",
                take,
                lambda _: None,
                key=to_address(name),
                find_key=lambda address, args: (
                    self._find_value_key(address, args) if to_name(address) == name else None
                ),
            )
        )

    def _divide_names(self, prefix: str) -> list[str]:
        """The parts of names one below ``prefix``."""
        registry = self._session.registry
        start = f"{prefix}." if prefix else ""
        names = (*registry.controls, *registry.readings)
        below = {start + name[len(start) :].partition(".")[0] for name in names if name.startswith(start)}
        return sorted(below - {prefix})

    def _drop_missing_rows(self, prefix: str, replies: list[Message]) -> None:
        """Drop the rows that went while nobody noticed: all that are left have just come."""
        keys: dict[str, set[object]] = {}
        for address, args in replies[:-1]:
            if args:
                keys.setdefault(to_name(address), set()).add(args[0])
        start = f"{prefix}." if prefix else ""
        for reading in self._session.registry.readings.values():
            if reading.kind == "rows" and (reading.name == prefix or reading.name.startswith(start)):
                self._session.keep_rows(reading.name, keys.get(reading.name, set()))

    def _find_value_key(self, address: str, args: Args) -> Hashable:
        """A control or reading, or the row of one."""
        name = to_name(address)
        reading = self._session.registry.readings.get(name)
        if reading is None:
            return name if name in self._session.registry.controls else None
        return (name, *args[:1]) if reading.kind == "rows" else name

    def ask_history(self, name: str, most: int = HISTORY_ROWS) -> None:
        """Ask for the last publications of a reading, ``most`` of them, in place of those that are known."""
        known = self._session.registry.readings.get(name)
        if known is None or not known.history:
            return
        address = to_address(name)
        self._held[name] = []

        def give_up(_text: str) -> None:
            self._held.pop(name, None)
            if most > FEWEST_ROWS:
                self.ask_history(name, most // 2)

        def take(replies: list[Message]) -> None:
            rows = [args[1:] for _, args in replies[:-1]]
            later = [args for args in self._held.pop(name, []) if args not in rows]
            self._session.replace_events(name, [*rows, *later])

        self._questions.ask(
            Question(
                "/history",
                (address, most),
                "/history/done",
                take,
                give_up,
                key=address,
                find_key=lambda reply, args: args if reply == "/history/row" and args[:1] == (address,) else None,
                is_ordered=True,
            )
        )


def divide_letters(pattern: str) -> list[str]:
    """Patterns that together cover what ``pattern`` covers: halves of its range of initial letters; none for one."""
    first, last = ("a", "z") if pattern == "/" else (pattern[2], pattern[4])
    letters = string.ascii_lowercase[ord(first) - ord("a") : ord(last) - ord("a") + 1]
    if len(letters) < 2:
        return []
    half = len(letters) // 2
    return [f"/[{one[0]}-{one[-1]}]*" for one in (letters[:half], letters[half:])]


def find_item_key(address: str, args: Args) -> Hashable:
    """An item of the registry, or its details; None for another message."""
    return (address, *args[:1]) if address in _ITEMS or address in _DETAILS else None
