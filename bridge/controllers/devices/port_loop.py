"""Port loop: what is done each time control_in wakes its thread, until the signal path ends."""

from __future__ import annotations

import time
from collections.abc import Callable

from bridge.control.bus import Bus, Row
from bridge.controllers.devices.control_port import ControlPort, Peers
from bridge.controllers.devices.device_readings import ROWS_S, BindingRow, DeviceRow, list_binding_rows
from bridge.controllers.devices.device_sessions import ObservedSurface, SessionFactory
from bridge.controllers.learning.mapping_editor import LearnDevice
from bridge.controllers.mappings.mapping_store import MappingStore
from bridge.controllers.ports.jack_port import JackPort
from bridge.controllers.surface.controller import Controller
from bridge.runtime.control_binding import compute_port_and_mix_gains
from bridge.runtime.control_midi import ControlMidi, Switch

PACE_S, WAIT_S, IDLE_S = 0.001, 0.02, 0.1
"""The longest sleep: while messages wait for the pace of the device; while there is one, because lights flash, and
motors wait for fingers, without any message; and while there is none."""
SETTLE_TRIES, SETTLE_S = 40, 0.0005
"""Number and length of the waits for another thread that is delivering our changes of the Bus."""


class PortLoop:
    """Runs the controller on ``control_midi``. One thread calls `update` and `close`; the rest may be read by any.

    ``is_learning``: whether messages are to have no effect. ``has_device``: see `ControlPort`.
    """

    def __init__(
        self,
        control_midi: ControlMidi,
        store: MappingStore,
        sessions: SessionFactory,
        read_peers: Callable[[], Peers],
        is_learning: Callable[[], bool],
        has_device: Callable[[str], bool],
        wanted: str = "",
    ) -> None:
        self._control_midi, self._store, self._is_learning = control_midi, store, is_learning
        self._bus: Bus = sessions.bus
        self._port = ControlPort(
            lambda: JackPort(control_midi),
            sessions,
            read_peers,
            wanted,
            control_midi.wake,
            has_device,
            lambda: control_midi.cycles,
        )
        self._foreseen: tuple[int, bool] | None = None
        self._gains_changed = True
        self._rows_due_s = 0.0
        self.device: DeviceRow = self._port.describe()
        self.bindings: tuple[BindingRow, ...] = ()
        self._unsubscribe = self._bus.subscribe(self._note_change)

    @property
    def counters(self) -> tuple[int, int, int, int]:
        """Messages received, sent, lost and incomplete."""
        midi = self._control_midi
        return midi.received, midi.sent, midi.lost, midi.incomplete

    @property
    def wait_s(self) -> float:
        """How long to sleep at most until the next `update`."""
        session = self._port.session
        if session is None or not self._port.is_connected:
            return IDLE_S
        return PACE_S if session.has_waiting else WAIT_S

    def list_devices(self) -> list[LearnDevice]:
        """What can be learned from."""
        return self._port.list_devices()

    def update(self, now_s: float) -> None:
        """Handle what arrived, send what is due, and foresee what the next press of each mute or solo does."""
        self._port.update(self._store.mappings, now_s)
        self._settle()
        state = self._control_midi.received, self._is_learning()
        if self._gains_changed or state != self._foreseen:
            self._gains_changed, self._foreseen = False, state
            self._foresee_switches()
        if now_s >= self._rows_due_s:
            self._rows_due_s = now_s + ROWS_S
            self.device = self._port.describe()
            controller = self._controller
            self.bindings = () if controller is None else tuple(list_binding_rows(self.device.device, controller))

    def close(self, now_s: float) -> bool:
        """Leave the device as it was found; False where this takes time: call it again."""
        if not self._port.close(now_s):
            return False
        self._unsubscribe()
        return True

    @property
    def _controller(self) -> Controller | None:
        surface = self._port.session.surface if self._port.session is not None else None
        return surface.controller if isinstance(surface, ObservedSurface) else None

    def _note_change(self, name: str, _values: Row, _source: str) -> None:
        if name.startswith("stems."):
            self._gains_changed = True
            self._control_midi.wake()

    def _settle(self) -> None:
        """Wait until the gains have what the messages did: what the callback anticipated ends with the next `wait`."""
        for _ in range(SETTLE_TRIES):
            if self._bus.is_delivered:
                return
            time.sleep(SETTLE_S)

    def _foresee_switches(self) -> None:
        controller = self._controller
        if controller is None or self._is_learning():
            self._control_midi.set_switches({})
            return
        values = self._bus.values()
        rows = {
            Switch(*key): compute_port_and_mix_gains({**values, **changes})
            for key, changes in controller.predict_switches().items()
        }
        self._control_midi.set_switches(rows)
