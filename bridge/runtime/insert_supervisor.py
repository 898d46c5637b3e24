"""Insert supervisor: keeps at each insert point the chain that the user has chosen, and its worker alive.

A worker that dies or stalls costs the effect of its chain, never the audio: the callback plays the dry signal with the
same delay. Two crashes in a row, and the chain stays off.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TypeAlias

import msgspec

from bridge.control.insert_controls import InsertSetting
from bridge.core.insert import INSERT_POINTS
from bridge.runtime.graph import Graph
from bridge.runtime.shared.wake import make_semaphore
from bridge.runtime.stall_detector import StallLimits
from bridge.runtime.supervised_insert import InsertStatus, SupervisedInsert

log = logging.getLogger(__name__)

WATCH_S = 0.02
STALL_S = 2.0  # of processor time, or idle, without a heartbeat
PATIENCE_S = 15.0
"""Seconds for which the start of the audio waits for the inserts: a plugin that hangs must not hold up everything, and
one of a large sample library may need as long."""
LEAVE_S = 1.0  # for all workers to end by themselves, together

ReadSettings: TypeAlias = Callable[[], Mapping[str, InsertSetting]]
"""Returns what the user wants at each of INSERT_POINTS at this moment."""


class InsertSupervisor:
    """A context manager: the insert workers of ``graph`` live inside."""

    def __init__(self, graph: Graph, read_settings: ReadSettings, stall_s: float = STALL_S) -> None:
        self._graph, self._read_settings = graph, read_settings
        self._running = StallLimits(stall_s, stall_s)
        self._inserts: tuple[SupervisedInsert, ...] = ()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> InsertSupervisor:
        context, plan = self._graph.insert_context, self._graph.plan
        posts = [make_semaphore(word) if plan.wake_by_semaphore else 0 for word in context.semaphores]
        plan = msgspec.structs.replace(plan, wake_by_semaphore=all(posts))
        context.wake[:] = posts if plan.wake_by_semaphore else 0
        self._inserts = tuple(SupervisedInsert(self._graph, plan, point, self._running) for point in INSERT_POINTS)
        self._update()  # `wait_until_settled` then knows what was chosen before the start
        self._thread = threading.Thread(target=self._watch, name="inserts", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        for insert in self._inserts:
            insert.request_stop()
        deadline_s = time.monotonic() + LEAVE_S
        for insert in self._inserts:
            insert.close(max(0.0, deadline_s - time.monotonic()))

    @property
    def statuses(self) -> tuple[InsertStatus, ...]:
        """What runs at each point, in the order of INSERT_POINTS."""
        return tuple(insert.status for insert in self._inserts)

    def wait_until_settled(
        self,
        stop: threading.Event | None = None,
        report: Callable[[tuple[InsertStatus, ...]], object] = lambda _loading: None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Return when every chosen insert runs, is refused or has crashed; or when ``stop`` is set.

        After ``patience_s`` too: what is still being loaded then runs when it is ready, and a warning says so. A chain
        that hangs while it is loaded is given up after its own limit. ``report``: called with what is being loaded,
        whenever that has changed.
        """
        reported: tuple[str, ...] = ()
        deadline_s = time.monotonic() + patience_s
        while loading := tuple(insert.status for insert in self._inserts if not insert.is_settled):
            if stop is not None and stop.is_set():
                return
            if time.monotonic() >= deadline_s:
                for one in loading:
                    log.warning(
                        "insert %s: chain %s is still being loaded; the audio starts without it, and the delay moves"
                        " when it runs",
                        *(one.point, one.chain),
                    )
                return
            if (points := tuple(one.point for one in loading)) != reported:
                reported = points
                report(loading)
            self._stopping.wait(WATCH_S)

    def kill(self) -> None:
        """End every worker at once, from any thread, because this process ends."""
        for insert in self._inserts:
            insert.kill()

    def _watch(self) -> None:
        while not self._stopping.wait(WATCH_S):
            try:
                self._update()
            except Exception:
                log.exception("the inserts were not checked; it is tried again")

    def _update(self) -> None:
        settings, now_s = self._read_settings(), time.monotonic()
        for insert in self._inserts:
            insert.update(settings[insert.point], now_s)
