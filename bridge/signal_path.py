"""Signal path: graph, workers and driver at one sample rate. The only place where they meet."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from types import TracebackType

import msgspec

from bridge.control.bus import Bus
from bridge.control.insert_choices import InsertChoices
from bridge.control.sidecar import read_latency_settings
from bridge.daw.card_reading import LatencyCardReading
from bridge.drivers.audio_system import AudioFacts, AudioSystem
from bridge.errors import DriverError
from bridge.runtime.control_binding import ControlBinding
from bridge.runtime.graph import Graph
from bridge.runtime.insert_readings import InsertReadings
from bridge.runtime.insert_supervisor import InsertSupervisor
from bridge.runtime.latency_tuner import LatencyTuner
from bridge.runtime.rate_refusals import wire_runnable
from bridge.runtime.supervised_insert import InsertStatus
from bridge.runtime.supervisor import Supervisor
from bridge.runtime.telemetry import Telemetry
from bridge.runtime.wiring import Wiring
from bridge.runtime.worker_pool import WorkerPool
from bridge.settings import Settings, list_engines_by_role

log = logging.getLogger(__name__)

StartProgress = Callable[[str, int, int], None]
"""Progress callback of the start: step, parts done, parts in all (0 where they cannot be counted)."""


def ignore_progress(_step: str, _done: int, _of: int) -> None:
    """A `StartProgress` that does nothing."""


class NoSignalPathError(DriverError, RuntimeError):
    """Something needs running audio while there is none."""

    def __init__(self) -> None:
        super().__init__("no audio runs at this moment", "wait for the JACK server, or see /health")


class SignalPath:
    """A context manager: graph, workers and driver at one rate. A rate change needs a new one.

    ``progress``: called with each step until it is entered. ``stop``: when set, waiting for the workers ends.
    ``stems_first``: entered when the stems are there; the other workers follow. ``pool``: keeps the processes of the
    workers for the next signal path.
    """

    def __init__(
        self,
        settings: Settings,
        bus: Bus,
        audio: AudioSystem,
        facts: AudioFacts,
        progress: StartProgress = ignore_progress,
        stop: threading.Event | None = None,
        stems_first: bool = False,
        pool: WorkerPool | None = None,
    ) -> None:
        self._settings, self._bus, self._audio, self._facts = settings, bus, audio, facts
        self._progress, self._stop, self._stems_first, self._pool = progress, stop, stems_first, pool
        self.rate_changed = threading.Event()
        self._begun: Supervisor | None = None
        self._inserts: InsertSupervisor | None = None
        self._stack = ExitStack()

    def __enter__(self) -> SignalPath:
        values = self._bus.values()
        reserves = read_latency_settings(values, "reserve_frames")
        self._progress("preparing the engines", 0, 0)
        wiring = self._wire(reserves)
        # a little below the callbacks that the worker serves, so that it never holds one up
        plan = msgspec.structs.replace(wiring.plan, priority=max(0, self._facts.priority - 2))
        with ExitStack() as opened:
            graph = Graph(
                replace(wiring, plan=plan),
                self._facts.period,
                reserves,
                read_latency_settings(values, "user_offset_frames"),
            )
            self.graph = opened.enter_context(graph)
            self.binding = ControlBinding(self._bus, self.graph)
            opened.callback(self.binding.release)
            self._begun = Supervisor(self.graph, self._report, stems_first=self._stems_first, pool=self._pool)
            self.workers = opened.enter_context(self._begun)
            self.workers.wait_until_ready(stop=self._stop)
            self.insert_choices = opened.enter_context(InsertChoices(self._bus))
            self._inserts = InsertSupervisor(self.graph, self.insert_choices.read)
            self.inserts = opened.enter_context(self._inserts)
            # so that the delay does not move soon after the first callback
            self.inserts.wait_until_settled(self._stop, self._report_loading)
            driver = self._audio.make_driver(self.graph, lambda _rate: self.rate_changed.set())
            self.driver = opened.enter_context(driver)
            self.telemetry, self.card = (
                Telemetry(self._bus, self.graph),
                LatencyCardReading(self._bus, self.graph.ledger),
            )
            self.insert_readings = InsertReadings(self._bus, self.graph, lambda: self.inserts.statuses)
            opened.callback(self.insert_readings.withdraw)
            self.latency_tuner = LatencyTuner(self._bus, self.graph)
            self._stack = opened.pop_all()
        return self

    def abandon(self) -> None:
        """End the workers because this process ends at once; from any thread, also while it is being entered."""
        for workers in (self._begun, self._inserts):
            if workers is not None:
                workers.kill()

    def reset_counters(self) -> None:
        """Count everything that is counted from now on."""
        self.telemetry.reset_counters()
        self.insert_readings.reset_counters()

    def _report_loading(self, loading: tuple[InsertStatus, ...]) -> None:
        self._progress(f"loading the inserts: {', '.join(f'{one.point} {one.chain}' for one in loading)}", 0, 0)

    def _wire(self, reserves: dict[str, int]) -> Wiring:
        """Wire the engines that run at the server's rate; log each that does not, and publish its state."""
        engines, rate = list_engines_by_role(self._settings), self._facts.rate
        wiring, refused = wire_runnable(engines, rate, reserves)
        for role, why in refused.items():
            log.warning("%s is off while the audio runs at %d Hz: %s", role, rate, why)
            self._report(role, f"off at {rate} Hz")
        there = {node.role for node in wiring.nodes} | set(refused)
        for role in (role for role, name in engines.items() if name and role not in there):
            self._report(role, "off: nobody plays")  # a synth without anyone to sound
        return wiring

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stack.close()

    def _report(self, role: str, state: str) -> None:
        self._bus.publish("health", role, state)
        if state == "starting":
            self._progress("starting the engines", 0, 0)
