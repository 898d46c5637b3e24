"""Table of an evaluation run: a row for each separator, means over stems and songs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from research.common.confidence import bootstrap_interval
from research.common.evaluation_tables import MISSING, EvaluationTable
from research.separation.evaluation.figures import BASS, SeparationFigures
from research.separation.evaluation.run import EvaluatedSeparator, SeparationScore

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

    ``interval``: of the mean SDR, over songs. ``low_to_bass``: by stem, the share of its lows that arrives in the bass.
    ``times``: the cost against that of the separator without steps; 0 where it has none.
    """

    separator: str
    sdr: dict[str, float]
    interval: tuple[float, float]
    low_to_bass: dict[str, float]
    means: dict[str, float]
    cost: float
    times: float


def make_rows(separators: Sequence[EvaluatedSeparator], results: Sequence[SeparationScore]) -> list[SeparationRow]:
    """A row for each separator that has results, in the order of ``separators``."""
    costs = {one.name: _compute_mean(r.cost for r in results if r.separator == one.name) for one in separators}
    found = []
    for one in separators:
        figures = [f for r in results if r.separator == one.name for f in r.figures]
        if not figures:
            continue
        stems = list(dict.fromkeys(f.stem for f in figures))
        sdr = {stem: _compute_mean(f.sdr for f in figures if f.stem == stem) for stem in stems}
        means = {"mean": _compute_mean(sdr.values())}
        means |= {name: _compute_mean_over_stems(figures, name) for name in COLUMNS if name != "mean"}
        songs = dict.fromkeys(r.song for r in results if r.separator == one.name)
        by_song = [_compute_mean(f.sdr for f in figures if f.song == song) for song in songs]
        interval = bootstrap_interval([value for value in by_song if not math.isnan(value)])
        low = {stem: _compute_mean(f.low_to_bass for f in figures if f.stem == stem) for stem in stems if stem != BASS}
        times = costs[one.name] / costs[one.without_steps] if costs.get(one.without_steps) else 0.0
        found.append(SeparationRow(one.name, sdr, interval, low, means, costs[one.name], times))
    return found


def make_table(rows: Sequence[SeparationRow]) -> EvaluationTable:
    """Columns without a single number are left out."""
    stems = list(dict.fromkeys(stem for row in rows for stem in row.sdr))
    means = [name for name in COLUMNS if any(not math.isnan(row.means[name]) for row in rows)]
    steps = any(row.times for row in rows)
    low = [stem for stem in stems if any(not math.isnan(row.low_to_bass.get(stem, math.nan)) for row in rows)]
    songs = any(not math.isnan(row.interval[0]) for row in rows)
    cells = []
    for row in rows:
        figures = [row.sdr.get(stem, math.nan) for stem in stems] + [row.means[name] for name in means]
        line = [row.separator, *(_format_figure(value) for value in figures)]
        line[len(stems) + 2 : len(stems) + 2] = [f"[{row.interval[0]:.2f}, {row.interval[1]:.2f}]"] if songs else []
        line += [*(_format_figure(row.low_to_bass.get(stem, math.nan)) for stem in low), f"{row.cost:.3f}"]
        cells.append([*line, *([f"{row.times:.1f}" if row.times else MISSING] if steps else [])])
    columns = ["separator", *stems, *(COLUMNS[name] for name in means)]
    columns[len(stems) + 2 : len(stems) + 2] = ["95 %"] if songs else []
    columns += [*(f"{stem} in bass" for stem in low), "cost", *(["times"] if steps else [])]
    return EvaluationTable(columns, cells, ("separator",))


def _format_figure(value: float) -> str:
    if math.isnan(value):
        return MISSING
    return f"{value:.2f}" if value <= MOST_DB else "∞"


def _compute_mean_over_stems(figures: Sequence[SeparationFigures], name: str) -> float:
    """The mean over stems of the means over songs, so that a stem that more songs have weighs no more."""
    least = LEAST_DB if name == "leakage" else -math.inf
    stems = dict.fromkeys(f.stem for f in figures)
    return _compute_mean(
        _compute_mean(max(getattr(f, name), least) for f in figures if f.stem == stem) for stem in stems
    )


def _compute_mean(values: Iterable[float]) -> float:
    """Of those that are numbers; NaN where none is."""
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan
