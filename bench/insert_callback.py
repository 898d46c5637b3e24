"""Insert callback benchmark: processor time of a callback with insert points off and in use, without a JACK server.

    .venv/bin/python -m bench.insert_callback

It counts the processor time of the thread, so that a busy machine changes it little. It takes some seconds once the
callback is compiled.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

import numpy as np
from rich.table import Table

from bridge.core.audio import CHANNELS
from bridge.drivers.offline_callback import OfflineCallback
from bridge.printing import Printer, columns
from bridge.runtime.graph import Graph
from bridge.runtime.insert_delays import InsertTiming
from bridge.runtime.shared.insert_ring import InsertRing
from bridge.runtime.wiring import wire

RATE, PERIOD = 48000, 128
CYCLES, WARM = 20_000, 500
CASES: tuple[tuple[str, ...], ...] = ((), ("drums",), ("drums", "mix"), ("drums", "bass", "vocals", "other", "mix"))


def measure_cycles(points: Sequence[str]) -> list[float]:
    """Microseconds of processor time of each callback with a worker that returns its input at each of ``points``."""
    with Graph(wire({}, RATE, {}), PERIOD, {}, {}) as graph:
        callback = OfflineCallback(graph.context, graph.control_context, graph.insert_context)
        for point in points:
            graph.set_insert(point, InsertTiming(PERIOD, PERIOD, 0))
            graph.route_insert(point, True)
        rings = [InsertRing(graph.insert_arrays, point, PERIOD) for point in points]
        noise = np.random.default_rng(0).uniform(-1, 1, (CHANNELS, PERIOD)).astype(np.float32)
        graph.context.work_in[:, :PERIOD] = noise
        block, spent = np.zeros((CHANNELS, PERIOD), np.float32), []
        for cycle in range(CYCLES):
            for ring in rings:
                ring.begin_epoch()
                while ring.read(block):
                    ring.write(block, 0)
            began = time.thread_time_ns()
            callback.run(PERIOD, cycle * PERIOD)
            spent.append((time.thread_time_ns() - began) / 1000)
    return spent[WARM:]


def make_table() -> Table:
    """A row for each of CASES."""
    shown = columns("inserts", "p50 µs", "p90 µs", "p50, % of the period", left=("inserts",))
    for points in CASES:
        half, most = np.percentile(measure_cycles(points), [50, 90])
        share = half * RATE / PERIOD / 10_000
        shown.add_row(", ".join(points) or "none", f"{half:.1f}", f"{most:.1f}", f"{share:.2f}")
    return shown


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    argparse.ArgumentParser(prog="python -m bench.insert_callback", description=__doc__).parse_args(arguments)
    Printer().print(make_table())


if __name__ == "__main__":
    main()
