"""Delays of an engine's reports, measured against the latency that it declares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bridge.core.engine_stream import TimedOutput
from research.common.evaluation_tables import EvaluationTable


@dataclass(frozen=True, slots=True)
class DelayRow:
    """In frames at ``rate``: from the frame that an event refers to, to the first frame of the block that reported it.

    So counted the declared latency is the most there may be: the contract of `Engine.latency_frames`. Below zero the
    event refers to a frame within the block. The block itself must be whole first, which takes a ``hop`` more.
    """

    engine: str
    output: str
    rate: int
    hop: int
    count: int
    declared: int
    least: int
    median: float
    most: int


class DelayRecorder:
    """Records the delays of one engine."""

    def __init__(self, engine: str, hop: int) -> None:
        self._engine, self._hop = engine, hop
        self._found: dict[tuple[str, int, int], list[int]] = {}

    def record(self, event: TimedOutput, rate: int, declared: int) -> None:
        output = f"{event.port}: {type(event.event.payload).__name__.lower()}"
        self._found.setdefault((output, rate, declared), []).append(event.reported - event.event.frame)

    def clear(self) -> None:
        self._found.clear()

    def make_rows(self) -> list[DelayRow]:
        """One for each output and kind of event."""
        return [
            DelayRow(
                self._engine, output, rate, self._hop, len(delays), declared,
                min(delays), float(np.median(delays)), max(delays),
            )
            for (output, rate, declared), delays in sorted(self._found.items())
        ]  # fmt: skip


def make_table(rows: Sequence[DelayRow]) -> EvaluationTable:
    """Frames, with milliseconds beside them."""
    cells = []
    for row in rows:
        delays = (row.declared, row.least, row.median, row.most)
        figures = [f"{value:.0f} ({1000 * value / row.rate:.1f} ms)" for value in delays]
        verdict = "yes" if row.most <= row.declared else "**no**"
        cells.append([row.engine, row.output, str(row.count), *figures, verdict])
    columns = ["engine", "output", "events", "declared", "least", "median", "most", "most ≤ declared"]
    return EvaluationTable(columns, cells, ("engine", "output", "most ≤ declared"))
