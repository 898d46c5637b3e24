"""Offline driver: runs the graph on a song and a clock of our own, without JACK and without ports.

The compiled cycle is the one that JACK calls. On the real clock it runs at the pace of the song, and cycles that come
too late are skipped, as JACK skips them. On the virtual clock it runs as fast as the workers: each cycle waits for
every hop, so the same song gives the same samples; while the song stands still, cycles come at their own pace.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType

from bridge.drivers.cycle_pacer import CyclePacer
from bridge.drivers.output_files import OutputFiles
from bridge.drivers.song_transport import SongTransport
from bridge.errors import DriverError
from bridge.routing.patchbay import LinkEvent
from bridge.routing.routing_service import LinkTask
from bridge.runtime.graph import Graph
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import publish
from bridge.runtime.shared.layout import CAPACITY

LOAD_SMOOTHING = 0.02
"""Weight of a cycle in the load: an average over about 50 of them."""
LONGEST_SKIP_FRAMES = CAPACITY // 2
"""More is a machine that slept: the graph starts afresh behind it, and the song goes on from about where it was."""


class OfflineDriver:
    """A context manager: what ``transport`` plays goes through ``graph`` inside, on the virtual clock or the real one.

    ``files``: what the ports would send is appended to them; None: to none. ``on_end``: called from the driver's thread
    when the song has ended, with None, or with the error that ended it.
    """

    def __init__(
        self,
        graph: Graph,
        transport: SongTransport,
        files: OutputFiles | None,
        is_virtual: bool,
        on_end: Callable[[Exception | None], None],
    ) -> None:
        self._graph, self._transport, self._files = graph, transport, files
        self._is_virtual, self._on_end = is_virtual, on_end
        self._leave = threading.Event()
        self._thread = threading.Thread(target=self._run, name="offline", daemon=True)
        self._raw = 0  # frames on the clock, as JACK counts them
        self.dsp_load = 0.0

    def __enter__(self) -> OfflineDriver:
        from bridge.drivers.offline_callback import OfflineCallback  # compiles or loads machine code

        graph = self._graph
        self._callback = OfflineCallback(graph.context, graph.control_context, graph.insert_context)
        publish(self._graph.arrays.state, w.FREEWHEEL, int(self._is_virtual))
        self._graph.set_midi_muted(False)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._leave.set()
        self._thread.join()

    @property
    def is_connected(self) -> bool:
        return self._thread.is_alive()

    def start_transport(self) -> None:
        self._transport.start()

    def stop_transport(self) -> None:
        self._transport.stop()

    def run_task(self, task: LinkTask) -> list[LinkEvent]:  # noqa: ARG002
        raise DriverError("a sidecar that runs offline has no ports to connect", "start sideman run without --offline")

    def _run(self) -> None:
        """The driver's thread."""
        error = None
        try:
            if self._is_virtual:
                self._run_virtual()
            else:
                self._run_real()
        except Exception as raised:  # noqa: BLE001  (raised again by who waits for the end)
            error = raised
        self._on_end(error)

    def _run_virtual(self) -> None:
        period_s = self._graph.ledger.period / self._graph.plan.rate
        while not self._is_over():
            if self._leave.wait(period_s if self._transport.waits else 0.0):  # a song that waits is no reason to hurry
                return
            self._run_cycle()

    def _run_real(self) -> None:
        period = self._graph.ledger.period
        pacer = CyclePacer(period / self._graph.plan.rate, time.monotonic())
        while not self._leave.wait(max(0.0, pacer.due_s - time.monotonic())) and not self._is_over():
            if skipped := pacer.advance(time.monotonic()):
                self._raw += skipped * period
                self._transport.skip(min(skipped * period, LONGEST_SKIP_FRAMES))
            self._run_cycle()

    def _is_over(self) -> bool:
        return self._transport.is_over(max((path.declared for path in self._graph.ledger), default=0))

    def _run_cycle(self) -> None:
        context, state, period = self._graph.context, self._graph.arrays.state, self._graph.ledger.period
        self._transport.fill(context.work_in[:, :period], context.transport)
        head, began_s = int(state[w.HEAD]), time.perf_counter()
        self._callback.run(period, self._raw)
        load = (time.perf_counter() - began_s) * self._graph.plan.rate / period
        self.dsp_load += LOAD_SMOOTHING * (load - self.dsp_load)
        self._raw += period
        if self._files is not None:
            self._files.write_silence(int(state[w.HEAD]) - head - period)  # of cycles that were skipped
            self._files.write(context.work_out[:, :period])
