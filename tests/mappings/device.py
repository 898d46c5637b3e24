"""Device on a shipped mapping: its messages go through the real controller to a real Bus, its lights are kept."""

from __future__ import annotations

from functools import partial

from bridge.control.bus import Bus
from bridge.controllers.mappings.strips import Bank
from bridge.controllers.surface.controller import Controller
from bridge.core.control import parse_value
from tests.mappings.shipped import read_shipped, registry


class ShippedDevice:
    """One device. ``sent`` are the messages that it got since `forget`, in hex."""

    def __init__(self, name: str) -> None:
        self.bus = Bus(registry())
        self.actions: list[tuple[str, str]] = []
        for action in registry().actions:
            self.bus.add_handler(action.name, partial(self._note_action, action.name))
        self.controller = Controller(read_shipped(name), self.bus, Bank(), f"controller:{name}")
        self.now_s = 50.0
        self.sent: list[str] = []
        self.take()

    def _note_action(self, name: str, argument: str = "") -> None:
        self.actions.append((name, argument))

    def send(self, *messages: str) -> None:
        """The device sends messages, in hex, one after the other."""
        for message in messages:
            self.now_s += 0.02
            self.controller.receive(bytes.fromhex(message), self.now_s)
        self.take()

    def sweep(self, status: str) -> None:
        """A fader is moved from one end to the other, so that it takes over. ``status``: its bytes but the last."""
        self.send(*(f"{status} {value:02X}" for value in (*range(0, 127, 3), 127)))

    def take(self) -> None:
        """Take all that the device is sent within two seconds."""
        for _ in range(200):
            self.now_s += 0.01
            self.sent += [message.hex(" ").upper() for message in self.controller.take_output(self.now_s)]

    def set(self, control: str, value: float | str) -> None:
        """Set a control from elsewhere."""
        self.bus.set(control, parse_value(registry().get_control(control), value), "elsewhere")
        self.take()

    def get(self, control: str) -> float:
        return self.bus.get(control)

    def forget(self) -> None:
        self.sent.clear()
