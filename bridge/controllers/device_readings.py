"""Readings of the controllers: devices, what is bound, the last message and counters, published when they change."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import astuple, dataclass

from bridge.control.bus import Bus, Row

MESSAGES_S = 0.05
"""The reading of the last message is published at most so often."""
ROWS_S = 0.25
"""All others."""
REMOVED = "removed"
"""State of a binding or device that is no more: a row of a reading stays for ever, so its state says so."""


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A row of the reading ``controllers.device``."""

    device: str
    mapping: str = ""
    input: str = ""
    output: str = ""
    state: str = "missing"
    detail: str = ""


@dataclass(frozen=True, slots=True)
class BindingRow:
    """A row of the reading ``controllers.binding``."""

    binding: str
    device: str
    message: str
    control: str
    state: str = ""


class DeviceReadings:
    """Publishes on ``bus``. `note_message` may be called by several threads, the rest by one."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._devices: dict[str, DeviceRow] = {}
        self._bindings: dict[str, BindingRow] = {}
        self._counters: Row = ()
        self._lock = threading.Lock()
        self._message: Row | None = None
        self._rows_due_s = self._message_due_s = 0.0

    def note_message(self, device: str, message: str, value: int, control: str) -> None:
        """Keep the last message, until it is due to be published."""
        with self._lock:
            self._message = (device, message, value, control)

    def update_message(self, now_s: float) -> None:
        """Publish the last message, if there is a new one and it is due."""
        if self._message is None or now_s < self._message_due_s:
            return
        with self._lock:
            message, self._message = self._message, None
        if message is not None:
            self._message_due_s = now_s + MESSAGES_S
            self._bus.publish("controllers.message", *message)

    def is_due(self, now_s: float) -> bool:
        """Whether `publish_rows` is to be called; True once for each period."""
        if now_s < self._rows_due_s:
            return False
        self._rows_due_s = now_s + ROWS_S
        return True

    def publish_rows(
        self, devices: Iterable[DeviceRow], bindings: Iterable[BindingRow], counters: tuple[int, int, int, int]
    ) -> None:
        """Publish what differs from the last time. ``counters``: received, sent, lost, incomplete."""
        present_devices = {row.device: row for row in devices}
        for device, before in self._devices.items():
            if device not in present_devices and before.state != REMOVED:
                present_devices[device] = DeviceRow(device, before.mapping, state=REMOVED)
        for row in present_devices.values():
            if row != self._devices.get(row.device):
                self._bus.publish("controllers.device", *astuple(row))
        self._devices = {name: row for name, row in present_devices.items() if row.state != REMOVED}
        present_bindings = {row.binding: row for row in bindings}
        for binding, bound in self._bindings.items():
            if binding not in present_bindings:
                present_bindings[binding] = BindingRow(binding, bound.device, bound.message, "", REMOVED)
        for one in present_bindings.values():
            if one != self._bindings.get(one.binding):
                self._bus.publish("controllers.binding", *astuple(one))
        self._bindings = {name: one for name, one in present_bindings.items() if one.state != REMOVED}
        if counters != self._counters:
            self._bus.publish("controllers.counters", *counters)
            self._counters = counters
