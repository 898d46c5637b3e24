"""Supervised insert: the worker of one insert point, from the choice of a chain to its end.

The old chain fades out to the dry signal, then its worker ends and that of the new one starts; the graph goes on. The
new one fades in when it is ready. Where it has another delay, all audio fades to silence and back, as it does with any
change of delay. While a worker is missing the delay stays as it is, so that nothing moves in the middle of the music:
until the next chain runs, or `off` is chosen.

The log has the line about a change before the state shows it: who sees the state finds its reason in the log.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Literal

from bridge.control.insert_controls import InsertSetting
from bridge.core.insert import INSERT_POINTS, InsertFailure
from bridge.core.insert_registry import OFF
from bridge.cpu_usage import read_usage
from bridge.errors import BridgeError
from bridge.runtime.graph import Graph
from bridge.runtime.insert_delays import InsertTiming
from bridge.runtime.insert_diagnosis import InsertDiagnosis
from bridge.runtime.insert_process import InsertProcess, WorkerEnd
from bridge.runtime.insert_worker import InsertPlan
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import observe, publish
from bridge.runtime.shared.layout import Plan
from bridge.runtime.stall_detector import StallDetector, StallLimits

log = logging.getLogger(__name__)

BLOCK_FRAMES = 128
"""Frames that an insert processes at a time, whatever the period: so the same input gives the same output at any
period, no plugin meets a block larger than before (which clears its state), and the delay stays short. A larger block
saves little: four built-in effects take 33 us for 128 frames and 64 us for 512 (p99)."""

SLOW_LOAD_S = 5.0
"""Seconds after which a chain that is still being loaded is worth a line in the log, and in the state."""

MAX_CRASHES = 2
"""Crashes of a chain in a row after which it stays off: one may be bad luck, the third would be too."""

MAX_LATENCY_CHANGES = 16
"""Changes of latency of one worker after which it is refused: each fades all audio to silence and back."""

BACKOFF_S = (0.0, 0.0, 0.5, 2.0, 5.0, 15.0)  # before the n-th restart in a row
STABLE_S = 30.0  # a worker that lived so long starts with a clean slate
STARTING = "starting"
"""State of an insert whose chain is being loaded; what takes long follows behind a colon."""

LEAVE_CYCLES, LEAVE_S = 2, 0.1
"""Callbacks that fade out an insert before its worker ends; seconds to wait for them where none come."""


@dataclass(frozen=True, slots=True)
class InsertStatus:
    """What runs at an insert point.

    ``crashes``: of its worker, in a row, hangs among them. ``pid``: of its worker, 0 without one.
    """

    point: str
    chain: str
    state: str
    crashes: int
    pid: int


class SupervisedInsert:
    """The insert of ``point``. `update` is called from one thread, again and again."""

    def __init__(self, graph: Graph, plan: Plan, point: str, running: StallLimits) -> None:
        """``plan``: as the worker gets it. ``running``: when a worker that runs counts as stalled."""
        self.point = point
        self._graph, self._plan, self._running = graph, plan, running
        self._starting, self._diagnosis = running, InsertDiagnosis(point)
        self._words = graph.insert_arrays.words[INSERT_POINTS.index(point)]
        self._setting = InsertSetting()
        self._state = OFF
        self._process: InsertProcess | None = None
        self._timing: InsertTiming | None = None
        """What the graph has been given; None: the point has no delay."""
        self._detector = StallDetector()
        self._started_s = 0.0
        self._restart_s: float | None = None
        self._leaves_at: tuple[int, float] | None = None
        """The callback and the time at which the present worker has faded out, and may end."""
        self._failures = self._crashes = self._latency_changes = 0

    @property
    def status(self) -> InsertStatus:
        process = self._process
        pid = 0 if process is None else process.pid
        return InsertStatus(self.point, self._setting.chain, self._state, self._crashes, pid)

    @property
    def is_settled(self) -> bool:
        """Whether nothing starts or ends here at this moment."""
        return self._leaves_at is None and not self._is_starting

    @property
    def _is_starting(self) -> bool:
        return self._state.partition(":")[0] == STARTING

    def update(self, setting: InsertSetting, now_s: float) -> None:
        """Do what is due at ``now_s`` of a monotonic clock. ``setting``: what the user wants."""
        before, self._setting = self._setting, setting
        if setting.chain != before.chain:
            self._begin_change(now_s)
        if self._leaves_at is not None:
            self._end_change(now_s)
        elif self._process is not None:
            self._check(self._process, now_s)
        elif self._restart_s is not None and now_s >= self._restart_s:
            self._start(now_s)

    def kill(self) -> None:
        """End the worker at once, from any thread, because this process ends."""
        if (process := self._process) is not None:
            process.kill()
            self._diagnosis.forget(process.pid)

    def request_stop(self) -> None:
        """Ask the worker to end."""
        publish(self._words, w.INSERT_STOP, 1)

    def close(self, patience_s: float) -> None:
        """End the worker; after ``patience_s`` by force."""
        self._end_process(patience_s)

    def _begin_change(self, now_s: float) -> None:
        self._failures = self._crashes = 0
        self._restart_s = None
        self._graph.route_insert(self.point, False)
        if self._leaves_at is None:
            cycles = observe(self._graph.arrays.state, w.CYCLES)
            at_once = self._process is None
            self._leaves_at = (cycles, now_s) if at_once else (cycles + LEAVE_CYCLES, now_s + LEAVE_S)
        self._state = OFF if self._setting.chain == OFF else STARTING

    def _end_change(self, now_s: float) -> None:
        cycle, end_s = self._leaves_at or (0, 0.0)
        if observe(self._graph.arrays.state, w.CYCLES) < cycle and now_s < end_s:
            return
        self._leaves_at = None
        self._end_process(0.0)
        if self._setting.chain == OFF:
            self._timing = None
            self._graph.set_insert(self.point, None)
        else:
            self._start(now_s)

    def _end_process(self, patience_s: float) -> None:
        publish(self._words, w.INSERT_ALIVE, 0)
        process, self._process = self._process, None
        if process is not None:
            process.close(patience_s)
            self._diagnosis.forget(process.pid)

    def _start(self, now_s: float) -> None:
        for word in (w.INSERT_READY, w.INSERT_STOP, w.INSERT_LATENCY):
            publish(self._words, word, 0)
        self._started_s, self._restart_s, self._detector, self._latency_changes = now_s, None, StallDetector(), 0
        plan = InsertPlan(self._plan, self.point, self._setting.chain, BLOCK_FRAMES)
        try:
            self._process = InsertProcess(plan, self._graph.arena)
        except OSError as error:  # out of memory or processes: try again later
            self._schedule_restart(f"cannot be started ({error})", now_s)
            return
        limit_s = self._diagnosis.compute_load_limit(self._setting.chain)
        self._starting = StallLimits(limit_s, limit_s)
        self._state = STARTING

    def _check(self, process: InsertProcess, now_s: float) -> None:
        starts = self._is_starting
        limits = self._starting if starts else self._running
        heartbeats = int(self._words[w.INSERT_HEARTBEAT])
        if (end := process.find_end()) is not None:
            self._handle_end(process, end, now_s)
        elif self._detector.has_stalled(now_s, heartbeats, lambda: read_usage(process.pid), limits):
            process.close()
            hang: Literal["busy", "still"] = "busy" if self._detector.is_busy else "still"
            limit_s = limits.cpu_s if self._detector.is_busy else limits.idle_s
            self._handle_failure(InsertFailure(process.pid, not starts, hang=hang, limit_s=limit_s), "stalled", now_s)
        elif not starts:
            self._follow_setting()
        elif observe(self._words, w.INSERT_READY):
            self._detector.restart()  # there is no heartbeat during preparation
            self._begin_running()
        elif self._state == STARTING and now_s - self._started_s > SLOW_LOAD_S:
            self._report_slow_load(process)

    def _report_slow_load(self, process: InsertProcess) -> None:
        name = self._diagnosis.find_loading(process.pid)
        what = f"{name} is still being loaded; it is given up after {self._starting.idle_s:g} s"
        log.warning("insert %s: chain %s: %s without progress", self.point, self._setting.chain, what)
        self._state = f"{STARTING}: {what}"

    def _begin_running(self) -> None:
        if self._apply_timing():
            self._graph.restart_insert(self.point)  # begin at the present, not where the last process ended
            publish(self._words, w.INSERT_ALIVE, 1)
            if self._failures:
                log.warning("insert %s: chain %s plays again", self.point, self._setting.chain)
            self._apply_bypass()

    def _follow_setting(self) -> None:
        """Apply a changed bypass or reserve, or a changed latency of the processor."""
        latency = 0 if self._timing is None else self._timing.latency_frames
        if observe(self._words, w.INSERT_LATENCY) != latency:
            self._latency_changes += 1
            if self._latency_changes > MAX_LATENCY_CHANGES:
                self._refuse("its latency does not settle; a plugin in it is not fit for live use")
                return
            if self._apply_timing():
                self._graph.restart_insert(self.point)  # the worker waits for this with a new latency
        elif self._timing is not None and self._timing.reserve_frames != self._setting.reserve_frames:
            self._apply_timing()
        if self._process is not None:
            self._apply_bypass()

    def _apply_timing(self) -> bool:
        """Give the graph what the delay is made of now; False where that is refused."""
        latency = observe(self._words, w.INSERT_LATENCY)
        timing = InsertTiming(BLOCK_FRAMES, self._setting.reserve_frames, latency)
        try:
            self._graph.set_insert(self.point, timing)
        except BridgeError as error:
            self._refuse(str(error))
            return False
        self._timing = timing
        return True

    def _apply_bypass(self) -> None:
        state = "bypassed" if self._setting.is_bypassed else "running"
        if state != self._state:
            self._graph.route_insert(self.point, state == "running")
            self._state = state

    def _handle_end(self, process: InsertProcess, end: WorkerEnd, now_s: float) -> None:
        reason = f"died ({end.reason})"
        if end.kind == "refused":
            self._refuse(end.reason)
        elif end.kind == "killed":
            self._end_process(0.0)
            self._count_end(0, now_s)
            self._schedule_restart(reason, now_s)
        else:
            failure = InsertFailure(process.pid, not self._is_starting, end.returncode, process.read_stderr())
            self._handle_failure(failure, reason, now_s)

    def _handle_failure(self, failure: InsertFailure, reason: str, now_s: float) -> None:
        """A worker failed by its own fault: it is started again, and after MAX_CRASHES stays off."""
        cause = self._diagnosis.explain(self._setting.chain, failure)
        self._end_process(0.0)
        self._count_end(1, now_s)
        name = self._setting.chain
        if cause:
            log.warning("insert %s: chain %s: %s", self.point, name, cause)
        if self._crashes < MAX_CRASHES:
            self._schedule_restart(reason, now_s)
            return
        self._graph.route_insert(self.point, False)
        log.warning("insert %s: chain %s %s again; it stays off", self.point, name, reason)
        again = "" if "unblock" in cause else "; to try it again, choose off, then the chain"
        self._state = f"{OFF}: failed twice: {cause or reason}{again}"

    def _count_end(self, crashes: int, now_s: float) -> None:
        """Count an end of the worker in a row of them, and ``crashes`` that are its own fault."""
        is_stable = now_s - self._started_s > STABLE_S
        self._failures = 1 if is_stable else self._failures + 1
        self._crashes = (0 if is_stable else self._crashes) + crashes

    def _schedule_restart(self, reason: str, now_s: float) -> None:
        self._restart_s = now_s + BACKOFF_S[min(self._failures, len(BACKOFF_S) - 1)]
        name = self._setting.chain
        log.warning("insert %s: chain %s %s; it is restarted, and the dry signal played", self.point, name, reason)
        self._state = reason

    def _refuse(self, reason: str) -> None:
        self._end_process(0.0)
        self._graph.route_insert(self.point, False)
        log.warning("insert %s: chain %s is refused: %s", self.point, self._setting.chain, reason)
        self._state = f"refused: {reason}"
