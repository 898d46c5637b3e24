"""Findings by their names."""

from __future__ import annotations

from bridge.doctor import Finding


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}
