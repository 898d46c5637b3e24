"""Check table: the results of a chain as lines for a terminal of 80 columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from bridge.printing import columns, one_line
from chains.checks.check_report import ChainCheckReport
from chains.checks.outcome import Outcome

STYLES = {Outcome.PASS: "green", Outcome.WARN: "yellow", Outcome.FAIL: "red", Outcome.SKIP: "dim"}
ONE_LINE = 4
"""Checks skipped for one reason from which on they are one line: what follows from one failure, not a choice."""


def draw_table(report: ChainCheckReport) -> RenderableType:
    """One line a check, longer findings continue below: outcome, check, finding.

    Many checks that are skipped for one reason are one line.
    """
    table = columns("outcome", "check", "finding", left=("check", "finding"), show_header=False)
    skipped = Counter(result.finding for result in report.results if result.outcome is Outcome.SKIP)
    shown: set[str] = set()
    for result in report.results:
        check = result.check
        if result.outcome is Outcome.SKIP and skipped[result.finding] >= ONE_LINE:
            if result.finding in shown:
                continue
            shown.add(result.finding)
            check = f"{skipped[result.finding]} checks"
        finding = Text(one_line(result.finding), style="dim" if result.outcome is Outcome.SKIP else "")
        table.add_row(Text(result.outcome.value, style=STYLES[result.outcome]), check, finding)
    return table


def list_fixes(report: ChainCheckReport) -> list[str]:
    """What to do about each failure and warning, a line each."""
    return [f"{result.check}: {one_line(result.fix)}" for result in report.results if result.fix]


def describe_all(reports: Sequence[ChainCheckReport]) -> str:
    """The sum over several reports: how many there are, and which failed."""
    failed = list(dict.fromkeys(report.chain for report in reports if report.has_failed))
    warned = sum(not report.has_failed and report.count(Outcome.WARN) > 0 for report in reports)
    parts = [f"{len(reports)} tested", f"{sum(report.has_failed for report in reports)} failed"]
    if warned:
        parts.append(f"{warned} with warnings")
    return ", ".join(parts) + (f"; failed: {', '.join(map(one_line, failed))}" if failed else "")


def describe_counts(report: ChainCheckReport) -> str:
    """The sum: how many of each outcome, and how long it took."""
    counts = ", ".join(f"{count} {outcome.value}" for outcome in Outcome if (count := report.count(outcome)))
    return f"{counts} in {report.duration_s:.1f} s"
