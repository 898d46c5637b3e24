"""Batch report: the table at the end of a batch, the failures with their causes, and the state of an earlier one."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

from rich.console import Group, RenderableType
from rich.text import Text

from batch.batch_display import format_failure_line
from batch.batch_journal import BatchJournal, TaskRow
from batch.batch_request import BatchCounts
from bridge.printing import columns
from engines.offline.progress import format_duration
from engines.offline.songs import escape_name

MOST_FAILURES = 10
"""Failures below the table of a run; `sideman batch status` has all of them."""


def compute_hourly(counts: BatchCounts, took_s: float) -> float:
    """Files an hour that were done or failed; 0 where none was done."""
    return 3600.0 * (counts.done + counts.failed) / took_s if counts.done and took_s > 0 else 0.0


def make_run_table(
    counts: BatchCounts, took_s: float, failures: Iterable[TaskRow], out: Path, roots: Sequence[Path]
) -> RenderableType:
    """The counts of a run, and the first failures."""
    table = columns("files", "done", "before", "copies", "failed", "left", "took", "files/h")
    failed = counts.failed + counts.failed_before
    row = (counts.of, counts.done, counts.before, counts.copies, failed, counts.of - counts.seen)
    hourly = f"{compute_hourly(counts, took_s):,.0f}" if counts.done else "–"
    table.add_row(*(f"{one:,}" for one in row), format_duration(took_s), hourly)
    lines: list[RenderableType] = [table]
    shown = list(islice(failures, MOST_FAILURES)) if failed else []
    lines += [format_failure_line(shorten_path(row.path, roots), row.error) for row in shown]
    if failed > len(shown):
        lines.append(Text(f"and {failed - len(shown):,} more: sideman batch status {shlex.quote(str(out))}"))
    if failed:
        lines.append(Text("to try the failed ones again, give the same command with --retry-failed"))
    return Group(*lines)


def shorten_path(path: Path, roots: Sequence[Path]) -> str:
    """A path below the folder that was given."""
    for root in roots:
        if path.is_relative_to(root):
            below = path.relative_to(root)
            return str(below) if below.parts else path.name
    return str(path)


def make_run_dict(
    kind: str, out: Path, counts: BatchCounts, took_s: float, failures: Iterable[TaskRow]
) -> dict[str, object]:
    """The same for ``--json``, with all failures."""
    return {
        "command": kind,
        "out": escape_name(out),
        "files": counts.of,
        "done": counts.done,
        "before": counts.before,
        "copies": counts.copies,
        "failed": counts.failed + counts.failed_before,
        "left": counts.of - counts.seen,
        "took_s": round(took_s, 3),
        "files_per_hour": round(compute_hourly(counts, took_s), 1),
        "failures": [_to_dict(row) for row in failures],
    }


def make_status_table(journal: BatchJournal) -> RenderableType:
    """The state of a batch by its journal, and all of its failures."""
    recipe = journal.recipe
    counts = journal.count(recipe)
    table = columns("command", "done", "copies", "failed", "running", "next")
    row = (
        counts.get("done", 0), journal.count_copies(recipe), counts.get("failed", 0), counts.get("running", 0),
        counts.get("pending", 0),
    )  # fmt: skip
    table.add_row(f"{journal.kind} {journal.options}".strip(), *(f"{one:,}" for one in row))
    lines = [
        Text.assemble(format_failure_line(str(row.path), row.error), f" ({_describe_attempts(row.attempts)})")
        for row in journal.list_failures(recipe)
    ]
    return Group(table, *lines)


def make_status_dict(journal: BatchJournal) -> dict[str, object]:
    """The same for ``--json``."""
    recipe = journal.recipe
    counts = journal.count(recipe)
    return {
        "command": journal.kind,
        "options": journal.options,
        "done": counts.get("done", 0),
        "copies": journal.count_copies(recipe),
        "failed": counts.get("failed", 0),
        "running": counts.get("running", 0),
        "next": counts.get("pending", 0),
        "failures": [_to_dict(row) for row in journal.list_failures(recipe)],
    }


def _describe_attempts(count: int) -> str:
    return "1 attempt" if count == 1 else f"{count} attempts"


def _to_dict(row: TaskRow) -> dict[str, object]:
    return {"file": escape_name(row.path), "error": escape_name(row.error), "attempts": row.attempts}
