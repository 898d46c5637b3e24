"""Render report: the results of ``sideman render`` as a table and as JSON."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from bridge.printing import columns, one_line
from chains.render.rendered_source import RenderedFile, RenderedSource
from engines.mastering.loudness import Loudness
from engines.offline.progress import format_duration
from engines.offline.song_batch import format_failure
from engines.offline.songs import escape_name


def make_table(results: Sequence[RenderedSource]) -> RenderableType:
    """Table of the files that were written with their loudness, and below it where they are, or the errors."""
    table = columns("file", "length", "LUFS", "LRA", "dBTP", "gain", "took")
    lines = []
    for result in results:
        name = one_line(result.source.name)
        if result.status == "failed":
            what = f"{result.plugin} {result.verdict}" if result.verdict and result.plugin else ""
            lines.append(format_failure(result.source, result.error, result.hint, len(results) == 1, what))
            continue
        where = one_line(next(iter(result.paths.values())).parent)
        if result.status == "skipped":
            lines.append(Text(f"{name}: {where} (existed; --force replaces it)"))
            continue
        for number, file in enumerate(result.files.values()):
            took = format_duration(result.took_s) if number == 0 else ""
            table.add_row(*_list_figures(result, file, is_named=len(results) > 1), took)
        names = one_line(", ".join(path.name for path in result.paths.values()))
        replaced = f" (replaced the last {'one' if len(result.paths) == 1 else 'ones'})" if result.replaced else ""
        lines.append(Text(f"{name}: {where}: {names}{replaced}"))
    return Group(table, *lines) if table.row_count else Group(*lines)


def _list_figures(result: RenderedSource, file: RenderedFile, *, is_named: bool) -> list[str]:
    """``is_named``: of several sources a file of parts is shown with its folder, which is called like the source."""
    loudness, path = file.loudness, file.path
    return [
        one_line(f"{path.parent.name}/{path.name}" if is_named and len(result.files) > 1 else path.name),
        format_duration(loudness.frames / result.rate if result.rate else 0.0),
        _format_figure(loudness.integrated_lufs),
        _format_figure(loudness.range_lu),
        _format_figure(loudness.true_peak_dbtp),
        (f"{file.gain_db:+.1f} dB" if file.gain_db else "") + (", limited" if file.is_limited else ""),
    ]


def _format_figure(value: float | None) -> str:
    return "-" if value is None else f"{round(value, 1) + 0.0:.1f}"  # not -0.0


def to_dict(result: RenderedSource) -> dict[str, object]:
    """The result as JSON's values; what cannot be measured is null, with the reason."""
    return {
        "source": escape_name(result.source),
        "status": result.status,
        "paths": {part: escape_name(path) for part, path in result.paths.items()} if result.status != "failed" else {},
        "files": {
            part: _describe_loudness(file.loudness) | {"gain_db": round(file.gain_db, 2), "limited": file.is_limited}
            for part, file in result.files.items()
        },
        "rate_hz": result.rate,
        "length_frames": result.frames,
        "latency_frames": result.latency_frames,
        "replaced": result.replaced,
        "tempo": {
            name: {"low_bpm": round(one.low_bpm, 3), "high_bpm": round(one.high_bpm, 3), "from": one.origin}
            | ({"map": escape_name(one.map), "median_bpm": round(one.median_bpm, 3)} if one.map else {})
            for name, one in result.tempi.items()
        },
        "members": {part: list(members) for part, members in result.members.items()},
        "cpu_s": round(result.cpu_s, 3),
        "took_s": round(result.took_s, 3),
        "notes": result.notes,
        "verdict": result.verdict or None,
        "plugin": result.plugin or None,
        "error": escape_name(result.error),
        "hint": escape_name(result.hint),
    }


def _describe_loudness(loudness: Loudness) -> dict[str, object]:
    def shorten(value: float | None) -> float | None:
        return None if value is None else round(value, 2)

    return {
        "integrated_lufs": shorten(loudness.integrated_lufs),
        "range_lu": shorten(loudness.range_lu),
        "true_peak_dbtp": shorten(loudness.true_peak_dbtp),
        "peak_db": round(20 * float(np.log10(loudness.peak)), 2) if loudness.peak > 0 else None,
        "clipped_samples": loudness.overs,
        "reason": loudness.reason or None,
    }
