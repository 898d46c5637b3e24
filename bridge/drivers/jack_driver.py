"""JACK driver: runs the graph on a server that may die, come back or change its period."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from bridge.core.audio import CHANNELS
from bridge.core.latency import AUDIO_PATHS, MIDI_PORTS
from bridge.drivers.clients import CLOSE_S, HungServerError, activate_client, close_client, is_gone, open_client
from bridge.drivers.graph_watch import GraphWatch
from bridge.drivers.hanging_notes import HangingNotes
from bridge.drivers.jack_graph import JackGraph
from bridge.drivers.jack_metadata import JackMetadata
from bridge.drivers.libjack import CAPTURE, PLAYBACK, address, load
from bridge.drivers.link_tasks import AWAY, LinkTasks
from bridge.drivers.pipewire import can_declare_in_callback, find_pipewire
from bridge.drivers.port_latencies import PlaybackLatency, declare_latencies, read_playback_latencies
from bridge.drivers.server_watch import STANDSTILL_S, ServerWatch
from bridge.drivers.timebase_master import TimebaseMaster
from bridge.errors import DriverError
from bridge.routing.patchbay import LinkEvent, Patchbay
from bridge.routing.routing_service import LinkTask
from bridge.runtime.graph import Graph
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import publish
from bridge.runtime.timebase_status import NO_TIMEBASE

log = logging.getLogger(__name__)

CONTROL_IN, CONTROL_OUT = "control_in", "control_out"
"""MIDI ports for controllers. They are no paths: nothing passes from one to the other, and no latency is declared."""
CHECK_S = 0.25  # how often connections are checked, even if no change was noticed
POLL_S = 0.05  # how often the driver's thread looks whether a change was noticed
RETRY_S = 0.5  # how often a lost server is tried


def compile_callbacks() -> None:
    """Compile the callbacks, or load them from the cache. Compiling takes a minute. Needs libjack."""
    from bridge.drivers import cancel_safe, process_callback, timebase_callback  # noqa: F401  (compiled at import)


class RateChanged(DriverError):
    """The server runs at ``rate``, which is not the graph's."""

    def __init__(self, rate: int, wanted: int) -> None:
        super().__init__(f"the JACK server runs at {rate} Hz, the graph at {wanted} Hz")
        self.rate = rate


