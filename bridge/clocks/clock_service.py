"""Clock service: selects the clock of the engines among its sources, and says so in the log and the reading ``clock``.

A thread looks at the sources fifty times a second. That is no grid of the music: the callback extrapolates.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType

from bridge.clocks.clock_log import ClockLog
from bridge.clocks.clock_selector import ClockSelector
from bridge.clocks.clock_source import ClockSource, SourceState
from bridge.clocks.timebase_line import TimebaseLine
from bridge.clocks.transport_actions import DawTransport, HostTransport, TransportActions
from bridge.control.bus import ActionHandler, Bus
from bridge.core.clock import AUTO, CLOCK_SOURCE, CLOCK_SOURCES, INTERNAL, JACK_CLOCK, MIDI_CLOCK
from bridge.runtime.clock_line import ClockMessageReader, ClockSelection, ClockStatus
from bridge.runtime.graph import Graph
from bridge.runtime.service import Service
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import observe

log = logging.getLogger(__name__)

TICK_S = 0.02


class ClockService(Service):
    """Service of the clock. ``sources``: in any order, each once. ``find_host``: the transport of the audio system.

    ``daw``: a DAW that starts, stops and moves with it.
    """

    def __init__(
        self,
        bus: Bus,
        sources: Sequence[ClockSource],
        find_host: Callable[[], HostTransport],
        daw: DawTransport | None = None,
    ) -> None:
        self._bus = bus
        self._sources = {source.name: source for source in sources}
        titles = {source.name: source.title for source in sources}
        self._selector, self._log = ClockSelector(titles), ClockLog(titles)
        self._lock = threading.RLock()
        self._graph: Graph | None = None
        self._reader: ClockMessageReader | None = None
        self._leader, self._jumps, self._tempo = "", 0, 0.0
        self._source_jumps: tuple[str, int] = ("", 0)
        self._published: ClockSelection | None = None
        self._timebase = TimebaseLine(bus)
        self.actions = TransportActions(bus, self, find_host, daw)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="clock", daemon=True)
        self._problem = ""

    def __enter__(self) -> ClockService:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def handlers(self) -> Mapping[str, ActionHandler]:
        """The handlers of the transport's actions."""
        return self.actions.handlers()

    def attach(self, graph: Graph) -> None:
        """Set the clock of ``graph`` from now on."""
        with self._lock:
            self._graph, self._reader = graph, ClockMessageReader(graph.control_context)
            self._published = None
            for source in self._sources.values():
                source.attach(graph)

    def detach(self) -> None:
        """Leave the graph."""
        with self._lock:
            for source in self._sources.values():
                source.detach()
            self._graph = self._reader = None

    @property
    def lock(self) -> threading.RLock:
        """Held while a source is asked: its methods are called from one thread at a time."""
        return self._lock

    @property
    def leader(self) -> str:
        """The name of the source that is the clock, empty for none."""
        return self._leader

    @property
    def tempo(self) -> float:
        """Quarter notes per minute of the clock; 0 where none leads."""
        return self._tempo

    def get_source(self, name: str) -> ClockSource | None:
        """The source of that name, None where there is none."""
        return self._sources.get(name)

    def find_next_frame(self) -> int | None:
        """A frame soon enough for a start, and still ahead of the callback; None while no audio runs."""
        graph = self._graph
        if graph is None:
            return None
        return observe(graph.arrays.state, w.HEAD) + 2 * graph.ledger.period

    def update(self, now_s: float) -> None:
        """Ask the sources, select, and set the clock of the graph. ``now_s``: of any monotonic clock."""
        with self._lock:
            if self._graph is None or self._reader is None:
                return
            frame = observe(self._graph.arrays.state, w.HEAD)
            messages = self._reader.read()
            states = {name: source.update(frame, now_s, messages) for name, source in self._sources.items()}
            wanted = CLOCK_SOURCES[int(self._bus.get(CLOCK_SOURCE))]
            choice = self._selector.select(wanted, states, now_s)
            self._leader, state = choice.leader, states.get(choice.leader)
            self._tempo = state.time.tempo if state is not None and state.is_present else 0.0
            self._log.update(choice, state, now_s)
            selection = self._make_selection(wanted, choice.leader, state)
            if selection != self._published:
                self._graph.set_clock(selection)
                self._published = selection
            self._graph.clock_status = self._make_status(choice.leader, states)
            self._timebase.update(self._graph, choice.leader, state)

    def _make_selection(self, wanted: str, leader: str, state: SourceState | None) -> ClockSelection:
        source, is_auto = self._sources.get(leader), wanted == AUTO
        if source is None or state is None or not source.is_line:
            # where JACK's transport leads, MIDI clock is not seen when that stops: who follows is decided here
            midi = leader == MIDI_CLOCK or (is_auto and not leader)
            return ClockSelection(None, self._jumps, is_auto or leader == JACK_CLOCK, midi)
        if self._source_jumps != (leader, state.jumps):
            self._source_jumps, self._jumps = (leader, state.jumps), self._jumps + 1
        line = state.time if state.is_present else None
        return ClockSelection(line, self._jumps, host=is_auto, midi=False)

    def _make_status(self, leader: str, states: Mapping[str, SourceState]) -> ClockStatus:
        others = [
            f"{name}*" if state.runs else name
            for name, state in states.items()
            if name != leader and state.is_present and (state.runs or name != INTERNAL)
        ]
        source, state = self._sources.get(leader), states.get(leader)
        if source is None or state is None:
            return ClockStatus(leader, candidates=" ".join(others))
        return ClockStatus(leader, source.is_line, state.lock, state.jitter_ms, state.drift_ppm, " ".join(others))

    def _run(self) -> None:
        while not self._stop.wait(TICK_S):
            try:
                self.update(time.monotonic())
                self._problem = ""
            except Exception as error:
                if str(error) != self._problem:  # each failure is logged once
                    log.exception("selecting the clock failed; it is tried again")
                self._problem = str(error)
