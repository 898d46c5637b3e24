"""One table a run: a line for each collection and listener, means over songs with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from research.common.confidence import MeanWithInterval, compute_mean, replace_nan
from research.mir.evaluation.run import MirResult
from research.mir.evaluation.scores import SCORES


@dataclass(frozen=True, slots=True)
class MirRow:
    """``means``: by `SCORES`' names; those that no song has are missing. ``cost``: CPU seconds a second of audio."""

    collection: str
    listener: str
    live: bool
    songs: int
    cost: float
    means: dict[str, MeanWithInterval] = field(default_factory=dict)


def make_rows(results: Sequence[MirResult]) -> list[MirRow]:
    """Collections in the order of the songs, in each the listeners in theirs."""
    groups: dict[tuple[str, str], list[MirResult]] = {}
    for result in results:
        groups.setdefault((result.collection, result.listener), []).append(result)
    collections = list(dict.fromkeys(collection for collection, _ in groups))
    found = []
    for (collection, listener), group in sorted(groups.items(), key=lambda item: collections.index(item[0][0])):
        scored = {name: compute_mean([result.scores[name] for result in group]) for name in SCORES}
        means = {name: mean for name, mean in scored.items() if mean is not None}
        cost = sum(result.cost for result in group) / len(group)
        found.append(MirRow(collection, listener, group[0].live, len(group), cost, means))
    return found


def to_data(found: Sequence[MirRow], results: Sequence[MirResult]) -> dict[str, object]:
    """Everything, with None for what has no meaning."""
    return {"table": [replace_nan(asdict(row)) for row in found], "results": [replace_nan(asdict(r)) for r in results]}


def to_text(found: Sequence[MirRow]) -> str:
    """For a terminal: columns in line."""
    lines = _cells(found)
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "".join("  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() + "\n" for line in lines)


def to_markdown(found: Sequence[MirRow]) -> str:
    lines = _cells(found)
    rule = ["---", "---", "---", *("---:" for _ in lines[0][3:])]
    return "".join(f"| {' | '.join(line)} |\n" for line in [lines[0], rule, *lines[1:]])


def _cells(found: Sequence[MirRow]) -> list[list[str]]:
    """Heading and lines; scores that nobody has are left out."""
    names = [name for name in SCORES if any(name in row.means for row in found)]
    lines = [["collection", "listener", "hears", "songs", *(SCORES[name] for name in names), "cost"]]
    for row in found:
        shown = [row.means[name].format_mean(row.songs) if name in row.means else "–" for name in names]
        hears = "live" if row.live else "the whole song first"
        lines.append([row.collection, row.listener, hears, str(row.songs), *shown, f"{row.cost:.3f}"])
    return lines
