"""Insert readings: publishes what runs at each insert point, how late it was and what its blocks cost."""

from __future__ import annotations

from collections.abc import Callable

from bridge.control.bus import Bus, Row
from bridge.core.insert import INSERT_POINTS
from bridge.core.insert_registry import OFF
from bridge.runtime.counters import WORKER_BIN_US, compute_percentiles
from bridge.runtime.graph import Graph
from bridge.runtime.shared.slots import INSERT_DELAY, INSERT_FAULTS, INSERT_LATE, INSERT_LATENCY
from bridge.runtime.supervised_insert import BLOCK_FRAMES, InsertStatus

INSERT = "insert"
"""The reading of what runs at an insert point."""

SHARE_DIGITS = 3


class InsertReadings:
    """Publishes on ``bus`` what changed at the insert points of ``graph`` since the last call."""

    def __init__(self, bus: Bus, graph: Graph, read_statuses: Callable[[], tuple[InsertStatus, ...]]) -> None:
        """``read_statuses``: what runs at each point (`InsertSupervisor.statuses`)."""
        self._bus, self._graph, self._read_statuses = bus, graph, read_statuses
        self._rows: dict[str, Row] = {}
        for point, *_ in bus.get_rows(INSERT):  # those of an earlier signal path
            bus.withdraw(INSERT, point)
        self.reset_counters()

    def reset_counters(self) -> None:
        """Count late frames, faults and the time of blocks from now on."""
        arrays = self._graph.insert_arrays
        self._words, self._bins = arrays.words.copy(), arrays.block_bins.copy()

    def publish(self) -> None:
        """Publish the row of every point that is in use, where it changed."""
        for status in self._read_statuses():
            if status.chain == OFF:
                if self._rows.pop(status.point, None) is not None:
                    self._bus.withdraw(INSERT, status.point)
                continue
            row = self._make_row(status)
            if self._rows.get(status.point) != row:
                self._rows[status.point] = row
                self._bus.publish(INSERT, *row)

    def withdraw(self) -> None:
        """Withdraw all rows: nothing runs any more."""
        for point in self._rows:
            self._bus.withdraw(INSERT, point)
        self._rows = {}

    def _make_row(self, status: InsertStatus) -> Row:
        arrays, index = self._graph.insert_arrays, INSERT_POINTS.index(status.point)
        words, before = arrays.words[index], self._words[index]
        late, faults = (int(words[word] - before[word]) for word in (INSERT_LATE, INSERT_FAULTS))
        spent = compute_percentiles(arrays.block_bins[index] - self._bins[index], WORKER_BIN_US)
        share = spent.p99_us * 1e-6 * self._graph.plan.rate / BLOCK_FRAMES if spent.count else 0.0
        frames = int(words[INSERT_LATENCY]), int(words[INSERT_DELAY])
        shown = status.point, status.chain, status.state
        return (*shown, *frames, late, faults, status.crashes, round(share, SHARE_DIGITS))
