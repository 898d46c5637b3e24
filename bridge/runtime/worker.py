"""Worker process: ``python -m bridge.runtime.worker PARENT`` with its plans on standard input.

It runs the engine of a plan until it is asked to stop, and waits for the next plan. It ends with its parent or the
standard input, and leaves nothing behind.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import time
from contextlib import suppress

import msgspec

from bridge.core.compiling import watch_compiling
from bridge.core.engine import Engine
from bridge.core.role import ROLES
from bridge.log import setup_worker
from bridge.runtime.counters import WORKER_BIN_US
from bridge.runtime.engine_runner import EngineRunner
from bridge.runtime.parent_watch import exit_with_parent
from bridge.runtime.priority import set_priority
from bridge.runtime.resampled_engine import load_engine_at_rate
from bridge.runtime.shared.arena import Arena
from bridge.runtime.shared.atomics import observe, publish
from bridge.runtime.shared.layout import WORKER_BINS, Plan, map_arena
from bridge.runtime.shared.slots import FREEWHEEL, HEARTBEAT, READY, STOP
from bridge.runtime.shared.wake import PollSleep, SemaphoreSleep
from bridge.runtime.warmup import warm_up
from bridge.runtime.worker_channel import receive_assignments

log = logging.getLogger("sideman.worker")

IDLE_S = 0.1  # how often an idle worker checks for a stop request


def serve(plan: Plan, index: int, arena: Arena, parent: int) -> None:
    """Run worker ``index`` until it is stopped."""
    shared = map_arena(plan, arena)
    worker = plan.workers[index]
    words, state = shared.workers[index], shared.state

    def send_heartbeat(_compiled: str) -> None:
        words[HEARTBEAT] += 1

    with watch_compiling(send_heartbeat), exit_with_parent(parent):
        engine = load_engine_at_rate(worker.engine, plan.rate)
        runner = EngineRunner(plan, worker, shared, engine)
        runner.prepare()
        _warm_up(engine, worker.engine, plan.rate)
        runner.find_present()
    sleep = SemaphoreSleep(shared.semaphores[index]) if plan.wake_by_semaphore else PollSleep()
    if ROLES[worker.role].realtime and plan.priority > 0:
        try:
            set_priority(plan.priority)
        except OSError as error:
            log.warning("no real-time priority for %s: %s; `sideman doctor` says how to get it", worker.role, error)
    gc.collect()
    gc.freeze()  # present objects live as long as the graph: later collections are short
    publish(words, READY, 1)
    while observe(state, STOP) == 0 and os.getppid() == parent:
        words[HEARTBEAT] += 1
        started = time.perf_counter_ns()
        hops = runner.process_available()
        if hops:
            microseconds = (time.perf_counter_ns() - started) // (1000 * hops)
            shared.worker_bins[index, min(microseconds // WORKER_BIN_US, WORKER_BINS - 1)] += hops
        elif observe(state, FREEWHEEL):
            time.sleep(20e-6)  # we may wait for another worker, which posts no semaphore
        else:
            sleep(IDLE_S)
    gc.unfreeze()  # those of this graph are garbage from now on
    with suppress(OSError):
        set_priority(0)  # preparing another engine is not urgent


def _warm_up(engine: Engine, name: str, rate: int) -> None:
    try:
        warm_up(engine, rate)
    except Exception:  # real input may still work; each hop is checked
        log.exception("engine %s failed in its first hops, before the stream", name)
        engine.reset()


def main() -> None:
    parent = int(sys.argv[1])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent stops us
    setup_worker()
    try:
        for assignment, arena in receive_assignments():
            serve(assignment.plan, assignment.index, arena, parent)
    except msgspec.DecodeError:  # the parent ended while writing
        sys.exit(1)


if __name__ == "__main__":
    main()
