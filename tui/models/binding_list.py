"""Binding list: what faders, knobs and buttons of the controllers do, and what could be bound to one."""

from __future__ import annotations

from dataclasses import dataclass

from tui.core.session import Record, Session
from tui.core.values import find_position, format_value, read_number, read_text

REMOVED = "removed"
"""State of a row that is no more, of sidecars that cannot withdraw rows."""
LISTENING = ("listening", "refused")
"""States of ``learn.state`` in which a fader may be moved."""
LOAD = "preset.load"


@dataclass(frozen=True, slots=True)
class Binding:
    """A control or an action, and the fader or button that it is bound to.

    Attributes:
        target: The name of the control or action.
        message: What the controller sends; empty where nothing is bound.
        device: The controller.
        value: The present value of the control with its unit; empty for an action.
        share: Where it lies in its range, 0 to 1; None for an action.
        state: Of the binding: picked up, or where the fader has to be moved.
        doc: What the target does.
    """

    target: str
    message: str = ""
    device: str = ""
    value: str = ""
    share: float | None = None
    state: str = ""
    doc: str = ""

    @property
    def key(self) -> str:
        """What tells it apart in a list."""
        return f"{self.target} {self.device} {self.message}"


def list_devices(session: Session) -> list[Record]:
    """The controllers that are there, or missed."""
    return [one for one in session.read_rows("controllers.device") if read_text(one, "state") != REMOVED]


def list_bindings(session: Session) -> list[Binding]:
    """What is bound, in the order of the controllers."""
    rows = [one for one in session.read_rows("controllers.binding") if read_text(one, "state") != REMOVED]
    return [_make_binding(session, read_text(one, "control"), one) for one in rows]


def list_targets(session: Session, find: str) -> list[Binding]:
    """Controls and actions with all words of ``find`` in their names or descriptions, bound or not."""
    words = find.lower().split()
    bound: dict[str, list[Record]] = {}
    for row in session.read_rows("controllers.binding"):
        if read_text(row, "state") != REMOVED:
            bound.setdefault(read_text(row, "control"), []).append(row)
    docs = {one.name: one.doc for one in session.registry.controls.values()}
    docs |= {one.name: one.doc for one in session.registry.actions.values() if len(one.arguments) <= one.optional}
    if LOAD in session.registry.actions:
        for entry in session.read_rows("preset.entry"):
            if not read_text(entry, "problem"):
                docs[f"{LOAD} {read_text(entry, 'preset')}"] = read_text(entry, "doc")
    found = [name for name, doc in docs.items() if all(word in f"{name} {doc}".lower() for word in words)]
    found.sort(key=lambda name: (not all(word in name for word in words), name))
    return [_make_binding(session, name, row) for name in found for row in bound.get(name, [{}])]


def _make_binding(session: Session, target: str, row: Record) -> Binding:
    name = target.partition(" ")[0]
    control = session.registry.controls.get(name)
    action = session.registry.actions.get(name)
    place = read_text(row, "message"), read_text(row, "device")
    if control is None:
        return Binding(target, *place, state=read_text(row, "state"), doc=action.doc if action is not None else "")
    number = session.get(name)
    return Binding(
        target,
        *place,
        format_value(control, number),
        find_position(control, number),
        read_text(row, "state"),
        control.doc,
    )


def list_candidates(session: Session) -> list[Record]:
    """What has been moved since learning began, the likeliest first."""
    rows = [one for one in session.read_rows("learn.candidate") if read_text(one, "message")]
    return sorted(rows, key=lambda one: read_number(one, "rank"))


def is_listening(session: Session) -> bool:
    """Whether a fader may be moved now, to be bound."""
    return read_text(session.read("learn.state"), "state") in LISTENING
