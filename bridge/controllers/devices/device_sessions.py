"""Device sessions: how the session of a device is made, with its controller, its handshake and what is noted of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeAlias

from bridge.control.bus import Bus
from bridge.controllers.mappings.mapping import Mapping
from bridge.controllers.mappings.mapping_file import DeviceTable, PortPatterns
from bridge.controllers.mappings.strips import Bank
from bridge.controllers.mcu.handshake import HostHandshake
from bridge.controllers.ports.midi_port import MidiPort
from bridge.controllers.ports.session import DeviceSession, Handshake
from bridge.controllers.surface.controller import Controller

log = logging.getLogger(__name__)

Observe: TypeAlias = Callable[[str, Controller, bytes, float], bool]
"""Called with the device, its controller, one of its messages and the time in seconds, before the message has effect.
Returns whether it is to have none, because something is being learned."""


def make_unmapped(device: str) -> Mapping:
    """A mapping without entries, for a device that has none: it is listened to, and learned from."""
    return Mapping(device, "", "", "docs", "", DeviceTable(PortPatterns()), inputs=(), feedback=(), strips=())


def log_warning(device: str, text: str) -> None:
    """Log that a warning of the device's mapping applies."""
    log.warning("%s: %s", device, text)


class ObservedSurface:
    """A `Surface` that asks ``observe`` about each message before ``controller`` takes it.

    A fault of the program in one controller is logged, once for each kind, and does not stop the other devices.
    """

    def __init__(self, device: str, controller: Controller, observe: Observe) -> None:
        self.device, self.controller, self._observe = device, controller, observe
        self._is_held_back = False
        self._faults: set[str] = set()

    def receive(self, message: bytes, now_s: float) -> None:
        """Take a whole message of the device, unless something is being learned."""
        held_back = self._observe(self.device, self.controller, message, now_s)
        if held_back and not self._is_held_back:
            self.controller.release(now_s)  # the releases of buttons that are down will not come through
        self._is_held_back = held_back
        if held_back:
            return
        try:
            self.controller.receive(message, now_s)
        except Exception as error:
            if self._is_new(error):
                log.exception("%s: its controller failed on %s", self.device, message.hex(" "))

    def update(self, now_s: float) -> None:
        """All messages that had arrived by now were taken."""
        self.controller.update(now_s)

    def take_output(self, now_s: float) -> list[bytes]:
        """What has to be sent now."""
        try:
            return self.controller.take_output(now_s)
        except Exception as error:
            if self._is_new(error):
                log.exception("%s: its controller failed on what it shows", self.device)
            return []

    def replay(self) -> None:
        """The device has forgotten everything."""
        self.controller.replay()

    def release(self, now_s: float) -> None:
        """The device is gone."""
        self.controller.release(now_s)

    def close(self) -> None:
        """End: no message comes any more."""
        self.controller.close()

    def _is_new(self, fault: Exception) -> bool:
        kind = f"{type(fault).__name__} {fault}"
        is_new = kind not in self._faults
        self._faults.add(kind)
        return is_new


class SessionFactory:
    """Makes surfaces and sessions that act on ``bus``.

    The strips of Mackie Control units move together, by ``bank``: a main unit and its extenders are one row of faders.
    Every other device has a bank of its own.
    """

    def __init__(self, bus: Bus, observe: Observe) -> None:
        self.bus, self.bank = bus, Bank()
        self._banks: dict[str, Bank] = {}
        self._observe = observe

    def make_surface(self, mapping: Mapping, device: str, wake: Callable[[], object] | None = None) -> ObservedSurface:
        """Make the surface of a device. ``wake``: called, in any thread, when it has something to send."""
        bank = self.bank if mapping.device.protocol == "mcu" else self._banks.setdefault(device, Bank())
        controller = Controller(mapping, self.bus, bank, f"controller:{device}", wake)
        return ObservedSurface(device, controller, self._observe)

    def make_handshake(self, mapping: Mapping) -> Handshake | None:
        """Make the handshake of a device whose protocol has one."""
        return HostHandshake(mapping.device.unit) if mapping.device.protocol == "mcu" else None

    def make_session(
        self, port: MidiPort, mapping: Mapping, device: str, wake: Callable[[], object] | None = None
    ) -> DeviceSession:
        """Make the session of a device on its open ``port``."""
        surface, handshake = self.make_surface(mapping, device, wake), self.make_handshake(mapping)
        return DeviceSession(port, surface, mapping, handshake, lambda text: log_warning(device, text))
