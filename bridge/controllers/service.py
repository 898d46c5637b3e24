"""Controller service: the MIDI controllers of a running sidecar, from its start to its end.

One thread sleeps on the JACK port control_in and runs its controller at once. Another polls the system's MIDI devices,
looks for devices and changed mapping files once a second, and publishes the readings. What they do is in `PortLoop` and
`DeviceLoop`, which take the time and run without threads too.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from types import TracebackType

from bridge.control.bus import ActionHandler, Bus, Row
from bridge.controllers.devices.control_port import Peers
from bridge.controllers.devices.device_loop import DeviceLoop
from bridge.controllers.devices.device_readings import DeviceReadings, DeviceRow
from bridge.controllers.devices.device_sessions import SessionFactory
from bridge.controllers.devices.port_loop import PortLoop
from bridge.controllers.learning.learn_binding import LearnBinding
from bridge.controllers.learning.mapping_editor import LearnDevice
from bridge.controllers.mappings.mapping_store import MappingStore
from bridge.controllers.ports.midi_port import MidiPort, MidiSystem
from bridge.controllers.ports.midi_systems import open_midi_system
from bridge.controllers.ports.port_names import is_same_port
from bridge.controllers.surface.controller import Controller
from bridge.errors import ConfigError
from bridge.runtime.control_midi import ControlMidi
from bridge.runtime.graph import Graph
from bridge.runtime.service import Service
from bridge.settings import ControllerSettings

log = logging.getLogger(__name__)

POLL_S = 0.002
"""Time between two polls of an open device. A player feels a delay from about 10 ms on."""
IDLE_S = 0.1
"""The same while none is open."""
LEAVE_S = 2.5
"""By then the slowest device has its exit messages (`session.CLOSE_S`)."""
RETRY_S, FILES_S = 1.0, 1.0


def read_clock_s() -> float:
    """Seconds since the machine started, its sleep included: a device that slept has forgotten its lights."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)  # Linux, whose monotonic clock stands still meanwhile
    if hasattr(time, "clock_gettime"):
        return time.clock_gettime(time.CLOCK_MONOTONIC)  # macOS, where `time.monotonic` stands still
    return time.monotonic()


