"""Sidecar: signal path, Bus and OSC server wired together, from start to end."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import ExitStack
from types import TracebackType

from bridge.audio_systems import make_audio_system
from bridge.control.bus import ActionHandler, Bus
from bridge.control.bus_log import BusLog
from bridge.control.choice_files import ChoiceFiles
from bridge.control.identity import SidecarIdentity
from bridge.control.insert_controls import CHAIN_CONTROLS, INSERT_CHAIN_READING
from bridge.control.preset_service import PresetService
from bridge.controllers.devices.control_port import Peers
from bridge.controllers.service import ControllerService
from bridge.core.compile_lock import lock_compiling
from bridge.core.compiling import describe_compiling, watch_compiling
from bridge.core.insert_registry import MAX_INSERTS, find_insert_library
from bridge.core.jit import CACHE
from bridge.drivers.audio_system import OFFLINE, PORTAUDIO, AudioFacts, AudioSystem, HungAudioError
from bridge.drivers.jack_driver import CONTROL_IN, CONTROL_OUT
from bridge.engine_failures import EngineFailures
from bridge.errors import BridgeError, ControlError
from bridge.installed_controls import is_known_elsewhere, make_registry
from bridge.jobs.job_service import JobService
from bridge.music_actions import MusicActions
from bridge.optional_services import make_optional_services
from bridge.osc.server import OscServer
from bridge.routing.active_scene_file import ActiveSceneFile, SceneStore
from bridge.routing.patchbay import LinkEvent, Patchbay
from bridge.routing.routing_service import LinkTask, RoutingService
from bridge.runtime.control_binding import match_effects
from bridge.runtime.service import Service
from bridge.runtime.worker_pool import WorkerPool
from bridge.settings import Settings
from bridge.signal_path import NoSignalPathError, SignalPath, StartProgress, ignore_progress

log = logging.getLogger(__name__)

TICK_S = 0.02  # how often music readings are published
RETRY_S = 1.0
COUNTERS_EVERY, METERS_EVERY, WORKERS_EVERY = 12, 5, 50  # ticks
UNCACHED_FUNCTIONS, CALLBACK_FUNCTIONS = 10, 178
"""Functions compiled when the cache is empty, numba's own among them: the scale of the progress.

