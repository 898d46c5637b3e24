"""Latency tuner: sets the reserve (headroom) of each worker, its deadline, as short as the measured times allow."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bridge.control.bus import Bus
from bridge.errors import ControlError
from bridge.runtime.counters import find_percentile_bin
from bridge.runtime.graph import Graph
from bridge.runtime.shared import slots as w

log = logging.getLogger(__name__)

IN_TIME = 0.999
"""Part of the hops that must be done in time."""
MIN_HOPS_AUTO = 4000
"""Least number of hops for an automatic change: IN_TIME leaves out the four slowest of them."""
MIN_HOPS = 500
"""Least number of hops for `LatencyTuner.tune`."""
SOURCE = "reserves"


def compute_reserve(answers: NDArray[np.int64], period: int) -> int:
    """The least reserve, in frames, with which IN_TIME of the results come in time at callbacks of ``period`` frames.

    ``answers``: shape (bins,), hops by the number of callbacks that began between the one that completed the hop and
    its result. A callback can only use results from before it began. With a reserve of n periods the hop's first
    frame is played in the n-th callback after the one that completed the hop, in the worst alignment of hops and
    periods. So a result after the begin of k more callbacks needs k + 1 periods, whether it came early or late
    between two of them: a part of a period gains nothing, and one period is the least. Callbacks are counted, not
    time: wake-up, waiting for the processor and the work are all included.
    """
    return (find_percentile_bin(answers, IN_TIME) + 1) * period


@dataclass(slots=True)
class _WorkerAnswers:
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
        self._lock = threading.Lock()
        self._workers = [
            _WorkerAnswers(node.role, node.runs_ahead, graph.arrays.answer_bins[i].copy(), graph.ledger.period)
            for i, node in enumerate(graph.wiring.nodes)
        ]

    @property
    def _is_idle(self) -> bool:
        """Whether nothing is playing or bouncing that a change of the delay would disturb."""
        return not (self._graph.is_rolling or self._graph.arrays.state[w.FREEWHEEL])

    def update(self) -> None:
        """Set the reserve of each worker whose ``reserve_auto`` is on and that has counted enough hops.

        Only while the transport stands, from what was counted while it rolled. A reserve that proved too short is not
        tried again until the period changes or `tune` is called: it goes down once and up as often as needed, and
        never oscillates.
        """
        values = self._bus.values()
        for index, worker in enumerate(self._workers):
            answers = self._read_answers(index)
            on = values[f"latency.{worker.role}.reserve_auto"] > 0.5
            if not on or answers.sum() < MIN_HOPS_AUTO or not self._is_idle:
                continue
            present = max(int(values[f"latency.{worker.role}.reserve_frames"]), worker.period)
            needed = compute_reserve(answers, worker.period)
            if needed > present:
                worker.floor = needed
            self._set_reserve(index, max(needed, worker.floor), answers)

    def tune(self) -> None:
        """Set every reserve that is part of a delay to the least one that suffices, now, rolling or not.

        Raises:
            ControlError: A worker has counted fewer than MIN_HOPS hops.
        """
        tuned = [index for index, worker in enumerate(self._workers) if not worker.runs_ahead]
        measured = {index: self._read_answers(index) for index in tuned}
        for index, answers in measured.items():
            if answers.sum() < MIN_HOPS:
                raise ControlError(
                    f"the {self._workers[index].role} worker has answered {answers.sum()} hops in real time",
                    f"let it run until there are {MIN_HOPS}",
                )
        for index, answers in measured.items():
            self._workers[index].floor = 0
            self._set_reserve(index, compute_reserve(answers, self._workers[index].period), answers)

    def _read_answers(self, index: int) -> NDArray[np.int64]:
        """What worker ``index`` counted since the last change of its reserve; nothing where the period has changed."""
        worker, counted = self._workers[index], self._graph.arrays.answer_bins[index].copy()
        with self._lock:
            if worker.period != self._graph.ledger.period:
                worker.base, worker.period, worker.floor = counted, self._graph.ledger.period, 0
            return np.asarray(counted - worker.base)

    def _set_reserve(self, index: int, frames: int, answers: NDArray[np.int64]) -> None:
        """Set the reserve to ``frames`` because of ``answers``, and restart the count."""
        worker, name = self._workers[index], f"latency.{self._workers[index].role}.reserve_frames"
        with self._lock:
            worker.base = worker.base + answers
        before = int(self._bus.get(name))
        if max(before, worker.period) != frames:
            after = int(self._bus.set(name, frames, SOURCE))
            callbacks = find_percentile_bin(answers, IN_TIME) + 1
            log.info(
                "%s: reserve %d -> %d frames; %.1f %% of %d hops were answered within %d callbacks of %d frames",
                worker.role, before, after, 100 * IN_TIME, answers.sum(), callbacks, worker.period,
            )  # fmt: skip
