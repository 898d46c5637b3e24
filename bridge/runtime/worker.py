"""The worker process: ``python -m bridge.runtime.worker HANDLE INDEX PARENT`` with the plan on standard input.

It ends when it is told to, or when its parent is gone, and leaves nothing behind.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import time

import msgspec

from bridge.runtime.engines import engine_for
from bridge.runtime.hops import HopRunner
from bridge.runtime.meters import WORKER_BIN_US
from bridge.runtime.priority import set_priority
from bridge.runtime.shared.arena import Arena
from bridge.runtime.shared.atomics import observe, publish
from bridge.runtime.shared.layout import WORKER_BINS, Plan, map_arena, size_of
from bridge.runtime.shared.wake import PollSleep, SemaphoreSleep
from bridge.runtime.shared.words import BEATS, FREEWHEEL, READY, STOP

log = logging.getLogger("sideman.worker")

IDLE_S = 0.1  # how often an idle worker looks whether it is still wanted


def serve(plan: Plan, index: int, arena: Arena, parent: int) -> None:
    """Run worker ``index`` until it is stopped."""
    shared = map_arena(plan, arena)
    mine = plan.workers[index]
    words, state = shared.workers[index], shared.state
    runner = HopRunner(plan, mine, shared, engine_for(mine.engine, plan.rate))
    runner.prepare()
    sleep = SemaphoreSleep(shared.semaphores[index]) if plan.wake_by_semaphore else PollSleep()
    if mine.role == "separation" and plan.priority > 0:
        try:
            set_priority(plan.priority)
        except OSError as error:
            log.warning("no real-time priority for %s: %s; `sideman doctor` says how to get it", mine.role, error)
    gc.collect()
    gc.freeze()  # what lives now lives to the end: later collections are short
    publish(words, READY, 1)
    while observe(state, STOP) == 0 and os.getppid() == parent:
        words[BEATS] += 1
        started = time.perf_counter_ns()
        hops = runner.pump()
        if hops:
            microseconds = (time.perf_counter_ns() - started) // (1000 * hops)
            shared.worker_bins[index, min(microseconds // WORKER_BIN_US, WORKER_BINS - 1)] += hops
        elif observe(state, FREEWHEEL):
            time.sleep(20e-6)  # another worker may be what we wait for, and it posts nothing
        else:
            sleep(IDLE_S)


def main() -> None:
    handle, index, parent = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent tells us when
    logging.basicConfig(format="%(name)s: %(message)s", level=logging.WARNING)
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
    with Arena.attach(handle, size_of(plan)) as arena:
        serve(plan, index, arena, parent)


if __name__ == "__main__":
    main()
