"""Latency tuner: sets the reserve (headroom) of each worker, its deadline, as short as the measured times allow."""

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
"""Part of the hops that must be done in time."""
ENOUGH = 4000
"""Least number of hops for an automatic change: SHARE leaves out the four slowest of them."""
FEWEST = 500
"""Least number of hops for `LatencyTuner.tune`."""
SOURCE = "reserves"


def reserve_for(answers: NDArray[np.int64], period: int) -> int:
    """The least reserve, in frames, with which SHARE of the results come in time at callbacks of ``period`` frames.

    ``answers``: shape (bins,), hops by the number of callbacks that began between the one that completed the hop and
    its result. A callback can only use results from before it began. With a reserve of n periods the hop's first
    frame is played in the n-th callback after the one that completed the hop, in the worst alignment of hops and
    periods. So a result after the begin of k more callbacks needs k + 1 periods, whether it came early or late
    between two of them: a part of a period gains nothing, and one period is the least. Callbacks are counted, not
    time: wake-up, waiting for the processor and the work are all included.
    """
    return (bin_at(answers, SHARE) + 1) * period


@dataclass(slots=True)
class _Watch:
    """One worker's results since ``base``, at callbacks of ``period`` frames; ``floor`` frames were once needed."""

    role: str
    runs_ahead: bool
    base: NDArray[np.int64]
    period: int
    floor: int = 0


class LatencyTuner:
    """Sets ``latency.<role>.reserve_frames`` on ``bus`` by the response times that the workers of ``graph`` counted."""

    def __init__(self, bus: Bus, graph: Graph) -> None:
        self._bus, self._graph = bus, graph
        self._deciding = threading.Lock()
        self._watches = [
            _Watch(node.role, node.runs_ahead, graph.shared.answer_bins[i].copy(), graph.ledger.period)
            for i, node in enumerate(graph.wiring.nodes)
        ]

    @property
    def _at_rest(self) -> bool:
        """Whether nothing is playing or bouncing that a change of the delay would disturb."""
        own, state = self._graph.context.callback_state, self._graph.shared.state
        return not (own[w.ROLLING] or own[w.CLOCK_RUNNING] or state[w.FREEWHEEL])

    def update(self) -> None:
        """Set the reserve of each worker whose ``reserve_auto`` is on and that has counted enough hops.

        Only while the transport stands, from what was counted while it rolled. A reserve that proved too short is not
        tried again until the period changes or `tune` is called: it goes down once and up as often as needed, and
        never oscillates.
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
        """Set every reserve that is part of a delay to the least one that suffices, now, rolling or not.

        A ControlError where a worker has counted fewer than FEWEST hops.
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
        """What worker ``index`` counted since the last change of its reserve; nothing where the period has changed."""
        watch, counted = self._watches[index], self._graph.shared.answer_bins[index].copy()
        with self._deciding:
            if watch.period != self._graph.ledger.period:
                watch.base, watch.period, watch.floor = counted, self._graph.ledger.period, 0
            return np.asarray(counted - watch.base)

    def _set(self, index: int, frames: int, answers: NDArray[np.int64]) -> None:
        """Set the reserve to ``frames`` because of ``answers``, and count anew."""
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