Counted at a first start on JACK with the engines of the defaults, once for each set of argument types: the log of
`sideman run --verbose` with NUMBA_CACHE_DIR set to an empty folder has the number."""


COMPILED_FOR = {OFFLINE: "offline runs", PORTAUDIO: "audio devices"}
"""Purpose of the compilation, by the audio system; else it is JACK."""


class Sidecar:
    """A context manager: Sideman runs on an audio system inside, by default the JACK server of the settings.

    `wait` returns when `stop` was called from anywhere. ``progress``: called until it runs, from any thread, with the
    step being done and, where parts can be counted, how many of how many are done. ``scenes``: where the active scene
    is kept, by default in the user's folder for state.
    """

    def __init__(
        self,
        settings: Settings,
        progress: StartProgress = ignore_progress,
        audio: AudioSystem | None = None,
        scenes: SceneStore | None = None,
    ) -> None:
        self.settings, self._report_start = settings, progress
        self.bus = Bus(make_registry(settings))
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._stack = ExitStack()
        self._signal_path: SignalPath | None = None
        self._worker_pool = WorkerPool()
        self._patchbay = Patchbay(settings.jack.client)
        self.audio = audio or make_audio_system(settings, self._patchbay)
        scene_file = scenes or ActiveSceneFile(self.audio.server, settings.jack.client)
        self._routing = RoutingService(self.bus, self._patchbay, scene_file, self._run_link_task)
        self.controllers = ControllerService(
            self.bus, settings.controllers, is_known_elsewhere, self._read_control_peers
        )
        self._identity = SidecarIdentity(self.bus, settings.jack.client, self.audio.server)
        self._log = BusLog(self.bus)
        library = find_insert_library()
        self._chains = None
        if library is not None:
            reading = INSERT_CHAIN_READING.name
            self._chains = ChoiceFiles(self.bus, CHAIN_CONTROLS, library, MAX_INSERTS, reading)
        self.presets = PresetService(self.bus)
        self.jobs = JobService(self.bus, settings.jobs)
        self.services: tuple[Service, ...] = (
            self.controllers, self.jobs,
            *make_optional_services(settings, self.bus, lambda: self.signal_path, self._find_osc_port),
        )  # fmt: skip
        self._music = MusicActions(self.bus, settings.jack, self.audio.server, lambda: self.signal_path)
        self.engine_failures = EngineFailures()
        self.osc: OscServer | None = None
        self._entering: SignalPath | None = None
        self._compiled = 0
        self._problem = ""
        self._hung: HungAudioError | None = None

    @property
    def signal_path(self) -> SignalPath:
        """The present signal path; a new one after the server came back at a new rate.

        Raises:
            NoSignalPathError: No audio runs at this moment.
        """
        if self._signal_path is None:
            raise NoSignalPathError
        return self._signal_path

    @property
    def audio_source(self) -> str:
        """What the audio comes from, in words; a sidecar that is not `is_connected` waits for it."""
        return "audio device" if self.audio.server == PORTAUDIO else "JACK server"

    @property
    def is_connected(self) -> bool:
        """Whether the audio system calls our callback at this moment."""
        signal_path = self._signal_path
        return signal_path is not None and signal_path.driver.is_connected

    def __enter__(self) -> Sidecar:
        match_effects(self.bus.registry)
        self._register_actions()
        osc, lan = self.settings.osc, self.settings.lan
        with ExitStack() as opened:
            logging.getLogger().addHandler(self._log)
            opened.callback(logging.getLogger().removeHandler, self._log)
            # what can be refused comes first, then the slow steps: access list, port, JACK server, our client name
            self.osc = OscServer(self.bus, osc.host, osc.port, lan.allow, lan.token)
            opened.enter_context(self.osc.bind())
            facts = opened.enter_context(self.audio)
            opened.enter_context(self._routing)
            with watch_compiling(self._count_compiled):
                with lock_compiling(CACHE.folder, self._report_wait):
                    self.audio.compile_callback()
                opened.enter_context(self._worker_pool)
                self._enter_signal_path(facts, self._report_start)
            log.debug("%d functions were compiled", self._compiled)
            opened.callback(self._leave_signal_path)
            if self._chains is not None:
                opened.enter_context(self._chains)
            opened.enter_context(self.presets)
            for service in self.services:  # left before the signal path: controllers get their last messages through it
                opened.enter_context(service)
                service.attach(self.signal_path.graph)
            self._publish_state()  # before a client can ask: without an identity it takes this for an older sidecar
            opened.enter_context(self.osc)
            self._thread = threading.Thread(target=self._publish_readings, name="telemetry", daemon=True)
            self._thread.start()
            self._stack = opened.pop_all()
        return self

    def _find_osc_port(self) -> int:
        return self.settings.osc.port if self.osc is None else self.osc.port

    def _count_compiled(self, _name: str) -> None:
        self._compiled += 1
        if self._compiled >= UNCACHED_FUNCTIONS:  # numba never caches a few of its own functions
            kept = CACHE.folder is not None and not CACHE.own
            step = describe_compiling(COMPILED_FOR.get(self.audio.server, "JACK"), kept)
            self._report_start(step, self._compiled, CALLBACK_FUNCTIONS)

    def _report_wait(self, pid: int) -> None:
        other = f"another Sideman (process {pid})" if pid else "another Sideman"
        self._report_start(f"{other} is compiling, or loading its code: waiting", 0, 0)

    def abandon(self) -> None:
        """Leave the services, kill the workers: this process ends at once.

        From any thread, also during the start.
        """
        for service in self.services:
            service.abandon()
        if self._entering is not None:
            self._entering.abandon()
        self.audio.abandon()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()
        if self._thread is not None:
            self._thread.join()
        self._stack.close()
        if self._hung is not None:
            raise self._hung

    def stop(self) -> None:
        """Make `wait` return. Callable from any thread."""
        self._stop.set()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Return True once `stop` was called, False after ``timeout_s``."""
        return self._stop.wait(timeout_s)

    def _enter_signal_path(self, facts: AudioFacts, progress: StartProgress, stems_first: bool = False) -> None:
        self._entering = SignalPath(
            self.settings, self.bus, self.audio, facts, progress, self._stop, stems_first, self._worker_pool
        )
        self._signal_path = self._entering.__enter__()

    def _leave_signal_path(self) -> None:
        for service in self.services:
            service.detach()
        signal_path, self._signal_path = self._signal_path, None
        if signal_path is not None:
            signal_path.__exit__(None, None, None)
            for role, _ in self.bus.get_rows("health"):
                self.bus.publish("health", role, "stopped")

    def _replace_signal_path(self) -> None:
        """Continue at the server's new rate. If that fails, log why, once, and wait for another rate."""
        if self._signal_path is not None:
            log.warning("the engines are prepared again, for the rate at which the %s runs now", self.audio_source)
            self._leave_signal_path()
        try:
            self._enter_signal_path(self.audio.ask(), ignore_progress, stems_first=True)
            for service in self.services:
                service.attach(self.signal_path.graph)
        except HungAudioError:
            raise
        except BridgeError as error:
            if str(error) != self._problem:
                log.warning("no audio runs: %s; it is tried again", error)
            self._problem = str(error)
            self._stop.wait(RETRY_S)
        else:
            self._problem = ""

    def _read_control_peers(self) -> Peers:
        """What is connected to our control ports, by the names that JACK and the user gave it."""
        view = self._patchbay.view
        # a port of that name at the far end is another Sideman's
        sources = sorted(
            one for one, end in view.own_links if end.endswith(f":{CONTROL_IN}") and not one.endswith(CONTROL_OUT)
        )
        sinks = sorted(end for one, end in view.own_links if one.endswith(f":{CONTROL_OUT}"))
        ports = view.graph.ports
        return Peers(*(tuple((name, *ports[name].aliases) for name in names) for names in (sources, sinks)))

    def _run_link_task(self, task: LinkTask) -> list[LinkEvent]:
        return self.signal_path.driver.run_task(task)

    def _panic(self, dry: str = "") -> None:
        """Release all notes; with ``dry`` the mix becomes the dry one, also while no audio runs."""
        if dry == "dry":
            self.bus.set("stems.dry", True, "transport.panic")
        self.signal_path.graph.release_notes()
        if dry not in ("", "dry"):
            raise ControlError(f"{dry} is unknown, all notes were released", "give dry, or nothing")

    def _register_actions(self) -> None:
        bus = self.bus
        handlers: dict[str, ActionHandler] = {
            "transport.panic": self._panic,
            "engines.reset": lambda: self.signal_path.graph.restart(),
            "latency.tune": lambda: self.signal_path.latency_tuner.tune(),
            "counters.reset": lambda: self.signal_path.reset_counters(),
            "inserts.reload": lambda *point: self.signal_path.insert_choices.reload(*point),
            **self.presets.handlers(),
            **self._routing.handlers(),
            **self._music.handlers(),
        }
        for service in self.services:
            handlers |= service.handlers()
        for action, handler in handlers.items():
            bus.add_handler(action, handler)
        bus.check_handlers()

    def _publish_readings(self) -> None:
        """The telemetry thread: readings to the Bus, and a new signal path when the rate changed."""
        tick, failed = 0, set[str]()
        while not self._stop.wait(TICK_S):
            tick += 1
            try:
                if self._signal_path is None or self._signal_path.rate_changed.is_set():
                    self._replace_signal_path()
                else:
                    self.engine_failures.update(self._signal_path.graph.arrays)
                    self._publish(self._signal_path, tick)
                self._publish_state()
            except HungAudioError as error:  # no other client can be opened in this process: it ends
                self._hung = error
                self.stop()
            except Exception as error:
                if (kind := f"{type(error).__name__} {error}") not in failed:  # each failure is logged once
                    log.exception("publishing readings failed; it is tried again")
                failed.add(kind)
                self._stop.wait(RETRY_S)

    def _publish_state(self) -> None:
        rate = self._signal_path.graph.plan.rate if self._signal_path is not None else 0
        self._identity.update(rate, "running" if self.is_connected else f"waiting for the {self.audio_source}")
        self._log.publish()

    @staticmethod
    def _publish(signal_path: SignalPath, tick: int) -> None:
        signal_path.telemetry.publish_music()
        signal_path.telemetry.clock.publish(time.monotonic(), round(1000 * time.time()))
        if (tick + 1) % METERS_EVERY == 0:
            signal_path.telemetry.request_meters()
        if tick % METERS_EVERY == 0:
            signal_path.telemetry.publish_meters()
        if tick % COUNTERS_EVERY == 0:
            signal_path.telemetry.publish_counters(signal_path.workers.restarts)
            signal_path.insert_readings.publish()
            signal_path.card.publish()
        if tick % WORKERS_EVERY == 0:
            signal_path.telemetry.publish_workers()
            signal_path.telemetry.publish_callback(signal_path.driver.dsp_load)
            signal_path.latency_tuner.update()
