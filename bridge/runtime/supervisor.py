"""Worker supervisor: starts the workers, monitors their heartbeats, and restarts those that died or stalled.

Meanwhile the callback plays the dry mix and releases their notes, so a crash costs some stems, never the audio.
`bridge.runtime.stall_detector` distinguishes a stall from a busy machine.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from types import TracebackType

import msgspec

from bridge.cpu_usage import read_usage
from bridge.errors import EngineError
from bridge.processes import describe_exit
from bridge.runtime.graph import Graph
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import observe, publish
from bridge.runtime.shared.wake import make_semaphore, post_semaphore
from bridge.runtime.stall_detector import StallDetector, StallLimits
from bridge.runtime.worker_pool import LEAVE_S, WorkerPool
from bridge.runtime.worker_process import WorkerProcess

log = logging.getLogger(__name__)

WATCH_S = 0.02
STALL_S = 2.0  # of processor time, or idle, without a heartbeat
START_S = 60.0  # idle, before it is ready: loading and compiling use the processor all the time
START_CPU_S = 600.0  # of processor time without compiling a function; a model may be large, and a machine slow
BACKOFF_S = (0.0, 0.0, 1.0, 2.0, 5.0, 15.0)  # before the n-th restart in a row
STABLE_S = 30.0  # a worker that lived so long starts with a clean slate

Report = Callable[[str, str], None]
"""Called with a role and its new state: starting, running, died, stalled."""


class _WorkerRecord:
    """The supervisor's record of one worker."""

    def __init__(self, index: int, role: str, engine: str) -> None:
        self.index, self.role, self.engine = index, role, engine
        self.process: WorkerProcess | None = None
        self.state = "stopped"
        self.detector = StallDetector()
        self.started_s, self.due_s = 0.0, 0.0
        self.failures = 0
        self.lost = False
        """Whether it stalled before it was ever ready: a restart would not help."""


