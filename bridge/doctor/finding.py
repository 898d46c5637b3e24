"""Findings of the doctor, and their output as text and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from rich.table import Table
from rich.text import Text

from bridge.printing import columns, one_line

State = Literal["ok", "warn", "missing"]

_STYLES: dict[State, str] = {"ok": "green", "warn": "yellow", "missing": "bold red"}


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check: ``name``, ``state``, ``detail``, and how to fix it (``fix``, one line).

    ``missing``: ``sideman run`` cannot work without it. ``warn``: it works, but worse than it could.
    """

    name: str
    state: State
    detail: str
    fix: str = ""


def exit_code(findings: Sequence[Finding]) -> int:
    """1 when something is missing that ``sideman run`` needs; warnings leave it 0."""
    return 1 if any(finding.state == "missing" for finding in findings) else 0


def to_json(findings: Sequence[Finding]) -> dict[str, object]:
    """For machines: ``ready`` and the findings in order."""
    return {"ready": exit_code(findings) == 0, "findings": [asdict(finding) for finding in findings]}


def render(findings: Sequence[Finding]) -> Table:
    """For people: one row a finding, the fix below the problem."""
    table = columns("state", "name", "detail", left=("name", "detail"), show_header=False)
    for finding in findings:
        text = Text(one_line(finding.detail))
        if finding.fix:
            text.append(f"\n→ {one_line(finding.fix)}", style="dim" if finding.state == "ok" else "")
        table.add_row(Text(finding.state, style=_STYLES[finding.state]), one_line(finding.name), text)
    return table
