"""The time that each worker gets, made as short as what was measured allows."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bridge.control.bus import Bus
from bridge.errors import ControlError
from bridge.runtime.counters import bin_at
from bridge.runtime.graph import Graph
from bridge.runtime.shared import slots as w

log = logging.getLogger(__name__)

SHARE = 0.999
"""Of the hops, how many must be answered in time."""
ENOUGH = 4000
"""Hops for a verdict that nobody asked for: the four slowest of them are what SHARE passes over."""
FEWEST = 500
"""Hops for one that was asked for."""
SOURCE = "reserves"


def reserve_for(answers: NDArray[np.int64], period: int) -> int:
    """The least reserve, in frames, with which SHARE of the answers come in time at callbacks of ``period`` frames.

    ``answers``: shape (bins,), hops by the number of callbacks that began between the one that made the hop whole
    and its answer. A callback can use what was answered before it began, no more. With a reserve of n periods the
    hop's first frame is played in the n-th callback after the one that made it whole, where hops and periods meet
    least well. So an answer that comes when k more callbacks have begun needs k + 1 periods, whether it came early
    or late between two of them: less than a whole period gains nothing, and one is the least. What is counted is
    callbacks, not time: waking up, waiting for the processor and the work are all in it.
    """
    return (bin_at(answers, SHARE) + 1) * period


@dataclass(slots=True)
class _Watch:
    """One worker's answers since ``base``, at callbacks of ``period`` frames; ``floor`` frames were once needed."""

    role: str
    runs_ahead: bool
    base: NDArray[np.int64]
    period: int
    floor: int = 0


class Reserves:
    """Sets ``latency.<role>.reserve_frames`` on ``bus`` by what the workers of ``graph`` counted."""

    def __init__(self, bus: Bus, graph: Graph) -> None:
        self._bus, self._graph = bus, graph
        self._deciding = threading.Lock()
        self._watches = [
            _Watch(node.role, node.runs_ahead, graph.shared.answer_bins[i].copy(), graph.ledger.period)
            for i, node in enumerate(graph.wiring.nodes)
        ]

    @property
    def _at_rest(self) -> bool:
        """Whether nothing is being played or bounced that a change of the delay would disturb."""
        own, state = self._graph.room.own, self._graph.shared.state
        return not (own[w.ROLLING] or own[w.CLOCK_RUNNING] or state[w.FREEWHEEL])

    def look(self) -> None:
        """Set the reserve of each worker whose ``reserve_auto`` is on and of which enough is known.

        Only while the transport stands; what was counted while it rolled is used then. A reserve that proved too
        short is not tried again until the period changes or `tune` asks for it: so it goes down once and up as
        often as need be, and never to and fro.
        """
        values = self._bus.values()
        for index, watch in enumerate(self._watches):
            answers = self._answers(index)
            if values[f"latency.{watch.role}.reserve_auto"] <= 0.5 or answers.sum() < ENOUGH or not self._at_rest:
                continue
            present = max(int(values[f"latency.{watch.role}.reserve_frames"]), watch.period)
            needed = reserve_for(answers, watch.period)
            if needed > present:
                watch.floor = needed
            self._set(index, max(needed, watch.floor), answers)

    def tune(self) -> None:
        """Set every reserve that is part of a delay to the least that was measured to do, now, rolling or not.

        A ControlError where a worker has answered fewer than FEWEST hops.
        """
        asked = [index for index, watch in enumerate(self._watches) if not watch.runs_ahead]
        measured = {index: self._answers(index) for index in asked}
        for index, answers in measured.items():
            if answers.sum() < FEWEST:
                raise ControlError(
                    f"the {self._watches[index].role} worker has answered {answers.sum()} hops in real time",
                    f"let it run until there are {FEWEST}",
                )
        for index, answers in measured.items():
            self._watches[index].floor = 0
            self._set(index, reserve_for(answers, self._watches[index].period), answers)

    def _answers(self, index: int) -> NDArray[np.int64]:
        """What worker ``index`` counted since the last verdict; from now on where the period has changed."""
        watch, counted = self._watches[index], self._graph.shared.answer_bins[index].copy()
        with self._deciding:
            if watch.period != self._graph.ledger.period:
                watch.base, watch.period, watch.floor = counted, self._graph.ledger.period, 0
            return np.asarray(counted - watch.base)

    def _set(self, index: int, frames: int, answers: NDArray[np.int64]) -> None:
        """Ask for ``frames`` because of ``answers``, and count anew."""
        watch, name = self._watches[index], f"latency.{self._watches[index].role}.reserve_frames"
        with self._deciding:
            watch.base = watch.base + answers
        before = int(self._bus.get(name))
        if max(before, watch.period) != frames:
            after = int(self._bus.set(name, frames, SOURCE))
            log.info(
                "%s: reserve %d -> %d frames; %.1f %% of %d hops were answered within %d callbacks of %d frames",
                watch.role, before, after, 100 * SHARE, answers.sum(), bin_at(answers, SHARE) + 1, watch.period,
            )  # fmt: skip
