"""Table of an evaluation run: a row for each collection and tracker, means over songs with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from research.common.confidence import MeanWithInterval
from research.common.evaluation_tables import EvaluationTable, compute_means, format_means, group_by_collection
from research.mir.evaluation.run import MirResult
from research.mir.evaluation.scores import SCORES

TEXTS = ("collection", "tracker", "processing")


@dataclass(frozen=True, slots=True)
class MirRow:
    """``means``: by `SCORES`' names; those that no song has are missing. ``cost``: CPU seconds a second of audio."""

    collection: str
    tracker: str
    online: bool
    songs: int
    cost: float
    means: dict[str, MeanWithInterval] = field(default_factory=dict)


def make_rows(results: Sequence[MirResult]) -> list[MirRow]:
    """Collections in the order of the songs, in each the trackers in theirs."""
    groups = group_by_collection(results, lambda result: (result.collection, result.tracker))
    return [
        MirRow(
            collection,
            tracker,
            group[0].online,
            len(group),
            sum(result.cost for result in group) / len(group),
            compute_means([{name: result.scores[name] for name in SCORES} for result in group]),
        )
        for (collection, tracker), group in groups.items()
    ]


def make_table(rows: Sequence[MirRow]) -> EvaluationTable:
    """Scores that nobody has are left out."""
    names = [name for name in SCORES if any(name in row.means for row in rows)]
    cells = []
    for row in rows:
        figures = format_means(row.means, names, row.songs)
        processing = "online" if row.online else "offline"
        cells.append([row.collection, row.tracker, processing, str(row.songs), *figures, f"{row.cost:.3f}"])
    return EvaluationTable([*TEXTS, "songs", *(SCORES[name] for name in names), "cost"], cells, TEXTS)
