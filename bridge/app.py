"""The sidecar, wired: the only place where driver, graph, workers, Bus and OSC meet."""

from __future__ import annotations

import logging
import threading
from contextlib import ExitStack
from dataclasses import replace
from types import TracebackType

import msgspec

from bridge.config import Settings
from bridge.control import preset
from bridge.control.bus import Bus
from bridge.control.registry import Registry
from bridge.control.sidecar import RESERVE_FRAMES, sidecar_registry
from bridge.core.latency import Ledger
from bridge.drivers.clients import ServerFacts, ask_server
from bridge.drivers.connections import Connections
from bridge.drivers.jack import JackDriver
from bridge.osc.server import OscServer
from bridge.runtime.binding import Binding, latency_settings
from bridge.runtime.engines import load_engine
from bridge.runtime.graph import Graph
from bridge.runtime.news import News
from bridge.runtime.reserves import Reserves
from bridge.runtime.supervisor import Supervisor
from bridge.runtime.wiring import ROLES, wire

log = logging.getLogger(__name__)

TURN_S = 0.02  # how often music is told
COUNTERS_EVERY, METERS_EVERY, WORKERS_EVERY = 12, 5, 50  # turns


def engines_by_role(settings: Settings) -> dict[str, str]:
    """Role to the name of its engine; empty where the role is not filled."""
    return {role: str(getattr(settings.engines, role)) for role in ROLES}


def registry_for(settings: Settings) -> Registry:
    """Everything that can be turned, triggered or read with these settings. Needs no server."""
    names = [name for name in engines_by_role(settings).values() if name]
    return sidecar_registry({name: load_engine(name).spec.controls for name in names})


def declared_ledger(settings: Settings, server: str, rate: int, period: int) -> Ledger:
    """What the graph declares on ``server``, or at ``rate`` and ``period`` where none is named. Nothing runs."""
    if server:
        facts = ask_server(server)
        rate, period = facts.rate, facts.period
    reserves = dict(RESERVE_FRAMES)
    with Graph(wire(engines_by_role(settings), rate, reserves), period, reserves, {}) as graph:
        return graph.ledger


class Road:
    """The graph at one rate: workers and driver around it. Left and entered anew when the rate changes."""

    def __init__(self, settings: Settings, bus: Bus, server: ServerFacts, connections: Connections) -> None:
        self._settings, self._bus, self._server, self._connections = settings, bus, server, connections
        self.rate_changed = threading.Event()
        self._stack = ExitStack()

    def __enter__(self) -> Road:
        settings, values = self._settings, self._bus.values()
        reserves = dict(RESERVE_FRAMES) | latency_settings(values, "reserve_frames")
        wiring = wire(engines_by_role(settings), self._server.rate, reserves)
        # a little below the callbacks that the worker serves, so that it never holds one up
        plan = msgspec.structs.replace(wiring.plan, priority=max(0, self._server.priority - 2))
        with ExitStack() as opened:
            graph = Graph(
                replace(wiring, plan=plan),
                self._server.period,
                reserves,
                latency_settings(values, "user_offset_frames"),
            )
            self.graph = opened.enter_context(graph)
            self.binding = Binding(self._bus, self.graph)
            opened.callback(self.binding.release)
            self.workers = opened.enter_context(Supervisor(self.graph, self._report))
            self.workers.wait_until_ready()
            client, server = settings.jack.client, settings.jack.server or None
            driver = JackDriver(self.graph, client, server, self._connections, lambda _rate: self.rate_changed.set())
            self.driver = opened.enter_context(driver)
            self.news = News(self._bus, self.graph)
            self.reserves = Reserves(self._bus, self.graph)
            self._stack = opened.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stack.close()

    def _report(self, role: str, state: str) -> None:
        self._bus.publish("health", role, state)


class Sidecar:
    """A context manager: Sideman runs on a JACK server inside.

    ``ready`` is set once audio flows. `wait` returns when `stop` was called from anywhere.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.bus = Bus(registry_for(settings))
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._stack = ExitStack()
        self._road: Road | None = None
        self._connections = Connections()
        """The patch bay outlives a road: what was connected at the old rate is so at the new one."""
        self.osc: OscServer | None = None

    @property
    def road(self) -> Road:
        """The road as it is now; another after the server came back at a new rate."""
        if self._road is None:
            raise RuntimeError("the sidecar is not running")
        return self._road

    @property
    def connected(self) -> bool:
        """Whether a JACK server calls us at this moment."""
        road = self._road
        return road is not None and road.driver.connected

    def __enter__(self) -> Sidecar:
        self._register_actions()
        self._enter_road()
        osc, lan = self.settings.osc, self.settings.lan
        with ExitStack() as opened:
            opened.callback(self._leave_road)
            self.osc = opened.enter_context(OscServer(self.bus, osc.host, osc.port, lan.allow, lan.token))
            self._thread = threading.Thread(target=self._tell, name="news", daemon=True)
            self._thread.start()
            self._stack = opened.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()
        if self._thread is not None:
            self._thread.join()
        self._stack.close()

    def stop(self) -> None:
        """Make `wait` return. Callable from any thread."""
        self._stop.set()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Return True once `stop` was called, False after ``timeout_s``."""
        return self._stop.wait(timeout_s)

    def _enter_road(self) -> None:
        server = ask_server(self.settings.jack.server or None)
        self._road = Road(self.settings, self.bus, server, self._connections).__enter__()

    def _leave_road(self) -> None:
        road, self._road = self._road, None
        if road is not None:
            road.__exit__(None, None, None)

    def _register_actions(self) -> None:
        bus = self.bus
        bus.on("transport.panic", lambda _: self.road.graph.release_notes())
        bus.on("engines.reset", lambda _: self.road.graph.restart())
        bus.on("latency.tune", lambda _: self.road.reserves.tune())
        bus.on("counters.reset", lambda _: self.road.news.reset_counters())
        bus.on("preset.save", lambda name: preset.save(bus, preset.user_path(name)))
        bus.on("preset.load", lambda name: preset.apply(preset.load(preset.find(name), bus.registry), bus))

    def _tell(self) -> None:
        """The news thread: readings to the Bus, and a new road when the rate changed."""
        turn = 0
        while not self._stop.wait(TURN_S):
            turn += 1
            try:
                if self._road is None or self._road.rate_changed.is_set():
                    log.warning("the JACK server's rate changed; the engines are prepared anew")
                    self._leave_road()
                    self._enter_road()
                self.road.news.tell_music()
                if turn % METERS_EVERY == 0:
                    self.road.news.tell_meters()
                if turn % COUNTERS_EVERY == 0:
                    self.road.news.tell_counters(self.road.workers.restarts)
                if turn % WORKERS_EVERY == 0:
                    self.road.news.tell_workers()
                    self.road.reserves.look()
            except Exception:
                log.exception("telling the news failed; the audio goes on")
                self._stop.wait(1.0)
