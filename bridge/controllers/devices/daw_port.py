"""DAW port: the pair of virtual ports by which a DAW adds Sideman as a Mackie Control."""

from __future__ import annotations

import logging
from collections.abc import Callable

from bridge.controllers.devices.device_readings import DeviceRow
from bridge.controllers.devices.device_sessions import SessionFactory
from bridge.controllers.mappings.strips import make_strips
from bridge.controllers.mcu.daw_session import PORT_NAME, make_daw_session
from bridge.controllers.mcu.daw_surface import DawSurface
from bridge.controllers.ports.midi_port import MidiPort
from bridge.controllers.ports.session import DeviceSession
from bridge.errors import DriverError

log = logging.getLogger(__name__)

RETRY_S = 30.0
BUSY_S = 10.0
"""So long after the last message of a DAW the ports are polled often."""


class DawPort:
    """The virtual ports and what runs on them. ``open_virtual``: offers a pair of ports of this name to others."""

    def __init__(self, sessions: SessionFactory, open_virtual: Callable[[str], MidiPort]) -> None:
        self._open_virtual = open_virtual
        self._surface = DawSurface(sessions.bus, make_strips(sessions.bus.registry))
        self._retry_s = float("-inf")
        self._problem = ""
        self._received, self._received_s = 0, float("-inf")
        self.is_busy = False
        """Whether a DAW is there, and has to be served at once."""
        self.session: DeviceSession | None = None

    def update(self, now_s: float) -> None:
        """Handle what the DAW sent, send what is due. Ports that cannot be offered are tried again, rarely."""
        if self.session is None and now_s >= self._retry_s:
            self._retry_s = now_s + RETRY_S
            self._open(now_s)
        if self.session is not None:
            self.session.update(now_s)
            if self.session.received != self._received:
                self._received, self._received_s = self.session.received, now_s
            self.is_busy = now_s - self._received_s < BUSY_S
            if self.session.is_gone:
                self.session = None

    def close(self, now_s: float) -> None:
        """Take the ports back."""
        if self.session is not None:
            self.session.close(now_s)
        self._surface.close()
        self.session = None

    def describe(self) -> DeviceRow:
        """The row of the reading ``controllers.device``."""
        if self.session is None:
            return DeviceRow(PORT_NAME, detail=self._problem)
        return DeviceRow(PORT_NAME, "", PORT_NAME, PORT_NAME, self.session.state, self._surface.describe())

    def _open(self, now_s: float) -> None:
        try:
            port = self._open_virtual(PORT_NAME)
        except DriverError as error:
            if str(error) != self._problem:
                log.info("%s: %s", PORT_NAME, error)
            self._problem = str(error)
            return
        self._problem = ""
        self.session = make_daw_session(port, self._surface)
        self.session.start(now_s)
