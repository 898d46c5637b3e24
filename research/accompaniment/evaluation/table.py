"""Tables of an evaluation run: a line for each collection and player, means over songs with their intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from research.accompaniment.evaluation.run import PerformanceResult
from research.common.confidence import MeanWithInterval, compute_mean, replace_nan


@dataclass(frozen=True, slots=True)
class PerformanceRow:
    """``means``: by the figures' names; those that no song has are missing."""

    collection: str
    who: str
    songs: int
    means: dict[str, MeanWithInterval] = field(default_factory=dict)


def make_rows(results: Sequence[PerformanceResult]) -> list[PerformanceRow]:
    """Collections and players in the order in which they first came."""
    groups: dict[tuple[str, str], list[PerformanceResult]] = {}
    for result in results:
        groups.setdefault((result.collection, result.who), []).append(result)
    collections = list(dict.fromkeys(collection for collection, _ in groups))
    found = []
    for (collection, who), group in sorted(groups.items(), key=lambda item: collections.index(item[0][0])):
        names = dict.fromkeys(name for result in group for name in result.figures)
        means = {name: compute_mean([result.figures.get(name, math.nan) for result in group]) for name in names}
        known = {name: mean for name, mean in means.items() if mean is not None}
        found.append(PerformanceRow(collection, who, len(group), known))
    return found


def to_markdown(found: Sequence[PerformanceRow], headings: Mapping[str, str]) -> str:
    """The figures in ``headings`` of the rows that have any."""
    there = [row for row in found if any(name in row.means for name in headings)]
    names = [name for name in headings if any(name in row.means for row in there)]
    lines = [["songs from", "who", "songs", *(headings[name] for name in names)]]
    lines.append(["---", "---", "---:", *("---:" for _ in names)])
    for row in there:
        means = [row.means[name].format_mean(row.songs) if name in row.means else "–" for name in names]
        lines.append([row.collection, row.who, str(row.songs), *means])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def to_data(found: Sequence[PerformanceRow], results: Sequence[PerformanceResult]) -> dict[str, object]:
    """Everything, with None for what has no meaning."""
    return {
        "table": [replace_nan(asdict(row)) for row in found],
        "results": [replace_nan(asdict(each)) for each in results],
    }
