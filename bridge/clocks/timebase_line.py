"""Timebase line: what bars and beats of JACK's transport are made of, and whether JACK lets us set them."""

from __future__ import annotations

import logging

from bridge.clocks.clock_source import SourceState
from bridge.control.bus import Bus
from bridge.control.clock_controls import CLOCK_BAR, CLOCK_TEMPO, TIMEBASE_MASTER
from bridge.core.clock import JACK_CLOCK
from bridge.core.time import BlockTime
from bridge.runtime.graph import Graph
from bridge.runtime.timebase_status import MASTER, NO_TIMEBASE, OFF, REFUSED

log = logging.getLogger(__name__)

TIMEBASE_READING = "transport.timebase"

TEXTS = {
    OFF: "bars and beats of JACK's transport are not ours",
    MASTER: "bars and beats of JACK's transport are ours",
    REFUSED: "another program is JACK's timebase master; it keeps that until it leaves or is switched off there",
    NO_TIMEBASE: "there is no JACK server, whose timebase could be ours",
}
"""Explanation of each state."""


class TimebaseLine:
    """Follows the control `TIMEBASE_MASTER`, and publishes the reading `TIMEBASE_READING`."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._published: tuple[bool, str] | None = None

    def update(self, graph: Graph, leader: str, state: SourceState | None) -> None:
        """Hand ``graph`` the line of the clock that leads; where JACK's transport does, or nothing, that of our tempo.

        ``leader``: the name of its source, empty for none; ``state``: what that says.
        """
        is_wanted = self._bus.get(TIMEBASE_MASTER) > 0.5
        status = graph.timebase_status
        if is_wanted:
            graph.set_timebase(self._make_line(graph.plan.rate, leader, state))
        status.is_wanted = is_wanted
        now = (is_wanted, status.state)
        if now != self._published:
            self._report(self._published, now)
            self._published = now

    def _make_line(self, rate: int, leader: str, state: SourceState | None) -> BlockTime:
        if state is not None and state.is_present and leader != JACK_CLOCK:
            return state.time
        return BlockTime(0, rate, 0.0, self._bus.get(CLOCK_TEMPO), False, int(self._bus.get(CLOCK_BAR)))

    def _report(self, before: tuple[bool, str] | None, now: tuple[bool, str]) -> None:
        is_wanted, state = now
        text = TEXTS[state]
        self._bus.publish(TIMEBASE_READING, state, text)
        if is_wanted and state in (REFUSED, NO_TIMEBASE):
            log.warning("%s is on, but %s", TIMEBASE_MASTER, text)
        elif (state == MASTER) != (before is not None and before[1] == MASTER):
            log.info("%s: %s", TIMEBASE_MASTER, text)
