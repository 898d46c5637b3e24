"""Path of a toy separation: its worker is a real process, and the cycle is called at about its pace."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import numpy as np

from bridge.core.audio import CHANNELS
from bridge.runtime.callback.cycle import cycle
from bridge.runtime.graph import Graph
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import observe
from bridge.runtime.supervisor import Supervisor
from bridge.runtime.wiring import Wiring, wire
from tests.runtime.callback_driver import RATE
from tests.waiting import HANG_S, until

RESERVES = {"separation": 512}


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not Path(f"/proc/{pid}/stat").exists() or ") Z " not in Path(f"/proc/{pid}/stat").read_text()


def toy_wiring(by_semaphore: bool = True) -> Wiring:
    wiring = wire({"separation": "toy.separation"}, RATE, RESERVES)
    plan = msgspec.structs.replace(wiring.plan, wake_by_semaphore=by_semaphore)
    return Wiring(plan, wiring.nodes)


class Callback:
    """Calls the cycle at about its pace, as a driver without a clock of its own, and keeps what came out."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.worst = 0.0
        """How far the sum of the stems was ever from the delayed input."""

    def __enter__(self) -> Callback:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        graph, context, period, raw = self._graph, self._graph.context, 128, 0
        delay = graph.ledger["mix"].declared
        delayed = np.zeros((CHANNELS, delay), np.float32)
        rng = np.random.default_rng(1)
        while not self._stopping.wait(period / RATE):
            fresh = rng.uniform(-0.5, 0.5, (CHANNELS, period)).astype(np.float32)
            delayed = np.concatenate([delayed, fresh], axis=1)[:, -delay - period :]
            context.work_in[:, :period] = fresh
            cycle(context, graph.control_context, graph.insert_context, period, raw)
            raw += period
            out = context.work_out[:8, :period].reshape(4, CHANNELS, period).sum(axis=0, dtype=np.float64)
            self.worst = max(self.worst, float(np.abs(out - delayed[:, :period]).max()))


class RunningPath:
    """A graph with its workers and a callback."""

    def __init__(self, graph: Graph, workers: Supervisor, callback: Callback, states: list[str]) -> None:
        self.graph, self.workers, self.callback, self.states = graph, workers, callback, states

    @property
    def pid(self) -> int:
        return self.workers.pids["separation"]

    def word(self, word: int) -> int:
        return int(observe(self.graph.arrays.workers[0], word))

    def until_stems_flow(self) -> None:
        """Wait until hops are processed in the present epoch."""
        hops = self.word(w.HOPS)
        until("answers", lambda: self.word(w.HOPS) > hops + 20 and self.word(w.DONE_EPOCH) == self.word(w.EPOCH))


@contextmanager
def run_path(stall_s: float = 30.0, by_semaphore: bool = True) -> Iterator[RunningPath]:
    states: list[str] = []
    with (
        Graph(toy_wiring(by_semaphore), 128, RESERVES, {}) as graph,
        Supervisor(graph, lambda _role, state: states.append(state), stall_s) as workers,
    ):
        workers.wait_until_ready(HANG_S)
        with Callback(graph) as callback:
            opened = RunningPath(graph, workers, callback, states)
            opened.until_stems_flow()
            yield opened