class ControllerService(Service):
    """Service of the MIDI controllers.

    ``is_known``: whether a control that the registry lacks belongs to an engine that is off. ``read_peers``: returns
    what is connected to the JACK ports.
    """

    def __init__(
        self,
        bus: Bus,
        settings: ControllerSettings,
        is_known: Callable[[str], bool],
        read_peers: Callable[[], Peers],
    ) -> None:
        self._settings, self._read_peers = settings, read_peers
        self.store = MappingStore(bus.registry, is_known)
        self._readings = DeviceReadings(bus)
        self.sessions = SessionFactory(bus, self._observe)
        self.learn = LearnBinding(bus, self._list_devices, self.reload, is_known)
        self._stop = threading.Event()
        self._leave_port = threading.Event()
        self._reopen = threading.Event()
        self._port: PortLoop | None = None
        self._devices: DeviceLoop | None = None
        self._threads: dict[str, threading.Thread] = {}
        self._counters = (0, 0, 0, 0)  # of control_in on signal paths that ended
        self._failed: set[str] = set()
        self._files_due_s = float("-inf")
        bus.subscribe(log_learned)

    def __enter__(self) -> ControllerService:
        self.store.update()
        self._start("midi-devices", self._run_devices)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.leave()

    def handlers(self) -> Mapping[str, ActionHandler]:
        return {"controllers.reload": self.renew, **self.learn.handlers()}

    def abandon(self) -> None:
        self.leave()

    def leave(self) -> None:
        """Send every device its exit messages and end; from any thread, and twice if need be."""
        self._stop.set()
        self._leave_port.set()
        for thread in tuple(self._threads.values()):
            thread.join(2 * LEAVE_S)

    def attach(self, graph: Graph) -> None:
        """Run control_in and control_out, which the callback of ``graph`` serves."""
        self._leave_port.clear()
        self._start("control-port", lambda: self._run_port(graph))

    def detach(self) -> None:
        """Leave the device on control_in, while the callback still runs. Nothing where it was not attached."""
        self._leave_port.set()
        if (thread := self._threads.pop("control-port", None)) is not None:
            thread.join()

    def reload(self) -> None:
        """Read all mappings again.

        Raises:
            ConfigError: One is refused: its file, the entry and the fix. Its last good version stays.
        """
        self.store.reload()
        if self.store.problems:
            raise ConfigError("; ".join(self.store.problems.values()))

    def renew(self) -> None:
        """Read all mappings again, and open every MIDI device anew: one may have left and come back unnoticed.

        Raises:
            ConfigError: As `reload` does; the devices are opened all the same.
        """
        self._reopen.set()
        self.reload()

    def _start(self, name: str, run: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, name=name, daemon=True)
        self._threads[name] = thread
        thread.start()

    def _run_port(self, graph: Graph) -> None:
        """The thread of control_in."""
        with ControlMidi(graph.control_context) as control_midi:
            port = PortLoop(
                control_midi,
                self.store,
                self.sessions,
                self._read_peers,
                lambda: self.learn.listening,
                self._has_device,
                self._settings.control_in,
            )
            self._port = port
            while not self._leave_port.is_set():
                control_midi.wait(port.wait_s)
                self._try(port.update)
            self._leave(port.close)
            self._port = None
            self._counters = add_counters(self._counters, port.counters)

    def _run_devices(self) -> None:
        """The thread of the MIDI devices, the files and the readings."""
        with ExitStack() as opened:
            if self._settings.midi and (system := open_midi_system(self._settings.api)) is not None:
                opened.callback(system.close)
                self.open_devices(system, system.open_virtual if self._settings.mcu else None)
            pause_s = 0.0
            while not self._stop.wait(pause_s):
                self._try(self.update_devices)
                is_open = self.learn.listening or (self._devices is not None and self._devices.is_open)
                pause_s = POLL_S if is_open else IDLE_S
            if self._devices is not None:
                self._leave(self._devices.close)

    def open_devices(self, system: MidiSystem, open_virtual: Callable[[str], MidiPort] | None = None) -> None:
        """Run the devices of ``system`` from the next `update_devices` on; ``open_virtual``: see `DeviceLoop`."""
        self._devices = DeviceLoop(
            system, self.store, self.sessions, self._is_connected, lambda: self.learn.listening, open_virtual
        )

    def update_devices(self, now_s: float) -> None:
        """Serve the MIDI devices, look at the files once a second, publish what is due."""
        if now_s >= self._files_due_s:
            self._files_due_s = now_s + FILES_S
            self.store.update()
        if self._devices is not None:
            if self._reopen.is_set():
                self._reopen.clear()
                self._devices.reopen(now_s)
            self._devices.update(now_s)
        self.learn.update(now_s)
        self._readings.update_message(now_s)
        if self._readings.is_due(now_s):
            self._publish_rows()

    def _publish_rows(self) -> None:
        port, devices = self._port, self._devices
        rows = [] if port is None else [port.device]
        bindings = [] if port is None else list(port.bindings)
        counters = self._counters if port is None else add_counters(self._counters, port.counters)
        if devices is not None:
            # one that is connected to control_in has its row already
            rows += [
                row for row in devices.describe() if row.state != "taken" or row.device not in {r.device for r in rows}
            ]
            bindings += devices.list_bindings()
            received, sent, incomplete = devices.counters
            counters = add_counters(counters, (received, sent, 0, incomplete))
        used = {row.mapping for row in rows}
        refused = ((name, problem) for name, problem in self.store.problems.items() if name not in used)
        rows = [*map(self._complete_row, rows), *(DeviceRow(n, n, state="refused", detail=p) for n, p in refused)]
        self._readings.publish_rows(rows, bindings, counters)

    def _complete_row(self, row: DeviceRow) -> DeviceRow:
        """The row with what is wrong with its mapping's file, which concerns the user first."""
        problem = self.store.problems.get(row.mapping)
        return row if problem is None else replace(row, detail=f"{problem}; the last good mapping stays")

    def _observe(self, device: str, controller: Controller, message: bytes, now_s: float) -> bool:
        self._readings.note_message(device, controller, message)
        self.learn.observe(device, message, now_s)
        return self.learn.listening

    def _list_devices(self) -> list[LearnDevice]:
        port, devices = self._port, self._devices
        return [
            *([] if port is None else port.list_devices()),
            *([] if devices is None else devices.list_devices()),
        ]

    def _has_device(self, name: str) -> bool:
        """Whether a MIDI device of this name is open."""
        return self._devices is not None and any(one.name == name for one in self._devices.list_devices())

    def _is_connected(self, name: str) -> bool:
        """Whether the port ``name`` of a MIDI system is connected to control_in."""
        return any(is_same_port(name, other) for names in self._read_peers().sources for other in names)

    def _try(self, update: Callable[[float], object]) -> None:
        """Call ``update`` with the time; an error is logged once, and does not end the thread."""
        try:
            update(read_clock_s())
        except Exception as error:
            if (kind := f"{type(error).__name__} {error}") not in self._failed:
                log.exception("a controller failed; it is tried again")
            self._failed.add(kind)
            self._stop.wait(RETRY_S)

    def _leave(self, close: Callable[[float], bool]) -> None:
        """Call ``close`` until all is left, or nobody can wait any longer."""
        try:
            end_s = read_clock_s() + LEAVE_S
            while not close(now_s := read_clock_s()) and now_s < end_s:
                time.sleep(POLL_S)
        except Exception:
            log.exception("a controller could not be left as it was found")


def log_learned(name: str, values: Row, _source: str) -> None:
    """Log what was learned, forgotten or undone, as a subscriber of the Bus."""
    if name == "learn.state" and values[0] in ("learned", "forgotten", "undone"):
        log.info("%s: %s", values[0], values[5])


def add_counters(first: tuple[int, int, int, int], second: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """The sums of received, sent, lost and incomplete messages."""
    return first[0] + second[0], first[1] + second[1], first[2] + second[2], first[3] + second[3]
