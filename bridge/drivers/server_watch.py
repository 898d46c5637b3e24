"""Server watch: the rate and period at which a server really calls, and whether it still does."""

from __future__ import annotations

from typing import Any

from bridge.runtime.graph import Graph
from bridge.runtime.shared import slots as w

STANDSTILL_S = 3.0
"""Without a callback for so long, the client connects again."""


class ServerWatch:
    """Watches one client's server for ``graph``. `note_rate` may be called from any thread, the rest from one."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._rate = 0  # unknown before a client was activated
        self._cycles, self._cycle_s = -1, 0.0
        self._periods = 0, 0  # called with, and declared

    def begin(self, now: float) -> None:
        """A new client was activated at ``now``, in seconds."""
        self._rate = self._graph.plan.rate
        self._cycles, self._cycle_s, self._periods = -1, now, (0, 0)

    def note_rate(self, rate: int) -> None:
        """The server said that it runs at ``rate`` Hz."""
        self._rate = rate

    @property
    def new_rate(self) -> int:
        """The server's rate in Hz where it is not the graph's any more; else 0."""
        return self._rate if self._rate != self._graph.plan.rate else 0

    def update(self, client: Any, now: float) -> None:
        """Read what no callback may have said: PipeWire calls process with a new period before the callback for it."""
        self._rate = int(client.samplerate)
        state = self._graph.arrays.state
        cycles, periods = int(state[w.CYCLES]), (int(state[w.PERIOD]), self._graph.ledger.period)
        if cycles == self._cycles:
            return
        self._cycles, self._cycle_s = cycles, now
        # seen twice, since a period that was just declared comes with the next call
        if periods == self._periods and periods[0] != periods[1]:
            self._graph.set_period(periods[0])
        self._periods = periods

    def is_still(self, now: float) -> bool:
        """Whether the server has not called for `STANDSTILL_S`, as of the last update."""
        return now - self._cycle_s > STANDSTILL_S
