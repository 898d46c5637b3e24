"""Callback benchmark: time and skipped cycles, native against Python, with and without Python work beside it.

The graph is the real one without workers: two inputs, twelve outputs, the MIDI ports, the faders. The Python
callback runs the same compiled cycle on the same context; only the path from JACK to it differs.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from bridge.drivers import cancel_safe
from bridge.drivers.dummy_server import DummyServer
from bridge.drivers.jack_driver import JackDriver
from bridge.printing import columns
from bridge.runtime.callback.cycle import cycle
from bridge.runtime.counters import Percentiles, compute_percentiles, read_counters
from bridge.runtime.graph import Graph
from bridge.runtime.priority import may_use_realtime
from bridge.runtime.shared.layout import CALLBACK_BINS
from bridge.runtime.wiring import wire

PERIODS: tuple[int, ...] = (64, 128, 256, 512, 1024)
WARM_S = 0.5  # before counting begins
DURATION_S = (0.1, 600.0)
"""Shortest and longest measurement: fewer cycles make no percentile, and there are twenty measurements."""


@dataclass(frozen=True, slots=True)
class Result:
    """One run: ``served`` of ``due`` callbacks; ``spent`` in the callback, seen from inside it."""

    period: int
    callback: str
    spinner: bool
    due: int
    served: int
    skipped: int
    spent: Percentiles


class PythonDriver(JackDriver):
    """The same driver with a Python callback, as most Python audio programs have it."""

    def _set_process_callback(self, client: Any, ins: list[Any], outs: list[Any], _midi: list[Any]) -> Any:
        graph = self._graph
        context, control, inserts = graph.context, graph.control_context, graph.insert_context

        def process(frames: int) -> None:
            began = time.perf_counter_ns()
            for channel, port in enumerate(ins):
                context.work_in[channel, :frames] = port.get_array()
            for port in client.midi_outports:
                port.clear_buffer()
            cycle(context, control, inserts, frames, client.last_frame_time)
            for row, port in enumerate(outs):
                port.get_array()[:] = context.work_out[row, :frames]
            spent_us = (time.perf_counter_ns() - began) // 1000
            context.callback_bins[min(spent_us, CALLBACK_BINS - 1)] += 1

        return cancel_safe.set_callback(client, "jack_set_process_callback", process)


@contextmanager
def run_busy_loop(wanted: bool) -> Iterator[None]:
    """A thread of pure Python that never rests, in this process: what a busy control process is at its worst."""
    leave = threading.Event()

    def spin() -> None:
        count = 0
        while not leave.is_set():
            count += 1

    thread = threading.Thread(target=spin, daemon=True)
    if wanted:
        thread.start()
    try:
        yield
    finally:
        leave.set()
        if wanted:
            thread.join()


def run_one(rate: int, period: int, driver: type[JackDriver], spinner: bool, seconds: float) -> Result:
    """Measure one driver at one period on a server of its own."""
    with (
        DummyServer(rate, period, realtime=may_use_realtime()) as server,
        Graph(wire({}, rate, {}), period, {}, {}) as graph,
        driver(graph, "sideman-bench", server.name),
        run_busy_loop(spinner),
    ):
        time.sleep(WARM_S)
        graph.arrays.callback_bins[:] = 0
        before, began = read_counters(graph.arrays), time.perf_counter()
        time.sleep(seconds)
        counted, lasted = read_counters(graph.arrays).subtract(before), time.perf_counter() - began
        spent = compute_percentiles(graph.arrays.callback_bins)
    name = "Python" if driver is PythonDriver else "native"
    return Result(period, name, spinner, round(lasted * rate / period), counted.cycles, counted.skipped, spent)


def run(rate: int, seconds: float, periods: Sequence[int] = PERIODS) -> Iterator[Result]:
    """Every period with both callbacks, each without and with the spinner."""
    for period in periods:
        for driver in (JackDriver, PythonDriver):
            for spinner in (False, True):
                yield run_one(rate, period, driver, spinner, seconds)


def table(results: Sequence[Result], rate: int) -> Table:
    """The results as a table."""
    names = ("period", "callback", "spinner", "served of due", "skipped", "p50 µs", "p99 µs", "max µs")
    title = f"JACK callback, 2 in / 12 out, {rate} Hz"
    shown = columns(*names, left=("callback", "spinner"), title=title, title_justify="left")
    for r in results:
        served = f"{r.served:,} of {r.due:,}"
        spent = (_us(r.spent.p50_us), _us(r.spent.p99_us), _us(r.spent.max_us))
        shown.add_row(str(r.period), r.callback, "yes" if r.spinner else "no", served, f"{r.skipped:,}", *spent)
    return shown


def _us(microseconds: float) -> str:
    """The last bin of the histogram holds all that is longer."""
    return f"{microseconds:.0f}" if microseconds < CALLBACK_BINS else f">{CALLBACK_BINS - 1}"


def verdicts(results: Sequence[Result]) -> list[str]:
    """Whether the promises hold: the spinner costs the native callback no cycle, and p99 at 128 is below 30 µs."""
    native = {(r.period, r.spinner): r for r in results if r.callback == "native"}
    lines = []
    for period in sorted({r.period for r in results}):
        quiet, busy = native[period, False], native[period, True]
        kept = "kept" if busy.skipped <= quiet.skipped else "MISSED"
        lines.append(
            f"period {period}: native skipped {quiet.skipped} alone, {busy.skipped} beside the spinner: {kept}"
        )
    if (128, False) in native:
        p99 = native[128, False].spent.p99_us
        lines.append(f"goal p99 < 30 µs at period 128: {p99:.0f} µs: {'reached' if p99 < 30 else 'not reached'}")
    return lines
