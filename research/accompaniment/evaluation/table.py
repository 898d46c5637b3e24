"""Tables of an evaluation run: a row for each collection and player, means over songs with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from research.accompaniment.evaluation.run import PerformanceResult
from research.common.confidence import MeanWithInterval
from research.common.evaluation_tables import EvaluationTable, compute_means, format_means, group_by_collection

TEXTS = ("collection", "player")


@dataclass(frozen=True, slots=True)
class PerformanceRow:
    """``means``: by the figures' names; those that no song has are missing."""

    collection: str
    player: str
    songs: int
    means: dict[str, MeanWithInterval] = field(default_factory=dict)


def make_rows(results: Sequence[PerformanceResult]) -> list[PerformanceRow]:
    """Collections and players in the order in which they first came."""
    groups = group_by_collection(results, lambda result: (result.collection, result.player))
    return [
        PerformanceRow(collection, player, len(group), compute_means([result.figures for result in group]))
        for (collection, player), group in groups.items()
    ]


def make_table(rows: Sequence[PerformanceRow], headings: Mapping[str, str]) -> EvaluationTable:
    """The figures in ``headings`` of the rows that have any."""
    shown = [row for row in rows if any(name in row.means for name in headings)]
    names = [name for name in headings if any(name in row.means for row in shown)]
    cells = [[row.collection, row.player, str(row.songs), *format_means(row.means, names, row.songs)] for row in shown]
    return EvaluationTable([*TEXTS, "songs", *(headings[name] for name in names)], cells, TEXTS)
