"""Cost of live inserts: ``python -m bench.insert_cost [CHAIN ...]``.

Each chain runs in its own insert worker, as in a session, and gets music at the pace of the audio: periods of 128 and
512 frames at 48 kHz. The table shows the time of a block in % of the time that it lasts. ``--busy N``: beside N busy
loops. The goal is a p99 of 25 % at most. It takes about a minute, and longer the first time, when it compiles.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import msgspec
import numpy as np

from bench.cold_start import start_busy_loops
from bridge.control.insert_controls import InsertSetting
from bridge.core.audio import CHANNELS
from bridge.core.insert import INSERT_POINTS
from bridge.printing import Printer, columns
from bridge.runtime.counters import WORKER_BIN_US, Percentiles, compute_percentiles
from bridge.runtime.graph import Graph
from bridge.runtime.insert_supervisor import InsertSupervisor
from bridge.runtime.priority import may_use_realtime
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import publish
from bridge.runtime.shared.layout import INSERT_CAPACITY
from bridge.runtime.shared.rings import write_audio
from bridge.runtime.shared.wake import post_semaphore
from bridge.runtime.supervised_insert import BLOCK_FRAMES
from bridge.runtime.wiring import wire

RATE = 48000
PERIODS = (128, 512)
CHAINS = ("drum-glue", "drum-parallel", "zam-master")
"""Light: four built-in effects. Standard: parallel branches. Heavy: a compressor and a look-ahead limiter as VST3."""
PRIORITY = 68  # of a worker beside JACK at 70
POINT = "drums"


def send_music(graph: Graph, period: int, seconds: float) -> None:
    """Send noise with the envelope of drums to the worker, period by period, at the pace of the audio."""
    context, index = graph.insert_context, INSERT_POINTS.index(POINT)
    words, frames = context.words[index], np.arange(RATE)
    envelope = np.exp(-(frames % (RATE // 4)) / 4000.0)
    music = (np.random.default_rng(1).uniform(-0.5, 0.5, (CHANNELS, RATE)) * envelope).astype(np.float32)
    head = int(words[w.INSERT_HEAD])
    words[w.INSERT_ORIGIN] = head
    publish(words, w.INSERT_EPOCH, int(words[w.INSERT_EPOCH]) + 1)
    due_s = time.monotonic()
    for number in range(round(seconds * RATE / period)):
        start = number * period % (RATE - period)
        write_audio(context.sends[index], 0, head, music[:, start : start + period], INSERT_CAPACITY)
        head += period
        publish(words, w.INSERT_HEAD, head)
        if context.wake[index]:
            post_semaphore(int(context.wake[index]))
        due_s += period / RATE
        time.sleep(max(0.0, due_s - time.monotonic()))


@contextmanager
def run_chain(chain: str, period: int, priority: int) -> Iterator[Graph]:
    """A graph without a callback, on which ``chain`` runs in its worker."""
    wiring = wire({}, RATE, {})
    wiring = type(wiring)(msgspec.structs.replace(wiring.plan, priority=priority), wiring.nodes)
    settings = dict.fromkeys(INSERT_POINTS, InsertSetting()) | {POINT: InsertSetting(chain)}
    with Graph(wiring, period, {}, {}) as graph, InsertSupervisor(graph, lambda: settings) as supervisor:
        supervisor.wait_until_settled()
        state = supervisor.statuses[INSERT_POINTS.index(POINT)].state
        if state != "running":
            raise SystemExit(f"{chain}: {state}")
        yield graph


def measure_chain(chain: str, period: int, seconds: float, priority: int) -> tuple[Percentiles, int]:
    """The times of the blocks, and the latency of the chain in frames."""
    index = INSERT_POINTS.index(POINT)
    with run_chain(chain, period, priority) as graph:
        send_music(graph, period, seconds)
        arrays = graph.insert_arrays
        spent = compute_percentiles(arrays.block_bins[index], WORKER_BIN_US)
        return spent, int(arrays.words[index, w.INSERT_LATENCY])


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("chains", nargs="*", default=CHAINS)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--busy", type=int, default=0)
    given = parser.parse_args(arguments)
    priority = PRIORITY if may_use_realtime() else 0
    block_us = 1e6 * BLOCK_FRAMES / RATE
    table = columns("chain", "period", "latency", "p50 %", "p99 %", "max %", "blocks")
    with start_busy_loops(given.busy, apart=True):
        for chain in given.chains:
            for period in PERIODS:
                spent, latency = measure_chain(chain, period, given.seconds, priority)
                times = (spent.p50_us, spent.p99_us, spent.max_us)
                shares = [f"{100 * time_us / block_us:.1f}" for time_us in times]
                table.add_row(chain, str(period), str(latency), *shares, str(spent.count))
    Printer().print(table)
    how = "real-time priority" if priority else "no real-time priority"
    Printer().say(f"blocks of {BLOCK_FRAMES} frames at {RATE} Hz: {block_us:.0f} us; {how}; {given.busy} busy loops")


if __name__ == "__main__":
    main()