class Supervisor:
    """A context manager: the workers of ``graph`` live inside.

    ``stems_first``: the worker that separates starts before the others, and alone is waited for: its stems come sooner.
    ``pool``: gives the processes, and keeps them for the next graph; without one they end with this one.
    """

    def __init__(
        self,
        graph: Graph,
        report: Report | None = None,
        stall_s: float = STALL_S,
        start_s: float = START_S,
        stems_first: bool = False,
        pool: WorkerPool | None = None,
    ) -> None:
        self._graph = graph
        self._report = report or (lambda _role, _state: None)
        self._running, self._starting = StallLimits(stall_s, stall_s), StallLimits(START_CPU_S, start_s)
        self._workers = [_WorkerRecord(plan.index, plan.role, plan.engine) for plan in graph.plan.workers]
        separates = [worker for worker in self._workers if worker.index == graph.plan.audio_worker]
        self._first = separates if stems_first and separates else self._workers
        self._later = [worker for worker in self._workers if worker not in self._first]
        self._pool, self._keeps_processes = pool or WorkerPool(), pool is not None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.restarts = 0

    def __enter__(self) -> Supervisor:
        plan, shared, context = self._graph.plan, self._graph.arrays, self._graph.context
        posts = [make_semaphore(word) if plan.wake_by_semaphore else 0 for word in shared.semaphores]
        self._plan = msgspec.structs.replace(plan, wake_by_semaphore=bool(posts) and all(posts))
        context.wake[:] = posts if self._plan.wake_by_semaphore else 0
        for worker in self._first:
            self._start(worker)
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        publish(self._graph.arrays.state, w.STOP, 1)
        for semaphore in self._graph.context.wake[self._graph.context.wake != 0]:
            post_semaphore(int(semaphore))
        deadline = time.monotonic() + LEAVE_S
        for worker in self._workers:
            process = worker.process
            if process is None:
                continue
            if worker.state == "running" and process.wait_until_idle(deadline - time.monotonic()):
                self._pool.keep(worker.role, worker.engine, process)
            else:  # it would finish to prepare its engine first, or never answer
                process.kill()
                process.wait(LEAVE_S)
        if not self._keeps_processes:
            self._pool.close()

    @property
    def states(self) -> dict[str, str]:
        """Role to state."""
        return {worker.role: worker.state for worker in self._workers}

    @property
    def pids(self) -> dict[str, int]:
        """Role to process id, of the workers that run."""
        processes = {worker.role: worker.process for worker in self._workers}  # may change meanwhile
        return {role: process.pid for role, process in processes.items() if process is not None}

    def wait_until_ready(self, timeout_s: float = math.inf, stop: threading.Event | None = None) -> None:
        """Return when the workers that start first run, however long they work at starting; or when ``stop`` is set.

        Raises:
            EngineError: some died repeatedly, stalled, or do not run after ``timeout_s``. It names them.
        """
        deadline = time.monotonic() + timeout_s
        while (slow := self._list_slow()) and not (stop is not None and stop.is_set()):
            lost = [worker.role for worker in self._first if worker.failures >= 3 or worker.lost]
            if lost or time.monotonic() > deadline:
                names = ", ".join(lost or slow)
                raise EngineError(f"the worker for {names} does not start", "its messages are above")
            self._stopping.wait(WATCH_S)

    def _list_slow(self) -> list[str]:
        """The roles whose workers start first and do not run yet."""
        return [worker.role for worker in self._first if worker.state != "running"]

    def kill(self) -> None:
        """End every worker at once, from any thread, because this process ends."""
        for worker in self._workers:
            process = worker.process
            if process is not None:
                process.kill()

    def restart(self, role: str) -> None:
        """Restart the worker of ``role``: for settings that are fixed while it runs."""
        for worker in self._workers:
            process = worker.process
            if worker.role == role and process is not None:
                process.kill()

    def _start(self, worker: _WorkerRecord) -> None:
        words = self._graph.arrays.workers[worker.index]
        publish(words, w.READY, 0)
        worker.started_s, worker.detector = time.monotonic(), StallDetector()
        try:
            worker.process = self._pool.take(worker.role, worker.engine)
        except OSError as error:  # out of memory or processes: try again later
            self._schedule_restart(worker, worker.started_s, f"cannot be started ({error})")
            return
        worker.process.assign(self._plan, worker.index, self._graph.arena)
        self._enter_state(worker, "starting")

    def _enter_state(self, worker: _WorkerRecord, state: str) -> None:
        worker.state = state
        self._report(worker.role, state)

    def _watch(self) -> None:
        while not self._stopping.wait(WATCH_S):
            now = time.monotonic()
            if self._later and all(worker.state == "running" or worker.failures for worker in self._first):
                later, self._later = self._later, []
                for worker in later:
                    self._start(worker)
            for worker in self._workers:
                if worker not in self._later:
                    self._check(worker, now)

    def _check(self, worker: _WorkerRecord, now: float) -> None:
        words = self._graph.arrays.workers[worker.index]
        if worker.process is None:
            if now >= worker.due_s:
                self.restarts += 1
                self._start(worker)
            return
        runs, pid = worker.state == "running", worker.process.pid
        limits = self._running if runs else self._starting
        if (status := worker.process.exit_status) is not None:
            self._schedule_restart(worker, now, f"died ({describe_exit(status)})")
        elif worker.detector.has_stalled(now, int(words[w.HEARTBEAT]), lambda: read_usage(pid), limits):
            worker.process.kill()
            worker.process.wait(LEAVE_S)
            worker.lost = not runs
            self._schedule_restart(worker, now, "stalled")
        elif worker.state == "starting" and observe(words, w.READY):
            self._graph.restart_one(worker.index)  # begin at the present, not where the last process ended
            publish(words, w.ALIVE, 1)
            worker.detector.restart()  # there is no heartbeat during preparation
            worker.lost = False
            self._enter_state(worker, "running")

    def _schedule_restart(self, worker: _WorkerRecord, now: float, reason: str) -> None:
        publish(self._graph.arrays.workers[worker.index], w.ALIVE, 0)
        self._graph.restart_one(worker.index)
        worker.failures = 1 if now - worker.started_s > STABLE_S else worker.failures + 1
        worker.due_s = now + BACKOFF_S[min(worker.failures, len(BACKOFF_S) - 1)]
        worker.process = None
        log.warning("the %s worker %s; it is restarted; the dry mix continues", worker.role, reason)
        self._enter_state(worker, reason)
