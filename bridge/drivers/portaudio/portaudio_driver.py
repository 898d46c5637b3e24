"""PortAudio driver: runs the graph on a device that may go, come back, or change its rate."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from bridge.drivers.portaudio.device_drift import DeviceDrift
from bridge.drivers.portaudio.device_stream import CLOSE_S, DeviceStream, HungDeviceError
from bridge.drivers.portaudio.stream_watch import STANDSTILL_S, StreamWatch, find_declared_period
from bridge.errors import BridgeError, DriverError
from bridge.routing.patchbay import LinkEvent
from bridge.routing.routing_service import LinkTask
from bridge.runtime.graph import Graph
from bridge.runtime.shared import slots as w

if TYPE_CHECKING:
    from bridge.drivers.offline_callback import OfflineCallback
    from bridge.drivers.portaudio.stream_opener import StreamOpener

log = logging.getLogger(__name__)

POLL_S = 0.05
"""Time between two looks at the stream."""
RETRY_S = 0.25
"""Time between two attempts to open a device that is gone. It is to be back within 2 s."""


class PortAudioDriver:
    """A context manager: a stream of PortAudio calls the callback of ``graph`` inside.

    ``on_rate`` is called, from the driver's thread, when the device runs at another rate than the graph: then a new
    graph is needed, and this driver is of no more use.

    Leaving it raises HungDeviceError where the device does not let the stream go.
    """

    def __init__(self, graph: Graph, opener: StreamOpener, on_rate: Callable[[int], None]) -> None:
        self._graph, self._opener, self._on_rate = graph, opener, on_rate
        self._leave = threading.Event()
        self._thread = threading.Thread(target=self._run, name="portaudio-keeper", daemon=True)
        self._stream: DeviceStream | None = None
        self._callback: OfflineCallback | None = None
        self._lock = threading.Lock()  # held while other threads use the stream, and while it is taken away
        self._lost = False
        self._problem = ""
        self._hung: HungDeviceError | None = None
        self._past_flagged = 0
        self.reopenings = 0
        """How often the device was opened again."""
        self.dsp_load = 0.0
        self.drift = DeviceDrift(graph.plan.rate)

    def __enter__(self) -> PortAudioDriver:
        """Raises: DriverError where the device cannot be opened."""
        from bridge.drivers.offline_callback import OfflineCallback  # compiles or loads machine code

        graph = self._graph
        self._callback = OfflineCallback(graph.context, graph.control_context, graph.insert_context)
        self._open()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._leave.set()
        self._thread.join(2.0 * CLOSE_S)
        if self._hung is not None or self._thread.is_alive():
            raise self._hung or HungDeviceError
        if self.is_connected:
            self._finish_output()
        self._close()

    @property
    def stream(self) -> DeviceStream | None:
        """The open stream; None while the device is gone."""
        return self._stream

    @property
    def is_connected(self) -> bool:
        return self._stream is not None and not self._lost

    def start_transport(self) -> None:
        raise DriverError("an audio device has no transport", "start it in the DAW, or use the internal clock")

    def stop_transport(self) -> None:
        raise DriverError("an audio device has no transport", "stop it in the DAW, or use the internal clock")

    def run_task(self, task: LinkTask) -> list[LinkEvent]:  # noqa: ARG002
        raise DriverError(
            "a sidecar on PortAudio has no ports to connect", "choose devices and channels by [audio] in sideman.toml"
        )

    def find_frame(self) -> int | None:
        """The stream frame now, between two callbacks too; None while the device is gone. From any thread."""
        with self._lock:
            if self._stream is None or self._graph.context.callback_state[w.STARTED] == 0:
                return None
            frame = self._stream.find_frame()
        return None if frame is None else self._graph.to_stream_frame(frame & 0xFFFFFFFF)

    def _open(self) -> None:
        graph, callback = self._graph, self._callback
        if callback is None:
            raise DriverError("the driver is not open", "use it inside its with statement")
        stream = self._opener.open(graph.plan.rate)
        graph.context.callback_state[w.STARTED] = 0
        graph.set_midi_muted(False)
        self._watch = StreamWatch(graph.plan.rate, time.monotonic())
        self.drift = DeviceDrift(graph.plan.rate)
        self._past_flagged = int(graph.arrays.state[w.XRUNS])
        with self._lock:
            self._stream, self._lost = stream, False
        stream.argument.set_cycle(graph.context, callback.function, callback.argument, callback)

    def _close(self) -> None:
        with self._lock:
            stream, self._stream = self._stream, None
        if stream is not None:
            stream.argument.unset_cycle()
            stream.close()

    def _finish_output(self) -> None:
        """Let the callback end all sounding notes; wait a few callbacks for it."""
        state = self._graph.arrays.state
        self._graph.set_midi_muted(True)
        wanted, deadline = int(state[w.RELEASE]), time.monotonic() + 0.5
        while state[w.RELEASED] != wanted and time.monotonic() < deadline:
            time.sleep(0.002)

    def _run(self) -> None:
        """The driver's thread: watches the stream, and opens the device again."""
        while not self._leave.wait(POLL_S):
            try:
                if self._stream is not None:
                    self._look(self._stream)
                elif self._reopen():
                    return
            except HungDeviceError as error:
                self._hung = error
                self._on_rate(0)  # whoever leaves this driver learns of it
                return
            except Exception:
                log.exception("the PortAudio driver failed once; it continues")

    def _look(self, stream: DeviceStream) -> None:
        now = time.monotonic()
        rows = stream.argument.read_log()
        self._watch.update(rows, now)
        self.drift.update(rows)
        self.dsp_load = stream.load
        self._graph.arrays.state[w.XRUNS] = self._past_flagged + stream.argument.flag_count
        self._follow_period()
        if self._watch.new_rate:
            log.warning(
                "the audio device runs at %d Hz, and not at %d; it is opened again",
                self._watch.new_rate, self._graph.plan.rate,
            )  # fmt: skip
            self._leave_device()
        elif not stream.is_active or self._watch.is_still(now):
            log.warning(
                "the audio device %s is gone, or has not called for %.0f s; waiting for it to come back",
                stream.plan.output.name, STANDSTILL_S,
            )  # fmt: skip
            self._leave_device()

    def _follow_period(self) -> None:
        """Declare the delays by the callbacks as they are. They grow at once, and shrink once all are short again."""
        fewest, most = self._watch.lengths
        if most and (period := find_declared_period(fewest, most)) != self._graph.ledger.period:
            self._graph.set_period(period)

    def _leave_device(self) -> None:
        self._lost = True
        self._graph.context.sounding[:] = 0
        self._close()

    def _reopen(self) -> bool:
        """Try to open the device again; whether it now has another rate, and this driver is done."""
        try:
            rate = self._opener.find_rate()
            if rate != self._graph.plan.rate:
                log.warning("the audio device runs at %d Hz now, and not at %d", rate, self._graph.plan.rate)
                self._on_rate(rate)
                return True
            self._open()
        except HungDeviceError:
            raise
        except BridgeError as error:
            self._note_problem(error)
            self._leave.wait(RETRY_S)
            return False
        self.reopenings += 1
        self._problem = ""
        log.warning("the audio device is back")
        return False

    def _note_problem(self, error: BridgeError) -> None:
        if str(error) != self._problem:  # each is logged once
            log.warning("%s", error)
        self._problem = str(error)