class JackDriver:
    """A context manager: the graph is a client of ``server`` inside.

    ``on_rate`` is called, from the driver's thread, when the server runs at another rate than the graph's, be it that
    it came back with one or that PipeWire changed it: then a new graph is needed, and this driver is of no more use.

    Leaving it raises HungServerError where the server, or libjack, does not let the client go.
    """

    def __init__(
        self,
        graph: Graph,
        name: str,
        server: str | None = None,
        patchbay: Patchbay | None = None,
        on_rate: Callable[[int], None] | None = None,
        hanging: HangingNotes | None = None,
    ) -> None:
        self._graph, self._name, self._server = graph, name, server
        self._on_rate = on_rate or (lambda _rate: None)
        self.patchbay = patchbay or Patchbay(name)
        self.client: Any = None
        self.reconnections = 0
        self.dsp_load = 0.0
        self._outs: dict[str, Any] = {}  # by our own names, even if JACK or a user renamed them
        self._alive: list[Any] = []  # memory that the client points to and ctypes would free
        self._lost = threading.Event()
        self._leave = threading.Event()
        self._asking = threading.Lock()  # held while other threads use the client, and while it is taken away
        self._thread: threading.Thread | None = None
        self._links: JackGraph | None = None
        self._timebase: TimebaseMaster | None = None
        self._metadata = JackMetadata()
        self._wake = threading.Event()
        self._tasks = LinkTasks(self._wake.set)
        self._watch = ServerWatch(graph)
        self._check_s = 0.0
        self._published_rev = -1
        self._after: dict[str, PlaybackLatency] = {}  # what follows our outputs, as it was declared last
        self._hanging = HangingNotes() if hanging is None else hanging
        self._declares_in_callback = True

    def __enter__(self) -> JackDriver:
        self._open()
        self._thread = threading.Thread(target=self._run, name="jack-keeper", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._leave.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(CLOSE_S)
            if self._thread.is_alive():  # it waits for libjack, which would not close the client either
                raise HungServerError(self._name)
        self._metadata.leave()
        if self.is_connected:
            if self._timebase is not None:
                self._timebase.release()
            self._finish_output()
        else:
            self._hanging.keep(self._graph.context.sounding)
        self._close()

    @property
    def is_connected(self) -> bool:
        client = self.client
        return client is not None and not self._lost.is_set() and not is_gone(client)

    def start_transport(self) -> None:
        self._find_client().transport_start()

    def stop_transport(self) -> None:
        self._find_client().transport_stop()

    def find_frame(self) -> int | None:
        """The stream frame that JACK is at, between two callbacks too; None while no server runs. From any thread.

        JACK smooths it: the callbacks' jitter is not in it.
        """
        with self._asking:
            if not self.is_connected or self._graph.context.callback_state[w.STARTED] == 0:
                return None
            return self._graph.to_stream_frame(int(self.client.frame_time))

    def _find_client(self) -> Any:
        """The client, on a server that runs. Raises: DriverError."""
        if not self.is_connected:
            raise DriverError("the JACK server is away, and its transport with it", "wait until it is back")
        return self.client

    def _finish_output(self) -> None:
        """Let the callback end all sounding notes and send what controllers still get; wait a few periods for it."""
        state, own = self._graph.arrays.state, self._graph.control_context.own
        self._graph.set_midi_muted(True)
        wanted, deadline = int(state[w.RELEASE]), time.monotonic() + 0.5
        end = int(self._graph.control_context.requests[w.CONTROL_OUT_HEAD])
        while (state[w.RELEASED] != wanted or own[w.CONTROL_OUT_TAIL] < end) and time.monotonic() < deadline:
            time.sleep(0.002)
        cycles = int(state[w.CYCLES])
        while state[w.CYCLES] < cycles + 2 and time.monotonic() < deadline:  # until other clients have received it
            time.sleep(0.002)

    def _open(self) -> None:
        compile_callbacks()  # before the client exists, so that its ports work as soon as they show
        client = open_client(self._name, self._server)
        try:
            self._register(client)
        except BaseException:
            close_client(client)  # else the next attempt could not use our name
            self.client, self._alive = None, []
            raise

    def _register(self, client: Any) -> None:
        graph = self._graph
        if client.samplerate != graph.plan.rate:
            raise RateChanged(int(client.samplerate), graph.plan.rate)
        ins = [client.inports.register(f"in_{i + 1}") for i in range(CHANNELS)]
        names = [f"{path}_{i + 1}" for path in AUDIO_PATHS for i in range(CHANNELS)]
        outs = [client.outports.register(name) for name in names]
        midi = [client.midi_inports.register("midi_in")]
        midi += [client.midi_outports.register(port) for port in MIDI_PORTS]
        self._outs = dict(zip((*names, *MIDI_PORTS), (*outs, *midi[1:]), strict=True))
        # after the others: `HangingNotes` and `declare_latencies` go by the ports' order, and these are no paths
        midi += [client.midi_inports.register(CONTROL_IN), client.midi_outports.register(CONTROL_OUT)]
        argument = self._set_process_callback(client, ins, outs, midi)
        self._alive = [argument, *self._set_notifications(client)]
        graph.context.callback_state[w.STARTED] = 0
        publish(graph.arrays.state, w.FREEWHEEL, 0)  # a server that died freewheeling sent no notification of its end
        graph.set_midi_muted(False)
        self._lost.clear()
        self.client = client
        graph.set_period(client.blocksize)
        requests = graph.control_context.requests
        publish(requests, w.CONTROL_GENERATION, int(requests[w.CONTROL_GENERATION]) + 1)
        self._watch.begin(time.monotonic())
        activate_client(client)
        self._timebase = TimebaseMaster(client, argument.address, graph.timebase_status)
        self._published_rev = -1

    def _set_process_callback(self, client: Any, ins: list[Any], outs: list[Any], midi: list[Any]) -> Any:
        """Set the process callback; returns the memory that must live as long as the client."""
        from bridge.drivers import process_callback  # compiles or loads machine code, and needs libjack

        ports = ([address(port._ptr) for port in group] for group in (ins, outs, midi))
        graph = self._graph
        contexts = graph.context, graph.control_context, graph.insert_context
        argument = process_callback.CallbackArgument(*contexts, address(client._ptr), *ports)
        if load().jack_set_process_callback(address(client._ptr), process_callback.process.address, argument.address):
            raise DriverError("JACK refused the process callback")
        return argument

    def _set_notifications(self, client: Any) -> list[Any]:
        """Set the other callbacks; returns the memory that must live as long as the client."""
        from bridge.drivers import cancel_safe  # likewise

        state = self._graph.arrays.state
        watch = GraphWatch(client)
        self._links = JackGraph(client, watch, self._metadata)
        callbacks: dict[str, Callable[[int], None]] = {
            "jack_set_xrun_callback": self._count_xrun,
            "jack_set_buffer_size_callback": self._graph.set_period,
            "jack_set_freewheel_callback": lambda on: publish(state, w.FREEWHEEL, int(on != 0)),
            "jack_set_sample_rate_callback": self._note_rate,
        }
        self._declares_in_callback = can_declare_in_callback(find_pipewire())
        if self._declares_in_callback:
            callbacks["jack_set_latency_callback"] = self._declare_latency
        return [watch, *(cancel_safe.set_callback(client, setter, function) for setter, function in callbacks.items())]

    def _close(self) -> None:
        with self._asking:
            client, self.client = self.client, None
        self._links = self._timebase = None
        self._graph.timebase_status.state = NO_TIMEBASE
        if client is not None:
            close_client(client)
        self._alive = []

    def _note_rate(self, rate: int) -> None:
        """JACK's sample-rate callback: the driver's thread does the rest."""
        self._watch.note_rate(rate)
        self._wake.set()

    def _count_xrun(self, _: int) -> None:
        state = self._graph.arrays.state
        state[w.XRUNS] += 1

    def _declare_latency(self, mode: int) -> None:
        """JACK's latency callback; called from the driver's thread where `can_declare_in_callback` says no."""
        client = self.client
        if client is not None:
            declare_latencies(mode, self._graph.ledger, client, self._outs, self._after)

    def run_task(self, task: LinkTask) -> list[LinkEvent]:
        """Run ``task`` in the driver's thread, the only one that asks the server for changes, and wait for it.

        Raises:
            BridgeError: The server is away or does not answer, or the task failed.
        """
        if not self.is_connected:
            raise AWAY
        return self._tasks.run(task)

    def _run(self) -> None:
        """The driver's thread: runs tasks, restores connections, updates latencies, reconnects to a lost server."""
        while not self._leave.is_set():
            self._wake.wait(min(POLL_S, CHECK_S))
            self._wake.clear()
            try:
                self._run_tasks()
                if not self.is_connected:
                    self._reconnect()
                elif self._watch.new_rate:
                    self._leave_rate(self._watch.new_rate)
                elif time.monotonic() >= self._check_s or (self._links is not None and self._links.is_changed):
                    self._check_s = time.monotonic() + CHECK_S
                    self._update()
            except HungServerError:
                self._on_rate(0)  # whoever leaves this driver learns of it
                self._leave.wait()
            except Exception:
                log.exception("the JACK driver failed once; it continues")
        self._run_tasks()

    def _run_tasks(self) -> None:
        """Run the tasks that wait; each fails where no server runs, or the driver is leaving."""
        self._tasks.serve(self._links if self.is_connected and not self._leave.is_set() else None, time.monotonic())

    def _update(self) -> None:
        self._watch.update(self.client, time.monotonic())
        after = read_playback_latencies(self.client, self._outs)
        is_new = self._graph.ledger.rev != self._published_rev or after != self._after
        self._after = after
        if not self._declares_in_callback:
            self._declare_latency(CAPTURE)
            self._declare_latency(PLAYBACK)
        if is_new:
            self._published_rev = self._graph.ledger.rev
            load().jack_recompute_total_latencies(address(self.client._ptr))
        if self._links is not None:
            self.patchbay.update(self._links, time.monotonic())
        if self._timebase is not None:
            self._timebase.update(time.monotonic())
        self.dsp_load = float(self.client.cpu_load()) / 100.0  # here: no other thread may use a client that is closed
        self._hanging.release(self.client, self._graph.context, self._graph.release_notes)
        if self._watch.is_still(time.monotonic()):
            log.warning("JACK has not called for %.0f s; connecting again", STANDSTILL_S)
            self._lost.set()

    def _leave_rate(self, rate: int) -> None:
        """The server runs on at another ``rate``, in Hz: what we put out would have the wrong pitch."""
        log.warning("the audio system changed its rate from %d to %d Hz", self._graph.plan.rate, rate)
        self._leave_server()
        self._on_rate(rate)
        self._leave.wait()

    def _leave_server(self) -> None:
        """Close the client, on a dead server or a living one; a note that sounds gets its note-off after the next
        connection."""
        self.patchbay.forget_server()
        sounding = self._graph.context.sounding
        self._hanging.keep(sounding)
        self._close()
        sounding[:] = 0

    def _reconnect(self) -> None:
        if self.client is not None:
            log.warning("the JACK server is gone; waiting for it to come back")
            self._leave_server()
        try:
            self._open()
        except RateChanged as error:
            self._on_rate(error.rate)
            self._leave.wait()
            return
        except DriverError:
            self._leave.wait(RETRY_S)
            return
        self.reconnections += 1
        log.warning("the JACK server is back")
