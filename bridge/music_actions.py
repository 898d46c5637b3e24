"""Music actions: another performance of the band, and the measurement of the paths."""

from __future__ import annotations

import threading
from collections.abc import Callable

from bridge.control.bus import ActionHandler, Bus, Row
from bridge.drivers.audio_system import OFFLINE, PORTAUDIO
from bridge.errors import ControlError, DriverError
from bridge.running_latency import ANYWAY
from bridge.settings import JackSettings
from bridge.signal_path import SignalPath

SEED = "accompaniment.band.seed"
"""A control of an engine, which may be off."""
SOURCE = "action"


class MusicActions:
    """The handlers of the actions. ``server``: what the sidecar runs on. ``find_path``: the present signal path."""

    def __init__(self, bus: Bus, jack: JackSettings, server: str, find_path: Callable[[], SignalPath]) -> None:
        self._bus, self._jack, self._server, self._find_path = bus, jack, server, find_path
        self._measuring = threading.Lock()

    def handlers(self) -> dict[str, ActionHandler]:
        """The handler of each action, by its name."""
        return {
            "accompaniment.regenerate": self.regenerate,
            "latency.measure": self.measure,
        }

    def regenerate(self) -> list[Row]:
        """Set the next seed."""
        control = self._bus.registry.get_control(self._require(SEED, "the accompaniment engine has no random seed"))
        seed = self._bus.get(SEED) + 1
        return [(int(self._bus.set(SEED, seed if seed <= control.high else control.low, SOURCE)),)]

    def _require(self, name: str, problem: str) -> str:
        """``name``, if there is a control of that name. Raises: ControlError."""
        if name not in self._bus.registry:
            raise ControlError(problem, "choose another engine in sideman.toml, under [engines]")
        return name

    def measure(self, mode: str = "") -> list[Row]:
        """Measure every path: its name, its declared and its measured delay in frames (-1: nothing came back)."""
        if mode not in ("", ANYWAY):
            raise ControlError(f"mode is {mode!r}", f"give {ANYWAY}, or nothing")
        if self._server == OFFLINE:
            raise DriverError(
                "a sidecar that runs offline has no ports to measure", "start sideman run without --offline"
            )
        if self._server == PORTAUDIO:
            raise DriverError(
                "a sidecar on audio devices has no ports to measure",
                "measure in the DAW: record a click that passes the device, with /latency/mix/ping at 1",
            )
        graph = self._find_path().graph
        if mode != ANYWAY and graph.is_rolling:
            raise DriverError("the music plays, and would be interrupted", f"stop the transport, or give {ANYWAY}")
        if not self._measuring.acquire(blocking=False):
            raise DriverError("the paths are being measured already", "wait for the result")
        try:
            from bridge.path_measurement import PathMeasurement  # needs libjack

            measurement = PathMeasurement(self._bus, graph, self._jack.client, self._jack.server, freewheel=False)
            measured = measurement.measure_paths()
        finally:
            self._measuring.release()
        return [(name, graph.ledger[name].declared, frames) for name, frames in measured.items()]
