"""Insert worker: ``python -m bridge.runtime.insert_worker HANDLE PARENT REPORT`` with its plan on standard input.

Plugins demand one thread for loading and processing: the main thread does both. What an insert is refused for goes to
the descriptor REPORT, as text. It ends at a stop request or with its parent.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import time
from typing import NoReturn

import msgspec

from bridge.core.insert import INSERT_POINTS
from bridge.core.insert_registry import load_insert_library
from bridge.errors import BridgeError
from bridge.log import setup_worker
from bridge.runtime.insert_runner import InsertRunner
from bridge.runtime.parent_watch import exit_with_parent
from bridge.runtime.priority import set_priority
from bridge.runtime.shared.arena import Arena
from bridge.runtime.shared.atomics import observe, publish
from bridge.runtime.shared.insert_ring import InsertRing
from bridge.runtime.shared.layout import Plan, map_arena, map_inserts, size_of
from bridge.runtime.shared.slots import FREEWHEEL, INSERT_HEARTBEAT, INSERT_READY, INSERT_STOP, STOP
from bridge.runtime.shared.wake import PollSleep, SemaphoreSleep

log = logging.getLogger("sideman.insert")

IDLE_S = 0.1  # how often an idle worker checks for a stop request
REFUSED = 3
"""Exit status of a worker that has reported why its insert is refused."""


class InsertPlan(msgspec.Struct, frozen=True):
    """What one insert worker does: processor ``name`` at ``point`` of a graph, ``block_frames`` at a time."""

    plan: Plan
    point: str
    name: str
    block_frames: int


def serve(insert: InsertPlan, arena: Arena, parent: int) -> NoReturn:
    """Run the insert until it is stopped, and end the process.

    Raises:
        BridgeError: It is unknown, cannot be loaded or cannot run live.
    """
    plan, index = insert.plan, INSERT_POINTS.index(insert.point)
    state, arrays = map_arena(plan, arena).state, map_inserts(plan, arena)
    words = arrays.words[index]
    ring = InsertRing(arrays, insert.point, insert.block_frames)
    processor = load_insert_library().load(insert.name)
    runner = InsertRunner(ring, processor, plan.rate, insert.block_frames, arrays.block_bins[index])
    runner.prepare()
    sleep = SemaphoreSleep(arrays.semaphores[index]) if plan.wake_by_semaphore else PollSleep()
    if plan.priority > 0:
        try:
            set_priority(plan.priority)
        except OSError as error:
            log.warning("no real-time priority: %s; `sideman doctor` says how to get it", error)
    gc.collect()
    gc.freeze()  # present objects live to the end: later collections are short
    publish(words, INSERT_READY, 1)
    while observe(state, STOP) == 0 and observe(words, INSERT_STOP) == 0 and os.getppid() == parent:
        words[INSERT_HEARTBEAT] += 1
        if runner.process_available() == 0:
            if observe(state, FREEWHEEL):
                time.sleep(20e-6)  # the callback waits for us, and for nobody who could wake us
            else:
                sleep(IDLE_S)
    os._exit(0)  # with the plugins in place: some crash when they are removed, or at the interpreter's end


def main() -> None:
    handle, parent, report = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent stops us
    setup_worker()
    try:
        insert = msgspec.json.decode(sys.stdin.buffer.read(), type=InsertPlan)
    except msgspec.DecodeError:  # the parent ended while writing
        sys.exit(1)
    with exit_with_parent(parent), Arena.attach(handle, size_of(insert.plan)) as arena:
        try:
            serve(insert, arena, parent)
        except BridgeError as error:
            os.write(report, str(error).encode())
            os._exit(REFUSED)
        except Exception as error:  # whatever plugins and hosts raise
            log.exception("%s: chain %s cannot be loaded", insert.point, insert.name)
            os.write(report, f"{insert.name}: {type(error).__name__}: {error}; the log has the whole report".encode())
            os._exit(REFUSED)


if __name__ == "__main__":
    main()
