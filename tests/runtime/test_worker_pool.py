"""Worker pool: one process runs an engine in one graph after another, and nothing of the old one stays."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import psutil
import pytest

from bridge.runtime.callback.cycle import cycle
from bridge.runtime.graph import Graph
from bridge.runtime.priority import may_use_realtime
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import publish
from bridge.runtime.supervisor import Supervisor
from bridge.runtime.wiring import Wiring, wire
from bridge.runtime.worker_pool import WorkerPool
from tests.waiting import HANG_S, until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there each graph has processes of its own")

PERIOD = 256
RESERVES = {"mir": 1024}


@contextmanager
def run_graph(pool: WorkerPool, rate: int) -> Iterator[int]:
    """A graph at ``rate`` whose worker answers; the process id of that worker."""
    wiring = wire({"mir": "mir.chroma"}, rate, RESERVES)
    plan = msgspec.structs.replace(wiring.plan, priority=int(may_use_realtime()))
    with (
        Graph(Wiring(plan, wiring.nodes), PERIOD, RESERVES, {}) as graph,
        Supervisor(graph, pool=pool) as workers,
    ):
        workers.wait_until_ready(HANG_S)
        publish(graph.arrays.state, w.FREEWHEEL, 1)  # each cycle waits for the worker
        for raw in range(0, rate, PERIOD):
            cycle(graph.context, graph.control_context, graph.insert_context, PERIOD, raw)
        until("all hops", lambda: graph.arrays.workers[0, w.HOPS] >= rate // plan.workers[0].hop)
        assert workers.restarts == 0
        yield workers.pids["mir"]


def test_a_new_rate_keeps_the_process_and_nothing_else() -> None:
    with WorkerPool() as pool:
        with run_graph(pool, 44100) as first:
            pass
        assert not may_use_realtime() or os.sched_getscheduler(first) == os.SCHED_OTHER
        with run_graph(pool, 48000) as second:
            assert second == first
            if sys.platform == "linux":  # the memory of the first graph is not held any more
                maps = Path(f"/proc/{second}/maps").read_text(encoding="utf-8").splitlines()
                assert len({line.split()[4] for line in maps if "/dev/shm/sideman-" in line}) == 1
        assert psutil.pid_exists(second)
    assert not psutil.pid_exists(second)


@pytest.mark.parametrize("when", ["in the graph", "between two"])
def test_a_process_that_hangs_or_died_is_replaced(when: str) -> None:
    with WorkerPool() as pool:
        with run_graph(pool, 44100) as first:
            if when == "in the graph":
                os.kill(first, signal.SIGSTOP)
        if when == "between two":
            os.kill(first, signal.SIGKILL)
            until("its end", lambda: psutil.Process(first).status() == psutil.STATUS_ZOMBIE)
        with run_graph(pool, 48000) as second:
            assert second != first
