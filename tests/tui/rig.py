"""A session fed by the real registry, Bus and OSC dispatch, in this process and without sockets."""

from __future__ import annotations

import functools
from collections.abc import Callable

from bridge.control.bus import Bus, Row
from bridge.control.registry import Registry
from bridge.core.control import Reading
from bridge.installed_controls import make_registry
from bridge.osc.dispatch import Dispatch
from bridge.osc.limits import Budget
from bridge.osc.wire import to_wire_values
from bridge.settings import Settings
from tui.core.registry import Value
from tui.core.screen import Answer, Context, View
from tui.core.session import Record, Session

PEER = ("127.0.0.1", 50000)
BUDGET_STEPS = 10**9


@functools.cache
def sidecar_registry() -> Registry:
    """What a sidecar with the default engines has."""
    return make_registry(Settings())


class BusRemote:
    """A `tui.core.screen.Remote` that acts on a Bus, and notes the actions that were called."""

    def __init__(self, rig: SessionRig) -> None:
        self._rig = rig
        self.calls: list[tuple[str, ...]] = []
        self.results: dict[str, list[Record]] = {}
        """What an action answers with, by its name."""
        self.errors: dict[str, str] = {}
        """The error that an action answers with, by its name."""
        self.undos: list[Callable[[], None]] = []
        """How to undo what was called."""
        self.recalls: list[tuple[dict[str, Value], str]] = []

    def set(self, name: str, value: Value) -> None:
        self._rig.bus.set(name, value, "tui")

    def toggle(self, name: str) -> None:
        self.set(name, not self._rig.session.is_on(name))

    def nudge(self, name: str, steps: float) -> None:
        control = self._rig.session.registry.controls[name]
        self.set(name, self._rig.session.get(name) + steps * control.step)

    def reset(self, name: str) -> None:
        self.set(name, self._rig.session.registry.controls[name].default)

    def recall(self, values: dict[str, Value], words: str) -> None:
        self.recalls.append((dict(values), words))
        self._rig.bus.set_all(values, "tui")

    def call(
        self, action: str, *arguments: str, answer: Answer | None = None, undo: Callable[[], None] | None = None
    ) -> None:
        self.calls.append((action, *arguments))
        error = self.errors.get(action, "")
        if undo is not None and not error:
            self.undos.append(undo)
        if answer is not None:
            answer(error, [] if error else self.results.get(action, []))

    def undo(self) -> None:
        self.calls.append(("undo",))

    def redo(self) -> None:
        self.calls.append(("redo",))


class SessionRig:
    """What a screen test needs: publish on ``bus``, and ``session`` has it. ``context`` is for a screen."""

    def __init__(self, width: int = 80, height: int = 24) -> None:
        self.bus = Bus(sidecar_registry())
        self.session = Session("127.0.0.1:9123", "attached")
        self.remote = BusRemote(self)
        self.messages: list[tuple[str, str]] = []
        self.context = Context(
            self.session,
            self.remote,
            View(width=width, height=height),
            100.0,
            lambda text, role: self.messages.append((text, role)),
        )
        self._dispatch = Dispatch(self.bus)
        for address in ("/controls", "/get"):
            for reply, args in self._dispatch.handle(address, ("/",), PEER, 0.0, Budget(BUDGET_STEPS)):
                self.session.feed(reply, args, 0.0)  # type: ignore[arg-type]
        self.bus.subscribe(self._forward)

    def _forward(self, name: str, row: Row, _source: str) -> None:
        item = self.bus.registry.find(name)
        assert item is not None
        if isinstance(item, Reading) and item.keyed and len(row) == 1:
            self.session.feed("/gone", (item.address, *row), self.context.now_s)
        else:
            self.session.feed(item.address, to_wire_values(item, row), self.context.now_s)
