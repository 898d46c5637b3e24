"""Readings of the controllers: devices, what is bound, the last message and counters, published when they change."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass

from bridge.control.bus import Bus, Row
from bridge.controllers.mappings.mapping import MessageKind, MessageSpec
from bridge.controllers.mappings.message_specs import format_message_spec
from bridge.controllers.mcu.daw_session import PORT_NAME
from bridge.controllers.surface.controller import Controller

log = logging.getLogger(__name__)

MESSAGES_S = 0.05
"""The reading of the last message is published at most so often."""
ROWS_S = 0.5
"""All others. A device has a hundred bindings, so this is no trifle."""
REMOVED = "removed"
"""State of a binding or device that is no more: a row of a reading stays for ever, so its state says so."""


SILENT = "it has not answered what its mapping sends at the start; its lights may stay dark"
"""Detail of a device that does not confirm itself."""

_KINDS = {
    0x80: MessageKind.NOTE,
    0x90: MessageKind.NOTE,
    0xA0: MessageKind.KEY_PRESSURE,
    0xB0: MessageKind.CC,
    0xC0: MessageKind.PROGRAM,
    0xD0: MessageKind.CHANNEL_PRESSURE,
    0xE0: MessageKind.PITCH_BEND,
}
_WIDE = (MessageKind.CC14, MessageKind.NRPN)


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
        self._message: tuple[str, Controller, bytes] | None = None
        self._rows_due_s = self._message_due_s = 0.0

    def note_message(self, device: str, controller: Controller, message: bytes) -> None:
        """Keep the last message, until it is due to be published. Costs little: there may be 10,000 a second."""
        self._message = device, controller, message

    def update_message(self, now_s: float) -> None:
        """Publish the last message, if there is a new one and it is due."""
        noted = self._message
        if noted is None or now_s < self._message_due_s:
            return
        self._message, self._message_due_s = None, now_s + MESSAGES_S
        device, controller, message = noted
        self._bus.publish("controllers.message", device, *describe_message(message, controller))

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
        present_bindings = {row.binding: row for row in bindings}
        self._log_arrivals(present_devices.values(), Counter(row.device for row in present_bindings.values()))
        for device, before in self._devices.items():
            if device not in present_devices and before.state != REMOVED:
                present_devices[device] = DeviceRow(device, before.mapping, state=REMOVED)
        for row in present_devices.values():
            if row != self._devices.get(row.device):
                self._bus.publish("controllers.device", *astuple(row))
        self._devices = {name: row for name, row in present_devices.items() if row.state != REMOVED}
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

    def _log_arrivals(self, devices: Iterable[DeviceRow], bound: Counter[str]) -> None:
        """Log which devices came and went since the last time."""
        are_open = {row.device: row for row in devices if _is_arrived(row)}
        were_open = {name for name, row in self._devices.items() if _is_arrived(row)}
        for name, row in are_open.items():
            if name not in were_open:
                log.info("%s: connected, %s", name, f"{bound[name]} inputs bound" if row.mapping else row.detail)
        for name in sorted(were_open - are_open.keys()):
            log.info("%s: no longer connected", name)


def _is_arrived(row: DeviceRow) -> bool:
    """Whether a controller is open; the ports for a DAW always are, and say nothing about whether one is there."""
    return row.state in ("port", "confirmed") and row.device != PORT_NAME


def describe_message(message: bytes, controller: Controller) -> tuple[str, int, str]:
    """The words, the value and the control of the last ``message`` that ``controller`` received.

    The words are those of a mapping file, or the bytes in hex where it has none for such a message.
    """
    kind = _KINDS.get(message[0] & 0xF0)
    if kind is None or len(message) < 2:
        return message.hex(" ").upper(), 0, ""
    number = 0 if kind in (MessageKind.CHANNEL_PRESSURE, MessageKind.PITCH_BEND) else message[1]
    value = message[-1]
    if kind is MessageKind.PITCH_BEND:
        value = message[2] << 7 | message[1]
    elif kind is MessageKind.NOTE and message[0] < 0x90:
        value = 0
    spec = MessageSpec(kind, message[0] & 0x0F, number)
    received = controller.received
    if received is None or not (received.message == spec or _may_be_part(spec, received.message)):
        return format_message_spec(spec), value, ""
    return format_message_spec(received.message), received.value, received.control


def _may_be_part(spec: MessageSpec, whole: MessageSpec) -> bool:
    if spec.kind is MessageKind.PROGRAM:
        return whole.kind is spec.kind and whole.channel == spec.channel
    return spec.kind is MessageKind.CC and whole.kind in _WIDE and whole.channel == spec.channel


def list_binding_rows(device: str, controller: Controller) -> Iterator[BindingRow]:
    """The rows of the reading ``controllers.binding`` for a device."""
    for one in controller.list_bindings():
        yield BindingRow(f"{device}: {one.name}", device, one.message, one.control, one.state)
