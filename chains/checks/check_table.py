"""Check table: the results of a chain as lines for a terminal of 80 columns."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from bridge.printing import columns, one_line
from chains.checks.check_report import ChainCheckReport
from chains.checks.outcome import Outcome

STYLES = {Outcome.PASS: "green", Outcome.WARN: "yellow", Outcome.FAIL: "red", Outcome.SKIP: "dim"}


def draw_table(report: ChainCheckReport) -> RenderableType:
    """One line a check, longer findings continue below: outcome, check, finding."""
    table = columns("outcome", "check", "finding", left=("check", "finding"), show_header=False)
    for result in report.results:
        finding = Text(one_line(result.finding), style="dim" if result.outcome is Outcome.SKIP else "")
        table.add_row(Text(result.outcome.value, style=STYLES[result.outcome]), result.check, finding)
    return table


def list_fixes(report: ChainCheckReport) -> list[str]:
    """What to do about each failure and warning, a line each."""
    return [f"{result.check}: {one_line(result.fix)}" for result in report.results if result.fix]


def describe_counts(report: ChainCheckReport) -> str:
    """The sum: how many of each outcome, and how long it took."""
    counts = ", ".join(f"{count} {outcome.value}" for outcome in Outcome if (count := report.count(outcome)))
    return f"{counts} in {report.duration_s:.1f} s"
