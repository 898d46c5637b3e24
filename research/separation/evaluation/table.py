"""One table a run: a line a separator, means over stems and songs; as text, Markdown or data."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from research.separation.evaluation.figures import SeparationFigures
from research.separation.evaluation.run import Contender, SeparationScore

LEAST_DB = -120.0
"""What leaks less counts as this, so that a mean over silence is a number."""
MOST_DB = 100.0
"""Above this a figure is float32's rounding; it is shown as infinite."""

COLUMNS = {
    "mean": "SDR",
    "global_sdr": "global",
    "museval_sdr": "museval",
    "low_sdr": "<250 Hz",
    "si_sdr_gain": "SI-SDRi",
    "si_sar": "SI-SAR",
    "leakage": "leak",
    "sir": "SIR",
    "sar": "SAR",
}
"""The means over the stems, in this order, and their headings."""


@dataclass(frozen=True, slots=True)
class SeparationRow:
    """One separator: SDR a stem and means over the stems in dB; ``cost`` in CPU seconds a second of audio.

    ``times``: the cost against that of the separator without steps; 0 where it has none.
    """

    separator: str
    sdr: dict[str, float]
    means: dict[str, float]
    cost: float
    times: float


def make_rows(contenders: Sequence[Contender], results: Sequence[SeparationScore]) -> list[SeparationRow]:
    """A row for each contender that has results, in the order of ``contenders``."""
    costs = {one.name: _mean(r.cost for r in results if r.contender == one.name) for one in contenders}
    found = []
    for one in contenders:
        figures = [f for r in results if r.contender == one.name for f in r.figures]
        if not figures:
            continue
        stems = list(dict.fromkeys(f.stem for f in figures))
        sdr = {stem: _mean(f.sdr for f in figures if f.stem == stem) for stem in stems}
        means = {"mean": _mean(sdr.values())}
        means |= {name: _mean_over_stems(figures, name) for name in COLUMNS if name != "mean"}
        times = costs[one.name] / costs[one.bare] if costs.get(one.bare) else 0.0
        found.append(SeparationRow(one.name, sdr, means, costs[one.name], times))
    return found


def to_data(found: Sequence[SeparationRow], results: Sequence[SeparationScore]) -> dict[str, object]:
    """Everything, with None for what has no meaning and for infinity."""
    return {
        "table": [_replace_infinite(asdict(row)) for row in found],
        "results": [_replace_infinite(asdict(r)) for r in results],
    }


def to_text(found: Sequence[SeparationRow]) -> str:
    """For a terminal: columns in line."""
    lines = _cells(found)
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    shown = [
        "  ".join([line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))])
        for line in lines
    ]
    return "\n".join(line.rstrip() for line in shown) + "\n"


def to_markdown(found: Sequence[SeparationRow]) -> str:
    lines = _cells(found)
    rule = ["---", *("---:" for _ in lines[0][1:])]
    return "".join(f"| {' | '.join(line)} |\n" for line in [lines[0], rule, *lines[1:]])


def _cells(found: Sequence[SeparationRow]) -> list[list[str]]:
    """Heading and lines; columns without a single number are left out."""
    stems = list(dict.fromkeys(stem for row in found for stem in row.sdr))
    means = [name for name in COLUMNS if any(not math.isnan(row.means[name]) for row in found)]
    steps = any(row.times for row in found)
    lines = [["separator", *stems, *(COLUMNS[name] for name in means), "cost", *(["times"] if steps else [])]]
    for row in found:
        figures = [row.sdr.get(stem, math.nan) for stem in stems] + [row.means[name] for name in means]
        line = [row.separator, *(_format_figure(value) for value in figures), f"{row.cost:.3f}"]
        lines.append([*line, *([f"{row.times:.1f}" if row.times else "–"] if steps else [])])
    return lines


def _format_figure(value: float) -> str:
    if math.isnan(value):
        return "–"
    return f"{value:.2f}" if value <= MOST_DB else "∞"


def _mean_over_stems(figures: Sequence[SeparationFigures], name: str) -> float:
    """The mean over stems of the means over songs, so that a stem that more songs have weighs no more."""
    least = LEAST_DB if name == "leakage" else -math.inf
    stems = dict.fromkeys(f.stem for f in figures)
    return _mean(_mean(max(getattr(f, name), least) for f in figures if f.stem == stem) for stem in stems)


def _mean(values: Iterable[float]) -> float:
    """Of those that are numbers; NaN where none is."""
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan


def _replace_infinite(data: object) -> object:
    if isinstance(data, dict):
        return {key: _replace_infinite(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_replace_infinite(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data
