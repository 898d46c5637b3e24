"""Tables of an evaluation: columns for a terminal, Markdown for the documentation, or data; means over songs."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, TypeVar

from research.common.confidence import MeanWithInterval, compute_mean, replace_nan

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

R = TypeVar("R")

MISSING = "–"
"""A figure that does not apply, or that no song has."""


@dataclass(frozen=True, slots=True)
class EvaluationTable:
    """``rows``: a text for each of ``columns``. Columns named in ``texts`` are aligned left, figures right."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    texts: Collection[str]

    def to_text(self) -> str:
        """For a terminal: aligned columns."""
        lines = [self.columns, *self.rows]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.columns))]
        return "".join("  ".join(map(self._align, self.columns, line, widths)).rstrip() + "\n" for line in lines)

    def _align(self, column: str, cell: str, width: int) -> str:
        return cell.ljust(width) if column in self.texts else cell.rjust(width)

    def to_markdown(self) -> str:
        rule = ["---" if column in self.texts else "---:" for column in self.columns]
        return "".join(f"| {' | '.join(line)} |\n" for line in [self.columns, rule, *self.rows])


def group_by_collection(results: Iterable[R], key: Callable[[R], tuple[str, str]]) -> dict[tuple[str, str], list[R]]:
    """Results by ``key``, a collection and a name: collections in the order in which they came, in each the names."""
    groups: dict[tuple[str, str], list[R]] = {}
    for result in results:
        groups.setdefault(key(result), []).append(result)
    collections = list(dict.fromkeys(collection for collection, _ in groups))
    return dict(sorted(groups.items(), key=lambda item: collections.index(item[0][0])))


def compute_means(songs: Sequence[Mapping[str, float]]) -> dict[str, MeanWithInterval]:
    """The mean of each figure over the ``songs`` that have it; figures that no song has are missing."""
    names = dict.fromkeys(name for song in songs for name in song)
    means = {name: compute_mean([song.get(name, math.nan) for song in songs]) for name in names}
    return {name: mean for name, mean in means.items() if mean is not None}


def format_means(means: Mapping[str, MeanWithInterval], names: Iterable[str], songs: int) -> list[str]:
    """The means ``names`` with their intervals, and of how many songs where not of all ``songs``."""
    return [means[name].format_mean(songs) if name in means else MISSING for name in names]


def to_data(rows: Sequence[DataclassInstance], results: Sequence[DataclassInstance]) -> dict[str, object]:
    """Everything, for JSON: None in place of every figure that is NaN or infinite."""
    return {"table": [replace_nan(asdict(row)) for row in rows], "results": [replace_nan(asdict(r)) for r in results]}
